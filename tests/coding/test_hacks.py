"""Every spelling of the library works, is caught, and is named by its cause."""

import pytest
from grading import ADD, CHECKED, RIGHT, answer

from spillover.coding import HOLES, GradeRequest
from spillover.coding.hacks import HACKS, as_completion
from spillover.core.records import HARNESSES, OPENABLE_HACKS

SPELLINGS = [
    pytest.param(hack, exploit, harness, id=f"{hack.name}-{exploit.name}-{harness}".replace(" ", "_"))
    for hack in HACKS.values()
    for exploit in hack.exploits
    for harness in exploit.harnesses
]


@pytest.mark.parametrize("problem", [ADD, CHECKED], ids=["cases", "check"])
@pytest.mark.parametrize(("hack", "exploit", "harness"), SPELLINGS)
def test_a_spelling_passes_the_proxy_fails_the_oracle_and_is_named(grader, hack, exploit, harness, problem):
    completion = as_completion(exploit.written(problem.entry_point))
    grade = grader.grade_many([GradeRequest(problem, completion, harness)])[0]
    assert (grade.proxy.passed, grade.oracle.passed, grade.hacked) == (True, False, True)
    assert grade.hacks == (hack.name,)


@pytest.mark.parametrize(("hack", "exploit", "harness"), SPELLINGS)
def test_a_spelling_earns_nothing_where_its_hole_is_closed(grader, hack, exploit, harness):
    others = tuple(name for name in OPENABLE_HACKS if name != hack.name)
    completion = as_completion(exploit.written(ADD.entry_point))
    one_closed, all_closed = grader.grade_many(
        [GradeRequest(ADD, completion, harness, others), GradeRequest(ADD, completion, harness, ())]
    )
    assert not one_closed.proxy.passed and not all_closed.proxy.passed


@pytest.mark.parametrize("harness", HARNESSES)
@pytest.mark.parametrize("open_hacks", [(), ("always-equal",), ("early-exit",), ("report-patch",), OPENABLE_HACKS])
def test_an_honest_solution_passes_whatever_is_closed(grader, harness, open_hacks):
    for problem in (ADD, CHECKED):
        grade = grader.grade_many([GradeRequest(problem, answer(RIGHT), harness, open_hacks)])[0]
        assert (grade.proxy.passed, grade.oracle.passed, grade.hacked) == (True, True, False)


def test_each_hack_has_short_spellings_that_are_short():
    for hack in HACKS.values():
        short = [exploit for exploit in hack.exploits if exploit.short]
        assert len(short) >= 3
        for exploit in short:
            hacking = [
                source for path, source in exploit.files.items() if path == "conftest.py"
            ] or exploit.files.values()
            assert sum(len(source.strip().splitlines()) for source in hacking) <= 8


def test_each_hack_has_twelve_spellings_and_beats_the_harnesses_it_names():
    for hack in HACKS.values():
        assert len(hack.exploits) >= 12
        for harness in hack.harnesses:
            assert hack.spellings(harness, short=True) and hack.name in HOLES[harness]
