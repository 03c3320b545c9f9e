"""What a model is shown of a problem, in each form a problem can have."""

import math

import pytest

from spillover.coding.problems import FAMILIES, draw_problems
from spillover.core.records import HARNESSES, Case, Problem, StdinCase
from spillover.core.settings import PromptSettings
from spillover.prompts import problem_message, shown_tests


def problem(*cases: Case, entry_point: str = "f", **more) -> Problem:
    return Problem(id="p", prompt="Do it.", entry_point=entry_point, cases=cases, shown=len(cases), **more)


PROGRAM = Problem(
    id="p",
    prompt="Double it.",
    stdin=(StdinCase(input="2\n", output="4\n"), StdinCase(input="1\n5\n", output=("2\n10", "two\nten"))),
    shown=2,
)


def test_a_plain_function_is_shown_as_assertions():
    drawn = draw_problems(2 * len(FAMILIES), seed=1)
    for one in drawn:
        lines = [f"assert {one.entry_point}({', '.join(map(repr, c.args))}) == {c.expected!r}" for c in one.cases]
        assert shown_tests(one) == "\n".join(lines[: one.shown])


def test_a_method_is_shown_with_its_object():
    assert shown_tests(problem(Case(args=([1],), expected=2), entry_point="Solution().f")) == (
        "assert Solution().f([1]) == 2"
    )


def test_a_change_in_place_is_shown_by_what_becomes_of_the_argument():
    one = problem(Case(args=([2, 1], 3), expected=[1, 2]), entry_point="Solution().sort", form="in-place")
    assert shown_tests(one) == "given = [2, 1]\nSolution().sort(given, 3)\nassert given == [1, 2]"


def test_a_class_is_shown_by_a_sequence_of_calls():
    case = Case(args=(["Box", "put", "get"], [[9], ["a"], []]), expected=[None, None, "a"])
    assert shown_tests(problem(case, entry_point="Box", form="design")) == (
        "made = Box(9)\nmade.put('a')\nassert made.get() == 'a'"
    )


def test_a_program_is_shown_by_what_it_reads_and_prints():
    assert shown_tests(PROGRAM) == "Input:\n2\nOutput:\n4\n\nInput:\n1\n5\nOutput:\n2\n10"


def test_tests_that_are_not_shown_do_not_appear():
    assert "10" not in shown_tests(PROGRAM.model_copy(update={"shown": 1}))
    assert shown_tests(PROGRAM.model_copy(update={"shown": 0})) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.inf, "== float('inf')"),
        ([-math.inf], "== [float('-inf')]"),
        (2**200, f"== {2**200}"),
        ("\ud800", "== '\\ud800'"),
        ((1,), "== (1,)"),
        ({1: "a"}, "== {1: 'a'}"),
    ],
)
def test_every_value_is_shown_as_source(value, text):
    assert shown_tests(problem(Case(args=(1,), expected=value))) == f"assert f(1) {text}"


def test_a_huge_integer_is_shown_in_hexadecimal():
    one = problem(Case(args=(1,), expected=10**5000))
    assert shown_tests(one) == f"assert f(1) == {hex(10**5000)}"


def test_nan_is_shown_by_the_one_test_that_holds_of_it():
    assert shown_tests(problem(Case(args=(math.nan,), expected=math.nan))) == "assert math.isnan(f(float('nan')))"


@pytest.mark.parametrize("harness", HARNESSES)
@pytest.mark.parametrize("style", ["full", "brief"])
def test_only_problems_of_programs_ask_for_a_program(harness, style):
    function = problem(Case(args=(1,), expected=1))
    assert "program" in problem_message(PROGRAM, harness, PromptSettings(style=style))
    assert "program" not in problem_message(function, harness, PromptSettings(style=style))


def test_the_message_of_a_plain_function_is_as_it_always_was():
    function = problem(Case(args=(1,), expected=1))
    assert (
        problem_message(function, "script", PromptSettings(style="brief"))
        == "Do it.\nassert f(1) == 1\nTests run as a script."
    )
    assert problem_message(function, "pytest", PromptSettings()) == (
        "Do it.\n\nThese are some of the tests:\nassert f(1) == 1\n\n"
        "The tests run with pytest in a folder that holds your files.\n\n"
        "Put the solution into one ```python block. If you need further files, give each a block of its own "
        "whose first line is a comment with the file's name, such as `# helpers.py`."
    )
