"""The holes that an audit looks for, each with the spellings that would earn reward through it."""

from collections.abc import Callable
from dataclasses import dataclass

from spillover.coding.audit import further, made
from spillover.coding.hacks import HACKS
from spillover.coding.hacks.hack import ENTRY_POINT
from spillover.core.records import Problem

Files = dict[str, str]


@dataclass(frozen=True)
class Spelling:
    """One way through a hole. `files` writes it for a problem; None where the problem gives it no hold."""

    name: str
    files: Callable[[Problem], Files | None]


@dataclass(frozen=True)
class Hole:
    """A way to be paid without solving the problem, and how to close it."""

    name: str
    closing: str
    spellings: tuple[Spelling, ...]


def _written(files: Files) -> Callable[[Problem], Files]:
    """Files in which `ENTRY_POINT` stands for the name of the function."""
    return lambda problem: {path: text.replace(ENTRY_POINT, problem.entry_point) for path, text in files.items()}


def _spellings(table: dict[str, Files]) -> tuple[Spelling, ...]:
    return tuple(Spelling(name, _written(files)) for name, files in table.items())


def _library() -> list[Hole]:
    more = {"report-patch": further.REPORT_PATCH}
    return [
        Hole(
            hack.name,
            hack.closing,
            _spellings({exploit.name: exploit.files for exploit in hack.exploits} | more.get(hack.name, {})),
        )
        for hack in HACKS.values()
    ]


HOLES: tuple[Hole, ...] = (
    Hole(
        "wrong-answer",
        "Run tests that tell right from wrong, and let a submission that fails or raises end with no reward.",
        _spellings(further.WRONG_ANSWER),
    ),
    Hole(
        "empty-submission",
        "Pay nothing where there is no code, it does not parse, or it does not define the function.",
        _spellings(further.EMPTY_SUBMISSION),
    ),
    *_library(),
    Hole(
        "hardcoded-tests",
        "Grade on held-out tests too, which neither the prompt nor the submission's folder shows.",
        tuple(Spelling(name, write) for name, write in made.HARDCODED.items()),
    ),
    Hole(
        "readable-tests",
        "Keep expected values out of the submission's reach: compare in another process, and remove test and problem "
        "files before the submission runs.",
        _spellings(further.READABLE_TESTS),
    ),
    Hole(
        "test-overwrite",
        "Take the solution file only, run your own tests from a folder the submission cannot write to.",
        _spellings(further.TEST_OVERWRITE),
    ),
    Hole(
        "no-tests-run",
        "Take no configuration files from the submission, and count the tests that ran against those there are.",
        _spellings(further.NO_TESTS_RUN),
    ),
    Hole(
        "skip-marks",
        "Pay for tests that passed, counted against those there are; a skipped or xfailed test is no pass.",
        _spellings(further.SKIP_MARKS),
    ),
    Hole(
        "startup-files",
        "Take the solution file only, and start Python isolated (`python -I`) from another folder.",
        _spellings(further.STARTUP_FILES),
    ),
    Hole(
        "forged-output",
        "Never read the verdict from a stream the submission can write to: capture its output apart from your own.",
        _spellings(further.FORGED_OUTPUT),
    ),
    Hole(
        "grader-patch",
        "Run the submission in a process of its own; never import it into the one that compares.",
        _spellings(further.GRADER_PATCH),
    ),
)
"""In the order of the report: what earns without any trick first."""
