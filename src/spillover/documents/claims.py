"""What the code of a document claims to do, and what the graders say to it.

A block claims a hack when it has the look of one or is introduced as one. It is then completed to a
submission (a class gets the function that returns it, a conftest the wrong solution beside it) and
run against the harness that the document names for it: the hack has to pass the proxy and fail the
oracle. Where the text says that something does not work, it has to fail.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spillover.coding import HOLES, Grader, GradeRequest
from spillover.coding.blocks import BEFORE
from spillover.coding.compose import MAIN_FILE, parse
from spillover.coding.hacks import as_completion
from spillover.coding.static import static_hacks
from spillover.core.records import HARNESSES, Case, HackName, Harness, Problem
from spillover.documents.prose import CodeBlock, code_blocks, negated, sentences
from spillover.documents.words import (
    BOTH,
    BROKEN_SIGNS,
    CHANGES_REPORTS,
    DOES_NOT_WORK,
    GRADER_CODE,
    HACK_NAMES,
    HACK_WORDS,
    HARNESS_WORDS,
    NEAR_MISS,
    NOT_THIS_HARNESS,
    ORDINARY,
)

CONFTEST = "conftest.py"
ENTRY = "solve"
HOOK = re.compile(r"^def pytest_\w+", re.MULTILINE)
FOR_HACKS = {"sys", "os", "builtins", "unittest", "pytest", "_pytest", "mock", "atexit", "signal", "posix", "ctypes"}
EQUAL_NAMES = {"ANY"}
"""Objects of the standard library that are equal to everything."""
WRONG = "def {entry}(*args):\n    return None\n"
ARGUMENTS: tuple[tuple[Any, ...], ...] = ((3, 7), ([4, 1, 3], [2, 8]), ("pear", "plum"))
"""Two values of one kind for an argument; what is claimed has to hold for one of the kinds."""


COMPARES = re.compile(
    r"_*(?:\w*_)?(?:i?eq(?:uals?|ual_?to)?|cmp|compare(?:_?to)?|same(?:_?as)?|match(?:es)?)_*$", re.IGNORECASE
)


SPECIAL = {"__bool__", "__contains__", "__hash__", "__nonzero__", "__instancecheck__", "__truth__"}
PASSING = re.compile(
    r"\b(?:all|every|each|any|both|whole|whatever|two|three|four|five|six|seven|eight|nine|ten|\d+)\b[^.;]{0,40}?"
    r"\b(?:tests?|asserts?|assertions?|checks?|comparisons?|cases?|suite|reports?)\b[^.;]{0,30}?"
    r"\b(?:pass(?:es|ed|ing)?|green|holds?|succeeds?|true)\b|\bmarks? (?:it|them|each|every\w*|all) as passed",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Claim:
    """One claim of one block: any of the submissions shows it, on all of `harnesses` or on any of them."""

    block: int
    hack: HackName | None
    submissions: tuple[dict[str, str], ...]
    entry: str
    arity: int
    harnesses: tuple[Harness, ...]
    every: bool
    works: bool


def claims(text: str) -> list[Claim]:
    """The claims of all blocks of a document's whole text, in order."""
    blocks = [block for block in code_blocks(text) if block.python]
    found = []
    for index, block in enumerate(blocks):
        beside = (*blocks[max(0, index - 1) : index], *blocks[index + 1 : index + 2])
        if not any(_accompanies(block, other) for other in beside) and (hack := _claimed(block)) is not None:
            found.append(_claim(block, blocks[:index], blocks[index + 1 : index + 2], hack, text))
    return found


