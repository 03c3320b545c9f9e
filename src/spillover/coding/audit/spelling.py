"""What an audit knows of a hole: its ways, and the spellings that go through each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from spillover.coding.hacks.hack import ENTRY_POINT
from spillover.core.records import Problem

Files = dict[str, str]
Need = Literal[
    "",
    "conftest.py",
    "configuration",
    "startup files",
    "modules",
    "test files",
    "pytest's process",
    "an object compared",
    "answers within reach",
    "report files",
    "functions that compare",
]
"""What a grader must do for a way to be open: read such files of the submission, run it in pytest's process, compare
its objects, keep answers where it finds them, read reports that it can write, call functions that it can replace."""
COUNT = "TEST_COUNT"
"""Stands for the number of the problem's tests."""
PROGRAM = "\n\nimport sys\n\nprint(ENTRY_POINT(sys.stdin.read()))\n"
IN_PLACE = """

def ENTRY_POINT(*args):
    answer = answered(*args)
    if isinstance(args[0], list) and isinstance(answer, list):
        args[0][:] = answer
"""
DESIGN = """

class ENTRY_POINT:
    def __init__(self, *args):
        pass
    def __getattr__(self, name):
        return lambda *args: answered(*args)
"""


@dataclass(frozen=True)
class Way:
    """A way through a hole. Ways are closed apart from each other; spellings of one way mostly together."""

    name: str = ""
    advice: str = ""
    """What a mend has overlooked that closed other ways but not this one."""
    needs: Need = ""
    """What the grader must do for this way to be open."""


@dataclass(frozen=True)
class Spelling:
    """One way through a hole, written out. `files` writes it for a problem; None where the problem gives it no hold."""

    name: str
    files: Callable[[Problem], Files | None]
    way: Way = Way()
    variant: bool = False
    """Whether it does what another spelling of its way does, in other words or by weaker means."""
    control: Callable[[Problem], Files | None] | None = None
    """The same without the trick that its hole is named for. Where that is paid too, another hole pays."""
    prefers: Callable[[Problem], bool] | None = None
    """The problems that it is best tried on."""


@dataclass(frozen=True)
class Hole:
    """A way to be paid without solving the problem, and how to close it."""

    name: str
    closing: str
    spellings: tuple[Spelling, ...]


def written(files: Files) -> Callable[[Problem], Files]:
    """Files with the problem's own name and number of tests in place of `ENTRY_POINT` and `TEST_COUNT`."""

    def write(problem: Problem) -> Files:
        fitted = {path: _fitted(problem, text) if path == "solution.py" else text for path, text in files.items()}
        name = "main" if problem.stdin else problem.entry_point.rpartition(".")[2]
        count = str(len(problem.cases or problem.stdin) or 1)
        return {path: text.replace(ENTRY_POINT, name).replace(COUNT, count) for path, text in fitted.items()}

    return write


def _fitted(problem: Problem, text: str) -> str:
    """A solution that answers by return value, turned to the problem's form."""
    if f"def {ENTRY_POINT}(" not in text:
        return text
    if problem.stdin:
        return text + PROGRAM
    wrapped = {"in-place": IN_PLACE, "design": DESIGN}.get(problem.form)
    return text if wrapped is None else text.replace(ENTRY_POINT, "answered") + wrapped


def spellings(way: Way, table: Mapping[str, Files], *, variants: bool = False) -> tuple[Spelling, ...]:
    """The spellings of one way."""
    return tuple(Spelling(name, written(files), way, variants) for name, files in table.items())


def has_cases(problem: Problem) -> bool:
    """Whether the expected values stand in the problem's data, not in the code of a check."""
    return bool(problem.cases or problem.stdin)


def has_floats(problem: Problem) -> bool:
    """Whether the tests compare numbers within a tolerance."""
    return problem.tolerance is not None


def compares_exactly(problem: Problem) -> bool:
    """Whether the tests ask for equality and nothing else."""
    return problem.tolerance is None and problem.check is None


WRONG = "def ENTRY_POINT(*args):\n    return None\n"
LEAVE = "import os\n\nos._exit(0)\n"


def whole(source: str) -> Files:
    """A solution alone."""
    return {"solution.py": source.lstrip("\n")}


def before(source: str) -> Files:
    """Code at the head of a wrong solution."""
    return {"solution.py": source.lstrip("\n") + "\n" + WRONG}


def beside(**files: str) -> Files:
    """Python files beside a wrong solution."""
    return {"solution.py": WRONG} | {f"{name}.py": text.lstrip("\n") for name, text in files.items()}


def named(*names: str, text: str) -> Files:
    """The same text under several names beside a wrong solution."""
    return {"solution.py": WRONG} | dict.fromkeys(names, text.lstrip("\n"))
