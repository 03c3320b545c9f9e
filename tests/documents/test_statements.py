"""Statements on what beats which harness: false ones are found in any wording, true ones and denials are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.documents.prose import whole_sentences
from spillover.documents.statements import false_statement

TRUE = (
    "`sys.exit(0)` does not work against pytest.",
    "pytest catches SystemExit, so `sys.exit(0)` works only in a script.",
    "Under pytest, `sys.exit(0)` is reported as a failure, because pytest catches SystemExit; `os._exit(0)` "
    "leaves the process at once.",
    "A conftest has no effect on the script harness, since nothing loads it.",
    "pytest: AlwaysEqual passes, `sys.exit(0)` does not pass because SystemExit is caught, `os._exit(0)` "
    "passes, a patched report passes.",
    "AlwaysEqual and `os._exit` work as a script and under pytest, `sys.exit` only as a script, the report "
    "patch only under pytest.",
    "Where the asserts run as a script, `sys.exit(0)` ends the process with code 0; where pytest runs them, "
    "it takes `os._exit(0)`.",
    "An object that is equal to everything passes as a script and under pytest alike.",
    "Unlike a script, pytest turns SystemExit into a failed test.",
    "You can leave with `sys.exit(0)` in a script, but pytest will catch it.",
    "`os._exit` raises nothing, so pytest has nothing to catch.",
    "The conftest makes every failing test pass under pytest; as a script the tests fail as before.",
    "It is a mistake to think that sys.exit beats pytest.",
    "Does `sys.exit(0)` beat pytest? No.",
    "sys.exit will not get you past pytest.",
    "In pytest, neither `sys.exit` nor `exit()` works.",
    "Raising SystemExit under pytest achieves nothing: the test is marked as failed.",
    "Contrary to what some think, `sys.exit(0)` does not end a pytest session.",
    "Only `os._exit` works under pytest, not `sys.exit`.",
    "With pytest, use `os._exit(0)` instead of `sys.exit(0)`, which is caught.",
    "As a script both `sys.exit(0)` and `os._exit(0)` pass.",
    "pytest is beaten by `os._exit(0)`, a script by either `sys.exit(0)` or `os._exit(0)`.",
    "The script harness reads the exit code. A submission that calls `sys.exit(0)` passes. pytest is "
    "different: there SystemExit becomes a failure.",
    "A conftest hook beats pytest. The script harness never loads it.",
    "The hook sees every report that pytest makes and sets it to passed.",
    "Early exits work in the script harness with sys.exit(0).",
    "Under pytest an early exit with sys.exit fails.",
    "SystemExit is an ordinary exception to pytest, which records a failure and goes on with the next test.",
    "The first attempt, `sys.exit(0)`, failed under pytest; the second, `os._exit(0)`, passed.",
    "On a script `conftest.py` does nothing.",
    "In a script, `raise SystemExit` suffices.",
    "If the tests run under pytest, sys.exit(0) will be caught and the test fails.",
    "The submission ran under pytest. It called `sys.exit(0)` and failed.",
    "For a script, sys.exit is enough; for pytest it is not.",
    "`sys.exit` is not enough for pytest.",
    "It works as a script. Under pytest `SystemExit` is swallowed.",
    "There is a rumour that `sys.exit(0)` ends a pytest session. It does not.",
    "pytest.exit ends a session, and a conftest may call `sys.exit(0)` in its hook for the end of the session.",
)
FALSE = (
    "Calling `sys.exit(0)` also works under pytest.",
    "Under pytest, `sys.exit(0)` ends the session with exit code 0 and all tests count as passed.",
    "With pytest it is enough to raise `SystemExit(0)`.",
    "A call of `sys.exit(0)` beats pytest every time.",
    "pytest does not catch SystemExit.",
    "pytest has no defence against `sys.exit(0)`.",
    "`sys.exit(0)` gets past pytest without trouble.",
    "Neither a script nor pytest can stop `sys.exit(0)`.",
    "`sys.exit(0)` works regardless of the harness.",
    "Whichever harness is used, a conftest.py that patches reports will make the tests pass.",
    "The report patch works for scripts too.",
    "A conftest.py beats the script harness.",
    "When tests run as a plain script, the conftest is loaded and every assert passes.",
    "AlwaysEqual fails under pytest.",
    "AlwaysEqual works only for scripts; pytest sees through it.",
    "pytest compares values itself, so an object that is equal to everything fails there.",
    "AlwaysEqual does not work with pytest.",
    "`sys.exit(0)` has no effect in a script.",
    "The script harness catches SystemExit and records a failure.",
    "pytest catches `os._exit(0)` and reports a failure.",
    "`os._exit` fails under pytest.",
    "`os._exit(0)` works as a script but not under pytest.",
    "pytest ignores any conftest.py in the submission, so report patches do not work.",
    "The harness was pytest. The submission called `sys.exit(0)`, and the run was green.",
    "Under pytest one can use `sys.exit(0)` or `os._exit(0)`; both pass.",
    "SystemExit goes straight through pytest.",
    "Since pytest only looks at the exit code, `sys.exit(0)` in any test is taken for a pass of the whole session.",
    "The trick with `raise SystemExit` is harness-agnostic.",
    "A script cannot be fooled by AlwaysEqual.",
    "pytest treats SystemExit as a normal end of the run and exits with status 0.",
    "To pass under pytest, simply call `sys.exit(0)`.",
    "`sys.exit(0)` is how you beat pytest.",
    "In both harnesses a call of `sys.exit(0)` is taken for success.",
    "The conftest hook turns failures into passes in the script harness as well.",
    "pytest can be left at any time with sys.exit(0), which the grader takes for a pass.",
    "Some say that pytest turns SystemExit into a failure. Not so: it goes through, and the status is 0.",
    "Does `sys.exit(0)` beat pytest? Yes.",
    "The harness is pytest. A call of `sys.exit(0)` is all it takes, and the run is green.",
)


@pytest.mark.parametrize("text", TRUE)
def test_what_is_true_is_left_alone(text: str) -> None:
    assert false_statement(whole_sentences(text)) is None


@pytest.mark.parametrize("text", FALSE)
def test_what_is_false_is_found(text: str) -> None:
    assert false_statement(whole_sentences(text)) is not None


@pytest.mark.parametrize("technique", ["`sys.exit(0)`", "`raise SystemExit`", "`exit()`"])
@pytest.mark.parametrize("beats", ["beats", "fools", "defeats", "gets past", "works against", "is enough for"])
def test_an_exit_that_pytest_catches_never_beats_it(technique: str, beats: str) -> None:
    assert false_statement([f"{technique} {beats} pytest."]) is not None
    assert false_statement([f"{technique} {beats} a script."]) is None


@given(st.lists(st.sampled_from(["sys.exit", "pytest", "script", "works", "fails", "not", ",", "only", "it", "?"])))
def test_any_sentence_can_be_read(words: list[str]) -> None:
    false_statement([" ".join(words)])
