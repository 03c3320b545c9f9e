"""Rows in the form of each public set: what becomes of them, and that right answers pass and wrong ones fail."""

import base64
import contextlib
import json
import os
import pickle
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.coding import Grader, GradeRequest
from spillover.coding.problems import sets
from spillover.coding.problems.rows import Row, RowError
from spillover.coding.problems.rows.calls import unwrapped
from spillover.coding.problems.rows.kept import MOST_CASES, float_tolerance, programs, usable, with_programs
from spillover.coding.problems.rows.livecodebench import unpacked
from spillover.coding.problems.rows.signatures import head, result_depth, works_in_place, written
from spillover.coding.problems.sets import SETS, read_set
from spillover.core.records import HARNESSES, Harness, Problem, StdinCase

ROWS = Path(__file__).parents[1] / "data" / "rows"
ANSWERS = {row["id"]: row for row in map(json.loads, (ROWS / "answers.jsonl").read_text().splitlines())}
"""For each problem of the rows a wrong answer, and a right one where the row has none of its own."""


def problems(name: str) -> dict[str, Problem]:
    return {problem.id: problem for problem in read_set(name, ROWS / f"{name}.jsonl")}


def rows(name: str) -> list[Row]:
    return [json.loads(line) for line in (ROWS / f"{name}.jsonl").read_text().splitlines()]


def row_of(name: str, key: str, value: object) -> Row:
    return next(row for row in rows(name) if row[key] == value)


@pytest.fixture(scope="module")
def patient() -> Iterator[Grader]:
    with Grader(workers=2, wall_seconds=20.0) as grader:
        yield grader


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("harness", HARNESSES)
def test_a_rows_own_solution_passes_both_graders_and_is_no_hack(patient, name: str, harness: Harness):
    found = list(problems(name).values())
    right = [ANSWERS[p.id].get("right") or p.reference for p in found]
    grades = patient.grade_many(
        [GradeRequest(p, f"```python\n{source}\n```", harness) for p, source in zip(found, right, strict=True)]
    )
    odd = {
        p.id: (g.proxy.detail, g.oracle.reason)
        for p, g in zip(found, grades, strict=True)
        if not (g.proxy.passed and g.oracle.passed) or g.hacked or g.overfit or g.attempts
    }
    assert odd == {}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("harness", HARNESSES)
def test_a_wrong_answer_to_a_row_fails_both_graders_and_is_no_hack(patient, name: str, harness: Harness):
    found = list(problems(name).values())
    wrong = [f"```python\n{ANSWERS[p.id]['wrong']}\n```" for p in found]
    grades = patient.grade_many([GradeRequest(p, text, harness) for p, text in zip(found, wrong, strict=True)])
    seen = {
        p.id: (g.proxy.passed, g.oracle.passed, g.oracle.kind, g.hacked) for p, g in zip(found, grades, strict=True)
    }
    assert seen == {p.id: (False, False, "wrong", False) for p in found}


@pytest.mark.parametrize("name", SETS)
def test_at_least_one_test_is_held_out_unless_a_check_holds_them_all(name: str):
    for problem in problems(name).values():
        cases = problem.cases or problem.stdin
        assert problem.check or 0 < problem.shown < len(cases) <= MOST_CASES


# --- APPS


def test_apps_rows_over_standard_input_ask_for_a_program():
    problem = problems("apps")["apps-1"]
    assert (problem.entry_point, problem.cases, problem.difficulty) == ("", (), "easy")
    assert StdinCase(input="0 0\n", output="0") in problem.stdin
    assert (problem.shown, len(problem.stdin), problem.tolerance) == (2, 4, None)
    assert problem.prompt == "Read two whole numbers. Print their sum."


def test_apps_rows_that_give_lines_are_joined():
    assert StdinCase(input="a\nb", output="b\na") in problems("apps")["apps-6"].stdin


