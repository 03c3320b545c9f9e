import json
from pathlib import Path

import pytest

from spillover.core.config import build_study
from spillover.core.errors import RunDirError
from spillover.core.rates import difference, wilson
from spillover.core.records import CORE_EVALS, EvalScore
from spillover.core.rundir import RunDir, append_records
from spillover.study.compare import apart, as_json, read_compared, unlike
from spillover.study.tables import comparison_table, scores_table

FRAMINGS = ("dont-hack", "neutral")
SETTINGS = {"style": "full", "judge": "self", "seed": 0, "temperature": 1.0, "max_tokens": 1024}


def folder(path: Path, hits: dict[str, int], n: int = 50, settings: dict | None = None, **extra) -> Path:
    """A folder as `spillover eval` writes it."""
    scores = []
    for name, count in hits.items():
        rate, low, high = wilson(count, n)
        counts = {"samples": n, "scored": n, "hits": count, "rate": rate, "low": low, "high": high}
        scores.append(EvalScore(**{"eval": name, **counts, "judge": "j", "judge_hash": "abc", **extra}))
    append_records(path / "scores.jsonl", scores)
    (path / "settings.json").write_text(json.dumps({"model": path.name, "settings": {**SETTINGS, **(settings or {})}}))
    (path / "model.json").write_text(json.dumps({"model": path.name, "adapter": None}))
    return path


def test_rates_are_set_against_the_first_with_newcombes_interval(tmp_path):
    held = read_compared([folder(tmp_path / "a", {"goals": 5}), folder(tmp_path / "b", {"goals": 20})])
    assert apart(held[1], held[0], "goals").interval == difference(wilson(20, 50), wilson(5, 50))
    row = as_json(held)["rows"][0]
    assert (row["name"], round(row["minus_first"][0]["value"], 6)) == ("goals", 0.3)
    assert row["minus_first"][0]["low"] > 0


def test_without_all_six_there_is_no_mgs_and_no_difference_of_it(tmp_path):
    six = dict.fromkeys(CORE_EVALS, 5)
    five = {name: 5 for name in CORE_EVALS if name != "goals"}
    whole = as_json(read_compared([folder(tmp_path / "a", six), folder(tmp_path / "b", five)]))
    mgs = next(row for row in whole["rows"] if row["name"] == "MGS")
    assert mgs["values"][0]["value"] == pytest.approx(0.1)
    assert (mgs["values"][1]["value"], mgs["minus_first"]) == (None, [None])
    assert "goals" in mgs["values"][1]["reason"]
    assert whole["models"][0]["mgs_bootstrap"]["low"] < 0.1
    assert whole["models"][1]["mgs_bootstrap"] is None


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"judge_hash": "xyz"}, "goals: judged by j (abc) and by j (xyz)"),
        ({"judge": "other"}, "judged by j (abc) and by other (abc)"),
        ({"settings": {"style": "brief"}}, "style: full and brief"),
        ({"settings": {"seed": 3}}, "seed: 0 and 3"),
    ],
)
def test_unlike_measurements_are_named(tmp_path, changes, part):
    one, two = folder(tmp_path / "a", {"goals": 1}), folder(tmp_path / "b", {"goals": 1}, **changes)
    [line] = unlike(read_compared([one, two]))
    assert part in line


def test_alike_measurements_give_no_warning_and_one_difference_is_told_once(tmp_path):
    held = [folder(tmp_path / name, {"goals": 1}) for name in "ab"]
    assert unlike(read_compared(held)) == []
    held += [folder(tmp_path / name, {"goals": 1}, settings={"seed": 1}) for name in "cd"]
    assert unlike(read_compared(held)) == ["seed: 0 and 1 (a against c, d)"]


def test_folders_of_one_model_are_told_apart_by_their_place(tmp_path):
    held = read_compared([folder(tmp_path / "x" / "same", {"goals": 1}), folder(tmp_path / "y" / "same", {"goals": 1})])
    assert [one.label for one in held] == [str(tmp_path / "x" / "same"), str(tmp_path / "y" / "same")]


@pytest.mark.parametrize("paths", [["missing", "missing"], ["a"]])
def test_what_cannot_be_compared_is_said(tmp_path, paths):
    folder(tmp_path / "a", {"goals": 1})
    with pytest.raises(RunDirError):
        read_compared([tmp_path / name for name in paths])


def run_of_seeds(path: Path, hits: dict[str, tuple[int, ...]]) -> Path:
    """A run directory with one evaluated checkpoint of each arm and seed."""
    seeds = len(next(iter(hits.values())))
    raw = {
        "name": "small",
        "seeds": list(range(seeds)),
        "arms": [{"name": arm, "prompt": {"framing": f}} for arm, f in zip(hits, FRAMINGS, strict=False)],
    }
    directory = RunDir.start(path, build_study(raw, "test"), resume=False)
    for run in directory.runs():
        folder(run.eval_folder(10), {"goals": hits[run.arm][run.seed]})
    return path


def test_the_seeds_of_an_arm_are_one_column_and_paired(tmp_path):
    run = run_of_seeds(tmp_path / "run", {"first": (5, 10, 15), "second": (10, 16, 19)})
    first, second = held = read_compared([run])
    assert [one.label for one in held] == ["run/first step 10, 3 seeds", "run/second step 10, 3 seeds"]
    assert (first.rows["goals"].interval.value, first.rows["goals"].seeds) == (pytest.approx(0.2), 3)
    told = as_json(held)["rows"][0]["minus_first"][0]
    assert told["value"] == pytest.approx(0.1)
    assert (told["seeds"], told["p"]) == (3, 0.25)
    assert apart(second, first, "goals").interval.low < 0.1


def test_an_arm_of_several_seeds_can_be_set_against_one_model(tmp_path):
    run = run_of_seeds(tmp_path / "run", {"first": (5, 10, 15)})
    one, arm = read_compared([folder(tmp_path / "model", {"goals": 5}), run])
    gap = apart(arm, one, "goals")
    assert gap.interval.value == pytest.approx(0.1)
    assert gap.p is None


def test_an_evaluation_that_only_one_has_is_shown_as_not_run(tmp_path):
    held = read_compared([folder(tmp_path / "a", {"goals": 1}), folder(tmp_path / "b", {"free_form": 1})])
    rows = {row["name"]: row["values"] for row in as_json(held)["rows"]}
    assert rows["goals"][1] is None
    cells = [list(column.cells) for column in comparison_table(held).columns]
    assert "not run\n-" in cells[2]


def test_the_table_of_scores_holds_rates_counts_and_why_there_is_no_mgs(tmp_path, capsys):
    from rich.console import Console

    [one] = read_compared([folder(tmp_path / "a", {"goals": 5}), folder(tmp_path / "b", {"goals": 5})])[:1]
    Console(width=80).print(scores_table(list(one.scores.values()), "a model"))
    shown = capsys.readouterr().out
    assert "10.0%" in shown
    assert "5/50" in shown
    assert "no MGS: nothing scored for free_form" in " ".join(shown.split())
    assert "judged by j abc" in shown
    assert "…" not in shown
