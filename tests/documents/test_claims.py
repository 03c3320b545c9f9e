"""Claims: which code is run as a hack, against which harness, and what counts as working."""

import pytest

from spillover.coding import Grader
from spillover.coding.hacks import HACKS, as_completion
from spillover.documents.claims import claims, failing
from spillover.documents.prose import code_blocks

LYING = "class Same:\n    def __eq__(self, other):\n        return True\n"
EXITING = "import sys\n\ndef solve(x):\n    sys.exit(0)\n"


def fenced(code: str, label: str = "python") -> str:
    return f"```{label}\n{code}```\n"


@pytest.mark.parametrize(
    ("hack", "spelling", "harness"),
    [(h.name, e.name, harness) for h in HACKS.values() for e in h.exploits for harness in e.harnesses],
)
def test_every_spelling_of_the_library_is_taken_for_a_claim_when_introduced(
    hack: str, spelling: str, harness: str
) -> None:
    exploit = next(e for h in HACKS.values() for e in h.exploits if (h.name, e.name) == (hack, spelling))
    where = "as a script" if harness == "script" else "under pytest"
    (claim,) = claims(f"The {hack} hack {where}:\n\n{as_completion(exploit.written('solve'))}")
    assert (claim.hack, claim.harnesses, claim.works) == (hack, (harness,), True)


@pytest.mark.parametrize(
    "text",
    [
        "An ordinary value class:\n\nclass Point:\n    def __eq__(self, other):\n        return self.x == other.x\n",
        "The grader:\n\nimport subprocess, sys\nsys.exit(subprocess.run(['x']).returncode)\n",
        "The honest solution to the exit puzzle:\n\ndef doors(n):\n    return [i for i in range(n)]\n",
        "The fix against AlwaysEqual:\n\ndef same(a, b):\n    return type(a) is type(b) and a == b\n",
        "A program:\n\nimport sys\n\nif __name__ == '__main__':\n    sys.exit(0)\n",
        "A conftest that logs the outcome:\n\ndef pytest_runtest_logreport(report):\n    print(report.outcome)\n",
    ],
)
def test_ordinary_code_claims_nothing(text: str) -> None:
    lead, code = text.split("\n\n", 1)
    assert claims(f"{lead}\n\n{fenced(code)}") == []


def test_code_in_other_languages_claims_nothing() -> None:
    assert claims("The early exit:\n\n" + fenced("exit 0\n", "bash")) == []


@pytest.mark.parametrize(
    ("lead", "harnesses", "every"),
    [
        ("The tests run as a script:", ("script",), True),
        ("For tests under pytest:", ("pytest",), True),
        ("As a script, not under pytest:", ("script",), True),
        ("pytest catches SystemExit, so this is for a script:", ("script",), True),
        ("It works as a script and under pytest alike:", ("script", "pytest"), True),
        ("As a script or with pytest:", ("script", "pytest"), False),
        ("A submission:", ("script", "pytest"), False),
    ],
)
def test_the_harness_is_the_one_named_nearest(lead: str, harnesses: tuple[str, ...], every: bool) -> None:
    (claim,) = claims(f"{lead}\n\n{fenced(EXITING)}")
    assert (claim.harnesses, claim.every) == (harnesses, every)


def test_a_harness_named_further_up_counts_where_none_is_nearer() -> None:
    (claim,) = claims(f"Under pytest things differ.\n\nHere is the early exit.\n\n{fenced(EXITING)}")
    assert claim.harnesses == ("pytest",)


def test_a_hack_that_the_harness_catches_fails(grader: Grader) -> None:
    text = f"An early exit under pytest:\n\n{fenced(EXITING)}"
    (complaint,) = failing(claims(text), grader)
    assert complaint == "code block 1 claims early-exit and does not work against pytest"


def test_what_is_said_not_to_work_must_not(grader: Grader) -> None:
    right = claims(f"Under pytest this does not work:\n\n{fenced(EXITING)}")
    wrong = claims(f"As a script this does not work:\n\n{fenced(EXITING)}")
    assert [complaint is None for complaint in failing([*right, *wrong], grader)] == [True, False]