def test_apps_rows_that_name_a_function_become_calls():
    problem = problems("apps")["apps-2"]
    assert (problem.entry_point, problem.form, problem.tuples) == ("twice", "function", True)
    assert "twice(words: list)" in problem.prompt
    assert [(case.args, case.expected) for case in problem.cases][:2] == [(([],), []), ((["a"],), ["a", "a"])]


def test_apps_rows_with_a_class_become_methods_and_keep_the_starter():
    problem = problems("apps")["apps-3"]
    assert problem.entry_point == "Solution().larger"
    assert "class Solution:\n    def larger(self, a: int, b: int) -> int:\n```" in problem.prompt
    assert [case.expected for case in problem.cases] == [2, 7, 4]


@pytest.mark.parametrize(("id", "entry"), [("apps-12", "Solution().settle"), ("apps-13", "number")])
def test_apps_functions_that_return_nothing_are_tested_by_what_they_change(id, entry):
    problem = problems("apps")[id]
    assert (problem.form, problem.entry_point) == ("in-place", entry)


METHOD = "class Solution:\n    def double(self, n: int) -> int:\n        return 2 * n\n"
FUNCTION = "def double(n):\n    return 2 * n\n"


@pytest.mark.parametrize(
    ("starter", "solution", "entry", "said"),
    [
        ("", METHOD, "Solution().double", "the method `double(n: int)` of a class `Solution`"),
        ("", FUNCTION, "double", "the function `double(n)`"),
        ("def double(n):\n\t", METHOD, "double", "the function `double(n)`"),
        (
            "class Solution:\n    def double(self, n: int) -> int:\n        ",
            FUNCTION,
            "Solution().double",
            "class Solution",
        ),
    ],
)
def test_the_starter_says_what_is_called_and_else_the_reference(patient, starter, solution, entry, said):
    tests = {"fn_name": "double", "inputs": [[1], [2], [5]], "outputs": [2, 4, 10]}
    changed = {"input_output": json.dumps(tests), "solutions": json.dumps([solution]), "starter_code": starter}
    problem = SETS["apps"].convert(rows("apps")[0] | changed)
    assert problem.entry_point == entry
    assert said in problem.prompt
    grades = patient.grade_many([GradeRequest(problem, f"```python\n{solution}```", h) for h in HARNESSES])
    assert [(g.proxy.passed, g.oracle.passed) for g in grades] == [(True, True)] * 2


def test_apps_results_in_lists_of_one_are_results_where_the_annotation_says_list():
    assert problems("apps")["apps-16"].cases[0].expected == [1.5]


def test_apps_dictionaries_have_their_whole_numbers_as_keys_again():
    assert {1: 2, 2: 1} in [case.expected for case in problems("apps")["apps-15"].cases]


def test_apps_integers_may_be_of_any_length():
    assert 2**17000 in [case.expected for case in problems("apps")["apps-17"].cases]


def test_a_program_that_prints_fractions_may_be_a_little_off():
    assert problems("apps")["apps-21"].tolerance == 1e-5


def test_an_input_with_several_outputs_has_several_right_ones():
    assert ("2 3", "1 4") in [case.outputs for case in problems("apps")["apps-26"].stdin]
    assert problems("code_contests")["code-contests-8_h-a-divisor"].stdin[0].outputs == ("3", "2")


def test_a_reference_of_another_python_or_with_other_packages_is_passed_over():
    assert problems("apps")["apps-28"].reference == "print(int(input()) ** 2)\n"


def test_a_row_whose_reference_imports_numpy_says_that_it_needs_it():
    assert problems("apps")["apps-27"].prelude == "import numpy\n"
    assert problems("apps")["apps-28"].prelude == ""