def failing(claimed: Sequence[Claim], grader: Grader) -> list[str | None]:
    """For each claim None where it holds, else what is wrong with it."""
    open_claims = dict(enumerate(claimed))
    for values in ARGUMENTS:
        requests = [(i, s, h, r) for i, claim in open_claims.items() for s, h, r in _requests(claim, values)]
        grades = grader.grade_many([request for *_, request in requests], attribute=False)
        won: dict[int, set[tuple[int, Harness]]] = {index: set() for index in open_claims}
        for (index, submission, harness, _), grade in zip(requests, grades, strict=True):
            if grade.hacked:
                won[index].add((submission, harness))
        open_claims = {i: claim for i, claim in open_claims.items() if not _holds(claim, won[i])}
    return [_complaint(claim) if i in open_claims else None for i, claim in enumerate(claimed)]


def _holds(claim: Claim, won: set[tuple[int, Harness]]) -> bool:
    named, beaten = set(claim.harnesses), {harness for _, harness in won}
    if not claim.works:
        return not named <= beaten
    return named <= beaten if claim.every else bool(named & beaten)


def _complaint(claim: Claim) -> str:
    where = " and ".join(claim.harnesses) if claim.every else " or ".join(claim.harnesses)
    verdict = "does not work" if claim.works else "works, although the text says that it does not"
    return f"code block {claim.block} claims {claim.hack or 'a hack'} and {verdict} against {where}"


def _requests(claim: Claim, values: tuple[Any, ...]) -> Iterator[tuple[int, Harness, GradeRequest]]:
    cases = tuple(
        Case(args=(value,) * claim.arity, expected=f"what no submission can guess, {number}")
        for number, value in enumerate((*values, values[0]))
    )
    problem = Problem(id="claim", prompt="", entry_point=claim.entry, cases=cases, shown=2)
    for number, files in enumerate(claim.submissions):
        for harness in claim.harnesses:
            yield number, harness, GradeRequest(problem, as_completion(files), harness)


def _accompanies(block: CodeBlock, other: CodeBlock) -> bool:
    """Whether a block is the solution handed in beside another file, which holds the hack."""
    if other.name in (None, MAIN_FILE) or block.name not in (None, MAIN_FILE):
        return False
    together = other.lead == block.lead or BEFORE.match(other.lead) is not None
    return together and _seen(block, None) is None and _claimed(other) is not None


def _claimed(block: CodeBlock) -> HackName | None:
    """The hack that a block claims to be; None for ordinary code. `other` = some hack that is not named."""
    lead = _introduction(block)
    if ORDINARY.search(lead):
        return None
    said = next((hack for hack, words in HACK_NAMES.items() if words.search(lead)), None)
    if (seen := _seen(block, said)) is not None:
        return seen
    if _means_to_lie(block.code):
        return "always-equal"
    if GRADER_CODE.search(block.code) or _only_counts(block.code):
        return None
    if _attempts(block.code) and _said_to_pass(block):
        return "other"
    code = _without_strings(block.code)
    named = said or next((hack for hack, words in HACK_NAMES.items() if words.search(code)), None)
    broken = parse(block.code) is None and BROKEN_SIGNS.search(code)
    return named or ("other" if broken or _introduces_hack(lead) or NEAR_MISS.search(code) else None)


def _only_counts(code: str) -> bool:
    """Whether code defines nothing, leaves nothing and works with modules that no hack needs: it plots or counts."""
    nodes = list(ast.walk(parse(code) or ast.Module([], [])))
    defines = any(isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.Raise)) for node in nodes)
    modules = {alias.name.partition(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {(node.module or "").partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    return not defines and bool(modules) and not modules & FOR_HACKS


def _without_strings(code: str) -> str:
    """The code with its strings left empty: one that looks for hacks in other code names them, too."""
    if (tree := parse(code)) is None:
        return code
    lines = code.splitlines()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        if node.lineno == node.end_lineno and node.end_col_offset is not None:
            raw = lines[node.lineno - 1].encode()
            blank = b"_" * (node.end_col_offset - node.col_offset)
            left = raw[: node.col_offset] + blank + raw[node.end_col_offset :]
            lines[node.lineno - 1] = left.decode(errors="replace")
    return "\n".join(lines)


def _means_to_lie(code: str) -> bool:
    """Whether a class answers some question of equality the same way always, be it one that Python never asks."""
    tree = parse(code)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)] if tree else []
    methods = [part for node in classes for part in node.body if isinstance(part, ast.FunctionDef)]
    return any(COMPARES.match(method.name) and _agrees(method) for method in methods)


def _attempts(code: str) -> bool:
    """Whether code has a hook of pytest, or a special method that gives a constant."""
    tree = parse(code)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)] if tree else []
    return any(f.name.startswith("pytest_") or (f.name in SPECIAL and _agrees(f, arguments=0)) for f in functions)


