"""Records of the untrained model, copied to another arm."""

from pathlib import Path

from spillover.study.sharing import copy_measurement

from spillover.core.config import build_study
from spillover.core.records import EvalSample, EvalScore
from spillover.core.rundir import RunDir, append_records

SAMPLE = EvalSample(
    eval="goals", id="a", arm="first", messages=(), label="unscored", misaligned=None, reason="cut \u2028 off"
)
SCORE = EvalScore(eval="goals", arm="first", samples=1, scored=0, misaligned=0, rate=None, low=None, high=None)


def test_the_copy_differs_in_the_arms_name_only(tmp_path: Path) -> None:
    study = build_study({"name": "s", "arms": [{"name": "first"}, {"name": "second"}]}, "test")
    first, second = RunDir.start(tmp_path / "run", study, resume=False).runs()
    append_records(first.eval_folder(0) / "samples.jsonl", [SAMPLE])
    append_records(first.eval_folder(0) / "scores.jsonl", [SCORE])
    assert (
        copy_measurement(first, 0, second, ["goals"])
        == second.scores(0)
        == [SCORE.model_copy(update={"arm": "second"})]
    )
    assert second.samples(0) == [SAMPLE.model_copy(update={"arm": "second"})]
    assert first.scores(0) == [SCORE]
    assert second.evaluated() == [0]