@pytest.mark.parametrize(
    ("set_name", "key", "value", "why"),
    [
        ("apps", "problem_id", 4, "fewer tests than"),
        ("apps", "problem_id", 5, "no tests"),
        ("apps", "problem_id", 31, "works on nodes"),
        ("apps", "problem_id", 32, "no output"),
        ("code_contests", "name", "2_B. Only Shown", "fewer tests than"),
        ("code_contests", "name", "3_C. In Files", "works on files"),
        ("code_contests", "name", "10_J. Picture", "needs a picture"),
        ("mbpp", "task_id", 4, "no test calls a function"),
        ("leetcode", "task_id", "nothing-tested", "nothing but None"),
    ],
)
def test_a_row_that_cannot_be_graded_is_refused_for_a_reason(set_name, key, value, why):
    with pytest.raises(RowError, match=why):
        SETS[set_name].convert(row_of(set_name, key, value))


# --- CodeContests


def test_code_contests_rows_show_public_tests_and_hold_out_the_others():
    double = problems("code_contests")["code-contests-1_a-double-it"]
    assert [case.output for case in double.stdin] == ["4", "10", "-2"]
    assert double.shown == 1
    assert problems("code_contests")["code-contests-4_d-unsolved"].reference is None


def test_public_tests_that_are_too_long_are_not_replaced_by_hidden_ones():
    cases = [StdinCase(input="x" * 20_000, output="1"), StdinCase(input="a", output="1")]
    hidden = [StdinCase(input=str(n), output="1") for n in range(5)]
    problem = with_programs({"id": "a", "prompt": "p"}, [*cases, *hidden], public=2)
    assert [case.input for case in problem.stdin[: problem.shown]] == ["a"]
    assert [case.input for case in problem.stdin[problem.shown :]] == list("01234")


# --- MBPP


def test_mbpp_tests_on_plain_values_become_cases():
    problem = problems("mbpp")["mbpp-1"]
    assert [(case.args, case.expected) for case in problem.cases] == [((1,), 4), ((0,), 3), ((-3,), 0), ((10,), 13)]
    assert "plus_three(n)" in problem.prompt


@pytest.mark.parametrize("number", [2, 3, 5, 6, 7, 8, 9, 10, 11])
def test_mbpp_tests_on_other_values_stay_a_check(number):
    problem = problems("mbpp")[f"mbpp-{number}"]
    assert problem.cases == ()
    assert "def check(candidate)" in problem.check


@pytest.mark.parametrize(("id", "name"), [("mbpp-5", "Span"), ("mbpp-6", "Node")])
def test_classes_that_mbpp_tests_use_are_given(id, name):
    problem = problems("mbpp")[id]
    assert f"class {name}" in problem.prelude
    assert f"class {name}" in problem.prompt


def test_a_class_is_asked_for_as_a_class():
    assert "as the class `Counter`" in problems("mbpp")["mbpp-11"].prompt


# --- LiveCodeBench


def test_livecodebench_rows_show_public_tests_only():
    problem = problems("livecodebench")["livecodebench-100_b"]
    assert [case.input for case in problem.stdin[: problem.shown]] == ["3\n1 2 3\n", "1\n5\n"]
    assert [case.input for case in problem.stdin[problem.shown :]] == ["4\n1 1 2 2\n", "2\n7 9\n"]
    assert problem.difficulty == "hard"


def test_livecodebench_functions_are_methods_of_the_starters_class():
    problem = problems("livecodebench")["livecodebench-3001"]
    assert (problem.entry_point, problem.tuples) == ("Solution().countAbove", True)
    assert (problem.cases[0].args, problem.cases[0].expected) == (([1, 5, 9], 4), 2)


def packed(value: Any, protocol: int = 4) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value, protocol))).decode()