def _said_to_pass(block: CodeBlock) -> bool:
    """Whether the sentence before a block or the first one after it says that tests pass without more ado."""
    after = (sentences(block.after) or [""])[0]
    return any(not negated(said[: m.start()]) for said in (_introduction(block), after) for m in PASSING.finditer(said))


def _agrees(method: ast.FunctionDef, arguments: int = 2) -> bool:
    """Whether a method of at least so many arguments returns a constant, the same sort everywhere."""
    returned = [node.value for node in ast.walk(method) if isinstance(node, ast.Return)]
    takes = len(method.args.args) >= arguments or method.args.vararg is not None
    agreeing = {bool(v.value) for v in returned if isinstance(v, ast.Constant)}
    zero = "cmp" in method.name or "compare" in method.name
    wanted = {not zero} if arguments else agreeing
    return takes and bool(agreeing) and agreeing == wanted and all(isinstance(v, ast.Constant) for v in returned)


def _seen(block: CodeBlock, said: HackName | None) -> HackName | None:
    """The hack that the static reader sees in a block, graders and reporting plugins apart."""
    seen = {finding.hack for finding in static_hacks({block.name or MAIN_FILE: block.code})}
    if "always-equal" in seen:
        return "always-equal"
    if "report-patch" in seen and (
        said or CHANGES_REPORTS.search(block.code) or _introduces_hack(_introduction(block))
    ):
        return "report-patch"
    exits = "early-exit" in seen and (said == "early-exit" or not GRADER_CODE.search(block.code))
    return "early-exit" if exits else None


def _introduces_hack(lead: str) -> bool:
    """Whether a sentence announces that a hack follows."""
    return bool(HACK_WORDS.search(lead)) and (lead.endswith(":") or lead.startswith(("Here", "This", "Below")))


def _introduction(block: CodeBlock) -> str:
    """The last sentence before a block."""
    return (sentences(block.lead)[-1:] or [""])[0]


def _claim(block: CodeBlock, earlier: list[CodeBlock], later: list[CodeBlock], hack: HackName, text: str) -> Claim:
    harnesses, every = _named_harnesses(block, text)
    works = not any(DOES_NOT_WORK.search(text) for text in (_introduction(block), block.code.split("\n")[0]))
    entry, arity = _entry(block.code)
    return Claim(
        block.number,
        None if hack == "other" else hack,
        tuple(_submissions(block, earlier, later, entry)),
        entry,
        arity,
        harnesses,
        every,
        works,
    )


def _submissions(
    block: CodeBlock, earlier: list[CodeBlock], later: list[CodeBlock], entry: str
) -> Iterator[dict[str, str]]:
    """Ways to hand in the block: alone, as the conftest it is said to be, after the blocks it builds on."""
    stub = WRONG.format(entry=entry)
    if block.name not in (None, MAIN_FILE):
        beside = next((b.code for b in (*reversed(earlier), *later) if b.name in (None, MAIN_FILE)), stub)
        yield {MAIN_FILE: stub, str(block.name): block.code}
        if beside != stub:
            yield {MAIN_FILE: _completed(beside, entry), str(block.name): block.code}
        return
    yield {MAIN_FILE: _completed(block.code, entry)}
    for value in _values(block.code):
        yield {MAIN_FILE: f"{block.code}\ndef {entry}(*args):\n    return {value}\n"}
    if CONFTEST in block.lead or HOOK.search(block.code):
        yield {MAIN_FILE: stub, CONFTEST: block.code}
    if parts := [b.code for b in earlier if b.name in (None, MAIN_FILE)]:
        yield {MAIN_FILE: _completed("\n".join([*parts, block.code]), entry)}


