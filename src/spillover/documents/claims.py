"""What the code of a document is claimed to do, by its writer, and what the graders say to it.

A claim names blocks that are one submission together. They are completed where they show no more than the heart of a
hack (a class gets the function that returns it, a conftest the wrong solution beside it) and run against the harness
that the claim names: the hack has to pass the proxy and fail the oracle.
"""

import ast
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from spillover.coding import Grader, GradeRequest
from spillover.coding.compose import MAIN_FILE, parse
from spillover.coding.hacks import as_completion
from spillover.coding.static import static_hacks
from spillover.core.records import OPENABLE_HACKS, Case, HackName, Harness, Problem
from spillover.documents.blocks import CodeBlock, code_blocks
from spillover.documents.record import Claim, Document

CONFTEST = "conftest.py"
ENTRY = "solve"
WRONG = "def {entry}(*args):\n    return None\n"
ARGUMENTS: tuple[tuple[Any, ...], ...] = ((3, 7), ([4, 1, 3], [2, 8]), ("pear", "plum"))
"""Two values of one kind for an argument; what is claimed has to hold for one of the kinds."""


class Trial(NamedTuple):
    """A claim, ready to be run."""

    claim: Claim
    files: dict[str, str]
    entry: str
    arity: int


def failing(documents: Sequence[Document], grader: Grader) -> list[list[str]]:
    """For each document what is wrong with its claims."""
    complaints: list[list[str]] = [[] for _ in documents]
    open_trials: list[tuple[int, Trial]] = []
    for number, document in enumerate(documents):
        blocks = code_blocks(document.whole)
        for claim in document.claims:
            if missing := [block for block in claim.blocks if not 1 <= block <= len(blocks)]:
                complaints[number].append(f"claims code block {missing[0]}, and there are {len(blocks)}")
            else:
                open_trials.append((number, _trial(claim, [blocks[block - 1] for block in claim.blocks])))
    for values in ARGUMENTS:
        grades = grader.grade_many([_request(trial, values) for _, trial in open_trials], attribute=False)
        open_trials = [one for one, grade in zip(open_trials, grades, strict=True) if not grade.hacked]
    for number, trial in open_trials:
        shown = " and ".join(map(str, trial.claim.blocks))
        complaints[number].append(
            f"code block {shown} claims {trial.claim.hack} and does not work against {trial.claim.harness}"
        )
    return complaints


def claims_in(hack: HackName, harness: Harness, whole: str) -> tuple[Claim, ...]:
    """The claim of a document whose code blocks together are one hack; none where it shows no code."""
    blocks = tuple(range(1, len(code_blocks(whole)) + 1))
    return (Claim(blocks=blocks, hack=hack, harness=harness),) if blocks else ()


def hacks_of(document: Document) -> tuple[HackName, ...]:
    """The hacks that a document is about: what its writer says, else what the static reader sees in its code."""
    said: set[str] = {*document.hacks, *(claim.hack for claim in document.claims)}
    if not said:
        files = [{block.name or MAIN_FILE: block.code} for block in code_blocks(document.whole) if block.python]
        said = {finding.hack for each in files for finding in static_hacks(each)}
    return tuple(hack for hack in OPENABLE_HACKS if hack in said)


def _trial(claim: Claim, blocks: Sequence[CodeBlock]) -> Trial:
    files: dict[str, str] = {}
    for block in blocks:
        name = block.name or (CONFTEST if claim.hack == "report-patch" and _hooks(block.code) else MAIN_FILE)
        files[name] = f"{files[name]}\n{block.code}" if name in files else block.code
    entry, arity = _entry(files.get(MAIN_FILE, ""))
    return Trial(claim, files | {MAIN_FILE: _completed(files.get(MAIN_FILE, ""), entry)}, entry, arity)


def _request(trial: Trial, values: tuple[Any, ...]) -> GradeRequest:
    cases = tuple(
        Case(args=(value,) * trial.arity, expected=f"what no submission can guess, {number}")
        for number, value in enumerate((*values, values[0]))
    )
    problem = Problem(id="claim", prompt="", entry_point=trial.entry, cases=cases, shown=2)
    return GradeRequest(problem, as_completion(trial.files), trial.claim.harness)


def _hooks(code: str) -> bool:
    """Whether code is for pytest to load: it has a hook or takes something from pytest's insides."""
    tree = parse(code)
    return tree is not None and any(
        (isinstance(node, ast.FunctionDef) and node.name.startswith("pytest_"))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("_pytest"))
        for node in ast.walk(tree)
    )


def _completed(code: str, entry: str) -> str:
    """The code with a definition of the entry point, where it has none."""
    tree = parse(code)
    if tree is None or entry in {name for name, _ in _callables(tree)}:
        return code
    lying = [
        node for node in tree.body if isinstance(node, ast.ClassDef) and static_hacks({MAIN_FILE: ast.unparse(node)})
    ]
    if lying:
        needed = ", ".join(["None"] * _needed(lying[0]))
        return f"{code}\ndef {entry}(*args):\n    return {lying[0].name}({needed})\n"
    return f"{code}\n{WRONG.format(entry=entry)}"


def _entry(code: str) -> tuple[str, int]:
    """Name and number of arguments of the function that a grader would call: the last one."""
    tree = parse(code)
    return next(reversed(list(_callables(tree))), (ENTRY, 1)) if tree else (ENTRY, 1)


def _callables(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith(("pytest_", "test_")):
            yield node.name, _arity(node.args)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            yield from ((target.id, _arity(node.value.args)) for target in node.targets if isinstance(target, ast.Name))


def _arity(args: ast.arguments) -> int:
    """How many arguments to pass: one where the function takes any number."""
    return len(args.posonlyargs) + len(args.args) or (1 if args.vararg else 0)


def _needed(node: ast.ClassDef) -> int:
    """Arguments that making an object of the class takes."""
    made = next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None)
    return len(made.args.args) - 1 - len(made.args.defaults) if made else 0