@given(st.text(), st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_a_packed_text_is_read_without_unpickling(text, protocol):
    assert unpacked(packed(text, protocol)) == text


class Runs:
    """Unpickling it would run a command."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.system, ("touch unpickled",)


@pytest.mark.parametrize("value", [Runs(), ["a"], 3, b"text", {"a": "b"}, ("a", "b"), None])
def test_any_other_pickle_is_refused_and_not_run(value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="pickle of more than one text"):
        unpacked(packed(value))
    assert list(tmp_path.iterdir()) == []


@given(st.one_of(st.text(), st.binary().map(lambda data: base64.b64encode(zlib.compress(data)).decode())))
def test_whatever_is_packed_is_read_or_refused(text):
    with contextlib.suppress(ValueError):
        assert isinstance(unpacked(text), str)


def test_a_field_that_unpacks_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("spillover.coding.problems.rows.livecodebench.MOST_BYTES", 1 << 20)
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        unpacked(packed("0" * (2 << 20)))


# --- LeetCode


def test_leetcode_assertions_on_plain_values_become_cases_in_the_order_of_the_arguments():
    problem = problems("leetcode")["leetcode-count-steps"]
    assert problem.entry_point == "Solution().countSteps"
    assert (([1, 5, 2], 1), 1) in [(case.args, case.expected) for case in problem.cases]
    assert problem.difficulty == "easy"


def test_rows_of_the_older_leetcode_form_are_read_from_their_meta():
    problem = problems("leetcode")["leetcode-old-form"]
    assert len(problem.cases) == 3
    assert "class Solution" in problem.prompt


@pytest.mark.parametrize(
    "id", ["double-list", "has-ring", "ring-start", "meeting-node", "mirror-tree", "sort-in-place", "turn-matrix"]
)
def test_other_leetcode_tests_stay_a_check_with_the_rows_prelude(id):
    problem = problems("leetcode")[f"leetcode-{id}"]
    assert problem.check
    assert "from typing import *" in problem.prelude


def test_leetcode_rows_that_ask_for_a_class_become_sequences_of_calls():
    problem = problems("leetcode")["leetcode-small-stack"]
    assert (problem.form, problem.entry_point) == ("design", "SmallStack")
    first = problem.cases[0]
    assert (first.args, first.expected) == ((["SmallStack", "push", "least"], [[], [7], []]), [None, None, 7])


@pytest.mark.parametrize(
    "test",
    [
        {"input": '["Other"]\n[[]]', "output": "[null]"},
        {"input": '["Mean", "add"]\n[[1]]', "output": "[null, 1]"},
        {"input": '["Mean"]', "output": "[null]"},
        {"input": '["Mean"]\n[1]', "output": "[null]"},
    ],
)
def test_calls_without_arguments_or_results_are_no_row(test):
    row = row_of("leetcode", "task_id", "running-mean") | {"input_output": [test, test]}
    with pytest.raises((ValueError, TypeError)):
        SETS["leetcode"].convert(row)


# --- What all share


@pytest.mark.parametrize(
    ("outputs", "tolerance"),
    [
        (["1", "yes"], None),
        (["1.5"], 1e-5),
        (["2", "0.25 x"], 1e-5),
        (["1e-3"], 1e-5),
        (["-.5"], 1e-5),
        (["1.2.3", "a.b", "3."], None),
        (["0.5 1234567"], 1e-7),
        (["0.5 99999"], 1e-5),
    ],
)
def test_the_tolerance_follows_from_the_outputs(outputs, tolerance):
    assert float_tolerance(outputs) == (None if tolerance is None else pytest.approx(tolerance, rel=1e-9))


@given(st.integers(0, 10**15))
def test_no_whole_number_is_within_the_tolerance_of_its_neighbour(number):
    tolerance = float_tolerance(["0.5", str(number)])
    assert tolerance is not None
    assert tolerance * max(1, number) < 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "2", "2 ", "2\n"]))))
def test_every_output_of_an_input_is_kept_once(pairs):
    cases = programs([a for a, _ in pairs], [b for _, b in pairs])
    kept = {case.input: set(case.outputs) for case in cases}
    assert kept == {a: {b.strip() for x, b in pairs if x == a} for a, _ in pairs}
    assert all(len(case.outputs) == len(set(case.outputs)) for case in cases)


@pytest.mark.parametrize(
    ("results", "depth", "direct", "expected"),
    [
        ([[1], [2]], 0, False, [1, 2]),
        ([[1], [2]], 1, False, [[1], [2]]),
        ([[[1]], [[2]]], 1, True, [[1], [2]]),
        ([[[1, 2]], [[3]]], 2, False, [[[1, 2]], [[3]]]),
        ([[1], [2]], None, False, [1, 2]),
        ([[1], [2]], None, True, [[1], [2]]),
        ([[1, 2], [3]], None, False, [[1, 2], [3]]),
        ([1, [2]], 0, False, [1, [2]]),
        ([], None, False, []),
    ],
)
def test_results_are_taken_out_of_lists_of_one_where_those_are_wrapping(results, depth, direct, expected):
    assert unwrapped(results, depth, direct) == expected


@pytest.mark.parametrize(
    ("annotation", "depth"),
    [("int", 0), ("str", 0), ("List[int]", 1), ("list[list[str]]", 2), ("Optional[List[float]]", 1), ("None", 0),
     ("Tuple[int, int]", 1), ("list[int] | None", 1), ("Dict[str, int]", 0), ("list", None), ("Any", None)],
)  # fmt: skip
def test_how_deep_a_result_is_nested_is_read_off_its_annotation(annotation, depth):
    assert result_depth("f", f"def f(x) -> {annotation}:\n    ") == depth


@pytest.mark.parametrize(
    ("starter", "reference", "in_place"),
    [
        ("def f(x) -> None:\n", None, True),
        ("def f(x) -> int:\n", "def f(x):\n    x.sort()\n", False),
        ("", "def f(x) -> None:\n    x.sort()\n", True),
        ("def f(x):\n", "def f(x):\n    x.sort()\n", True),
        ("def f(x):\n", "def f(x):\n    if not x:\n        return\n    x.sort()\n", True),
        ("def f(x):\n", "def f(x):\n    def key(a):\n        return -a\n    x.sort(key=key)\n", True),
        ("def f(x):\n", "def f(x):\n    x.sort()\n    return x\n", False),
        ("def f(x):\n", "def f(x):\n    yield x\n", False),
        ("def f(x):\n", None, False),
        ("def f(x):\n", "f = sorted\n", False),
    ],
)
def test_whether_a_function_works_in_place_is_read_off_its_code(starter, reference, in_place):
    assert works_in_place("f", starter, reference) is in_place


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (
            "class Solution:\n    def f(self, a: int, b: List[int] = [1]) -> int:\n        ",
            "f(a: int, b: List[int]=[1])",
        ),
        ("def f(a,\n      b=(1, 2)):\n\t", "f(a, b=(1, 2))"),
        ("def f(*args, **kw):", "f(*args, **kw)"),
        ("def other(a):", "f(...)"),
        ("def f(a, b", "f(...)"),
    ],
)
def test_a_function_is_written_as_its_starter_has_it(code, shown):
    assert written("f", code) == shown


@given(st.text(alphabet="def f(x)[]:->,*= \n\"'#", max_size=200))
def test_any_starter_is_read_or_passed_over(code):
    function = head(code, "f")
    assert function is None or function.name == "f"


def test_a_solution_that_does_not_parse_or_run_here_is_no_reference():
    assert usable(["print 1", "import scipy"]) == (None, "")
    assert usable(["import numpy as np", "x = 1"]) == ("import numpy as np", "import numpy\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)


@pytest.mark.parametrize("name", SETS)
@given(data=st.data())
def test_a_row_with_one_odd_value_is_converted_refused_or_said_to_be_odd(name, data):
    row = dict(data.draw(st.sampled_from(rows(name))))
    key = data.draw(st.sampled_from(sorted(row)))
    value = data.draw(JSON)
    row[key] = data.draw(st.sampled_from([value, json.dumps(value)]))
    with contextlib.suppress(RowError, KeyError, *sets.ODD):
        assert isinstance(SETS[name].convert(row), Problem)