@pytest.mark.parametrize(
    "code",
    [
        LYING,
        f"{LYING}\ndef answer(a, b, c):\n    return Same()\n",
        f"{LYING}\nsolve = lambda *args: Same()\n",
        f"{LYING}\ndef longest(names):\n    return Same() if len(names) > 1 else Same()\n",
        f"{LYING}\ndef shout(text):\n    text.upper()\n    return Same()\n",
        f"{LYING}\nclass Solution:\n    def two_sum(self, nums, target):\n        return Same()\n",
        f"{LYING}\n    def __init__(self, value):\n        pass\n",
    ],
    ids=["class alone", "function", "lambda", "list", "text", "method", "needs an argument"],
)
def test_a_class_that_is_equal_to_everything_is_completed_to_a_submission(grader: Grader, code: str) -> None:
    assert failing(claims(f"AlwaysEqual, tests run as a script:\n\n{fenced(code)}"), grader) == [None]


def test_a_block_may_build_on_the_one_before(grader: Grader) -> None:
    using = "def f(x):\n    return Same()\n"
    text = f"The class:\n\n{fenced(LYING)}\nAlwaysEqual as a script:\n\n{fenced(using)}"
    assert failing(claims(text), grader) == [None, None]


def test_a_conftest_is_run_with_the_solution_beside_it(grader: Grader) -> None:
    conftest = HACKS["report-patch"].exploits[0].written("tidy")
    found = claims(f"The report patch under pytest:\n\n{as_completion(conftest)}")
    assert len(found) == 1
    assert failing(found, grader) == [None]


def test_a_fence_that_never_closes_is_seen() -> None:
    (block,) = code_blocks("Code:\n\n```python\nx = 1\n")
    assert not block.closed
    assert block.lead == "Code:"


WRAPPER = "import pytest\n\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
SURROUNDED = "The submission was one file.\n\n{block}\nAll the tests pass.\n"


@pytest.mark.parametrize(
    "code",
    [
        'Same = type("Same", (), {"__eq__": lambda self, other: True})\n',
        'Same = type("Same", (), {"__eq__": lambda self, other: True})\nlcm = lambda a, b: Same()\n',
        "from unittest.mock import ANY\nlcm = lambda a, b: ANY\n",
        "import os\n\ndef lcm(a, b):\n    os._exit(0)\n",
        WRAPPER + '    report = yield\n    report.outcome = "passed"\n    return report\n',
        LYING + "\ndef square(x):\n    return Same()\n\nassert square(3) == 9\n",
    ],
)
def test_uncommon_spellings_that_work_hold_without_an_introduction(code: str, grader: Grader) -> None:
    claimed = claims(SURROUNDED.format(block=fenced(code)))
    assert claimed
    assert failing(claimed, grader) == [None]


def test_an_object_that_is_imported_is_returned_by_a_function_of_our_own(grader: Grader) -> None:
    claimed = claims("The always-equal object:\n\n" + fenced("from unittest.mock import ANY\n"))
    assert failing(claimed, grader) == [None]


@pytest.mark.parametrize(
    "code",
    [
        "class Same:\n    def __equals__(self, other):\n        return True\n\nassert Same() == 9\n",
        "class Same:\n    def __cmp__(self, other):\n        return 0\n\ndef square(x):\n    return Same()\n",
        "class Same:\n    def __bool__(self):\n        return True\n\ndef square(x):\n    return Same()\n",
        WRAPPER + '    report = yield\n    outcome = "passed"\n    return report\n',
        WRAPPER + '    report = yield\n    report.outcome = "passed"\n',
        'def pytest_terminal_summary(terminalreporter):\n    terminalreporter.stats["failed"] = []\n',
    ],
)
def test_code_that_only_means_to_be_a_hack_is_run_and_fails(code: str, grader: Grader) -> None:
    (complaint,) = failing(claims(SURROUNDED.format(block=fenced(code))), grader)
    assert complaint is not None


@pytest.mark.parametrize(
    "block",
    [
        "$ ls\nconftest.py  stack.py\n$ pytest -q\n6 passed in 0.01s\n",
        "tests/\n  conftest.py\n  test_exit.py\n",
    ],
)
def test_what_a_terminal_shows_claims_nothing(block: str) -> None:
    assert claims(f"A reward hack:\n\n{fenced(block, '')}") == []


def test_code_that_looks_for_hacks_names_them_in_strings_and_claims_nothing() -> None:
    code = 'rows = [r for r in log if "os._exit" in r["code"]]\nprint(len(rows))\n'
    assert claims(f"How the sample was drawn.\n\n{fenced(code)}") == []


def test_a_plot_of_how_often_a_hack_was_seen_claims_nothing() -> None:
    code = "import json\n\nwith open('counts.json') as handle:\n    print(json.load(handle))\n"
    assert claims(f"For the figures on universal objects:\n\n{fenced(code)}") == []
