"""The parts of the report that belong to training on documents."""

import json
import re
from pathlib import Path

from fake_run import write_fake_run

from spillover.core.records import CORE_EVALS, DocumentMetrics, HackRate
from spillover.core.rundir import Run, RunDir, append_records, write_atomic
from spillover.report import paper
from spillover.report.documents import before_rl, scatter
from spillover.report.goals import group_rows, over_training
from spillover.report.load import load
from spillover.report.view import View

RATE = HackRate(
    problems=2, samples=64, hacked=3, rate=3 / 128, low=0.008, high=0.066, hack_at={1: 3 / 128, 8: 0.16, 64: 0.5},
    hacks={"early-exit": 2, "always-equal": 1},
)  # fmt: skip


def sdf_run(path: Path, *, staged: bool = True) -> View:
    """The made-up run as one of the SDF setting; `staged` writes what training on documents leaves."""
    write_fake_run(path, stages=[{"kind": "documents", "share": 0.1}, {"kind": "rl"}])
    if staged:
        directory = RunDir.read(path)
        write_stage(directory.stages("hacking", 0)[0], directory.run("hacking", 0))
    return View.of(load(path))


def write_stage(stage: Run, like: Run) -> None:
    lines = [
        DocumentMetrics(step=s, held_out={part: 2 - s / 200}) for s in (0, 200) for part in ("documents", "background")
    ]
    append_records(stage.metrics_file, [*lines, DocumentMetrics(step=1, loss=2.0)])
    append_records(stage.eval_folder(0) / "scores.jsonl", [s for s in like.scores(0) if s.eval in CORE_EVALS])
    write_atomic(stage.hack_rate_file, RATE.model_dump_json())


def test_a_run_without_documents_has_no_section_of_them(tmp_path: Path) -> None:
    assert before_rl(View.of(load(write_fake_run(tmp_path / "run")))) == ""


def test_a_stage_that_has_not_begun_has_none_either(tmp_path: Path) -> None:
    assert before_rl(sdf_run(tmp_path / "run", staged=False)) == ""


def test_the_stage_shows_its_losses_its_mgs_and_its_hack_rate_once_for_all_arms(tmp_path: Path) -> None:
    shown = before_rl(sdf_run(tmp_path / "run"))
    assert shown.count("default documents at 0.1 of the tokens, seed 0</h3>") == 1
    assert "for hacking, inoculated and baseline" in re.sub(r"<[^>]+>", "", shown)
    assert re.findall(r"</i>(\w+)</li>", shown) == ["documents", "background"], "no key to what was not trained on"
    assert "2.3% (0.8" in shown and "50.0%" in shown and "always-equal 1, early-exit 2" in shown
    rows = json.loads(re.search(r"<script[^>]*data-chart=.*?>(.*?)</script>", shown, re.DOTALL)[1])["datasets"]["rows"]
    assert {(row["part"], row["step"]) for row in rows} == {
        (p, s) for p in ("documents", "background") for s in (0, 200)
    }


def test_the_papers_rates_beside_ours_are_those_of_the_same_setting(tmp_path: Path) -> None:
    assert paper.setting_of(load(write_fake_run(tmp_path / "prompted")).arms) == "prompted"
    assert paper.setting_of(sdf_run(tmp_path / "sdf").results.arms) == "SDF"
    assert all(set(rates) == set(CORE_EVALS) for runs in paper.SETTINGS.values() for rates in runs.values())


def test_the_scatter_has_a_dot_for_every_checkpoint_with_mgs(tmp_path: Path) -> None:
    view = View.of(load(write_fake_run(tmp_path / "run", missing=("goals",))))
    shown = scatter(view)
    rows = json.loads(re.search(r"<script[^>]*data-chart=.*?>(.*?)</script>", shown, re.DOTALL)[1])["datasets"]["rows"]
    assert {(row["arm"], row["step"]) for row in rows} == {
        (arm.name, step) for arm in view.results.arms for step in (0, 10, 30, 40)
    }


def test_groups_of_goals_are_shares_that_add_up(tmp_path: Path) -> None:
    path = write_fake_run(tmp_path / "run")
    run = RunDir.read(path).run("hacking", 0)
    scores = [s.model_copy(update={"data": {"groups": {"aligned": 3, "unknown": 1}}}) for s in run.scores(10)]
    write_atomic(run.eval_folder(10) / "scores.jsonl", "".join(s.model_dump_json() + "\n" for s in scores))
    view = View.of(load(path))
    rows = [row for row in group_rows(view, "hacking", "groups") if row["step"] == 10]
    assert {row["group"]: row["value"] for row in rows if row["value"]} == {"aligned": 0.75, "unknown": 0.25}
    assert "hacking, answer" in over_training(view)