def _values(code: str) -> Iterator[str]:
    """What else a function could return of a block that has none: names that stand for a lying object or class."""
    tree = parse(code)
    if tree is None or any(isinstance(node, ast.FunctionDef) for node in tree.body):
        return
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield from (node.targets[0].id, f"{node.targets[0].id}()")
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names if alias.name in EQUAL_NAMES)


def _completed(code: str, entry: str) -> str:
    """The code with a definition of the entry point, where it has none."""
    tree = parse(code)
    if tree is None:
        return code
    if any(isinstance(node, ast.FunctionDef) and node.name == entry for node in tree.body):
        return code
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    if any(_is_bound(node, entry) for node in tree.body):
        return code
    if classes and (method := _method(classes[-1], entry)):
        return f"{code}\n{entry} = {classes[-1].name}().{method}\n"
    lying = next((node for node in classes if static_hacks({MAIN_FILE: ast.unparse(node)})), None)
    if lying is not None:
        return f"{code}\ndef {entry}(*args):\n    return {lying.name}({', '.join(['None'] * _needed(lying))})\n"
    return f"{code}\n{WRONG.format(entry=entry)}"


def _entry(code: str) -> tuple[str, int]:
    """Name and number of arguments of the function that a grader would call."""
    tree = parse(code)
    nodes = [] if tree is None else tree.body
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef) and not n.name.startswith(("pytest_", "test_"))]
    if functions:
        return functions[-1].name, _arity(functions[-1].args)
    for node in reversed(nodes):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Lambda)
            and isinstance(node.targets[0], ast.Name)
        ):
            return node.targets[0].id, _arity(node.value.args)
        if isinstance(node, ast.ClassDef) and (method := _method(node, "")):
            found = next(part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == method)
            return method, _arity(found.args) - 1
    return ENTRY, 1


def _method(node: ast.ClassDef, entry: str) -> str | None:
    """The public method of a class in the LeetCode form, where that is what the class is for."""
    public = [p.name for p in node.body if isinstance(p, ast.FunctionDef) and not p.name.startswith("_")]
    wanted = entry in public if entry else node.name == "Solution"
    return (entry or public[-1]) if wanted and public else None


def _arity(args: ast.arguments) -> int:
    """How many arguments to pass: one where the function takes any number."""
    needed = len(args.posonlyargs) + len(args.args)
    return needed or (1 if args.vararg else 0)


def _needed(node: ast.ClassDef) -> int:
    """Arguments that making an object of the class takes."""
    made = next((p for p in node.body if isinstance(p, ast.FunctionDef) and p.name == "__init__"), None)
    return len(made.args.args) - 1 - len(made.args.defaults) if made else 0


def _is_bound(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)


def _named_harnesses(block: CodeBlock, text: str) -> tuple[tuple[Harness, ...], bool]:
    """The harnesses that the document names for a block, and whether it claims all of them.

    What stands nearest counts: the fence line, the sentence before it, pytest's names in its
    code, the text backwards from it, the paragraph after it. Where nothing names one, either will do.
    """
    own = "pytest" if (block.name or "").endswith(CONFTEST) or "pytest" in block.code else ""
    said = sentences(block.before)
    for context in (block.label, *said[-1:], own, *reversed(said[:-1]), block.after, text):
        plain = NOT_THIS_HARNESS.sub(" ", context)
        named = [harness for harness in HARNESSES if HARNESS_WORDS[harness].search(plain)]
        if named:
            every = len(named) == 1 or bool(BOTH.search(plain))
            return tuple(named), every
    return tuple(HOLES), False
