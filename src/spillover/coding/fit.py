"""The solution that is run: a submission's main file, completed by the prelude and fitted to the tests.

One in another form than the tests call gets the line or two that a person would add.

A method of a class where a function is asked for, and the other way round; a whole program where a function from
text to text is; names that the sites which set such problems import beforehand.
"""

import ast
import importlib
from functools import cache

from spillover.coding.compose import (
    bodies,
    classes_with,
    defines,
    defines_entry,
    gives_back,
    helpers,
    joined,
    lacking,
    margin_of,
    parse,
)
from spillover.core.records import Problem

TYPING = ("typing",)
CONTEST = ("typing", "collections", "heapq", "bisect", "math", "itertools", "functools", "string", "random", "operator")
"""Modules whose names are at hand on sites that ask for a class Solution."""
READS = ("input(", "stdin", "open(0", "os.read")


def compose(problem: Problem, source: str) -> str:
    """Put the prelude before `source` where it helps, and fit what is written in another form than asked.

    A submission that defines the entry point keeps its own and takes only what else the prelude has
    (imports, helpers); one that does not is read as the body that the prelude's last lines ask for.
    """
    if problem.prelude and not problem.stdin:
        source = _with_prelude(problem, source)
    tree = parse(source)
    return source if tree is None else _fitted(problem, tree, source)


def _with_prelude(problem: Problem, source: str) -> str:
    tree = parse(source)
    if tree is not None and defines_entry(tree, problem.entry_point):
        return joined(helpers(problem), source)
    prelude = problem.prelude.rstrip("\n") + "\n"
    below = (prelude + body for body in bodies(source, margin_of(problem)))
    for text in (*below, joined(problem.prelude, source)):
        tree = parse(text)
        if tree is not None and not gives_back(tree):
            return text
    return problem.prelude + "\n" + source


def _fitted(problem: Problem, tree: ast.Module, source: str) -> str:
    added = ""
    if not problem.stdin and not defines(tree, problem.entry_point.partition("().")[0]):
        if (
            _is_text_to_text(problem)
            and any(word in source for word in READS)
            and not defines_entry(tree, problem.entry_point)
        ):
            return PROGRAM.format(entry=problem.entry_point, source=source)
        added = _entry(problem, tree)
    header = _imports(lacking(tree), CONTEST if defines(tree, "Solution") else TYPING)
    whole = joined(header, source) if header else source
    return f"{whole}\n\n{added}\n" if added else whole


def _entry(problem: Problem, tree: ast.Module) -> str:
    """The lines that make an entry point of a method, or a method of a function."""
    cls, dot, method = problem.entry_point.partition("().")
    if not dot and problem.form != "design" and (holders := classes_with(tree, cls)):
        return f"def {cls}(*args, **kwargs):\n    return {holders[-1]}().{cls}(*args, **kwargs)"
    if dot and defines(tree, method):
        own = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == method), None)
        bound = own is not None and own.args.args[:1] and own.args.args[0].arg == "self"
        return f"class {cls}:\n    {method} = {method if bound else f'staticmethod({method})'}"
    return ""


PROGRAM = """PROGRAM = {source!r}


def {entry}(stdin):
    from harnesses.stdio import printed
    return "\\n".join(line.rstrip() for line in printed(PROGRAM, stdin).rstrip().split("\\n"))
"""


def _is_text_to_text(problem: Problem) -> bool:
    """Whether the function asked for is a program in all but form: one text in, one text out."""
    texts = [(*case.args, case.expected) for case in problem.cases]
    return bool(texts) and all(len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in texts)


def _imports(names: set[str], modules: tuple[str, ...]) -> str:
    """Import lines for those of `names` that `modules` have."""
    lines = []
    for name in sorted(names):
        if name in modules and modules is CONTEST:
            lines.append(f"import {name}")
        elif home := next((module for module in modules if name in _public(module)), None):
            lines.append(f"from {home} import {name}")
    return "; ".join(lines)


@cache
def _public(module: str) -> frozenset[str]:
    found = importlib.import_module(module)
    return frozenset(getattr(found, "__all__", None) or (name for name in dir(found) if not name.startswith("_")))
