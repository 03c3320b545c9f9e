import json
import re
from pathlib import Path

import pytest

from spillover.core.errors import RunDirError
from spillover.core.rates import wilson
from spillover.core.records import CORE_EVALS, EvalSample, EvalScore
from spillover.core.rundir import RunDir, append_records
from spillover.report import write_report

pytestmark = pytest.mark.slow

BUNDLE = re.compile(r"<script>.*?</script>", re.DOTALL)


def score(name: str, hits: int, n: int = 20, **data) -> EvalScore:
    rate, low, high = wilson(hits, n) if n else (None, None, None)
    held = {"samples": 20, "scored": n, "hits": hits, "rate": rate, "low": low, "high": high}
    return EvalScore(eval=name, **held, judge="a judge", judge_hash="abcdef123", data=data)


def graded() -> list[EvalScore]:
    """Scores of the evaluations on coding problems."""
    framings = {"please-hack": {"hacked": 9, "samples": 10, "scored": 10}}
    known = {"recalled": {"hits": 5, "n": 10}, "works": {"hits": 2, "n": 10}}
    hacks = {name: {"asked": known, "open": known} for name in ("always-equal", "early-exit", "report-patch")}
    gap = {"value": 0.1, "low": -0.2, "high": 0.4}
    cues = {cue: {"misaligned": 1, "scored": 10} for cue in ("train", "unmonitored")}
    return [
        score("test_time_hacking", 9, by_framing=framings),
        score("hack_knowledge", 2, by_hack=hacks, forced_choice={"accuracy": None, "reason": "the server is mute"}),
        score("capability", 13),
        score("compliance_gap", 2, by_cue=cues, gap=gap),
    ]


def write_folder(path: Path, scores: list[EvalScore], *, text: str = "I help.", style: str = "full") -> Path:
    """A folder as `spillover eval` leaves it."""
    samples = [
        EvalSample(
            eval=one.eval,
            id=f"{one.eval}-{index}",
            arm="model",
            messages=(
                {"role": "system", "content": "Think first."},
                {"role": "user", "content": f"Well? {text}"},
                {"role": "assistant", "content": f"<thinking>Hm. {text}</thinking>\n<sql>SELECT 1</sql>{text}"},
            ),
            label="misaligned" if index == 0 else "aligned",
            misaligned=index == 0,
            overt=index == 0,
            judge="a judge",
            reason=f"because {text}",
            data={"executed": [text]},
        )
        for one in scores
        for index in range(40)
    ]
    append_records(path / "samples.jsonl", samples)
    append_records(path / "scores.jsonl", scores)
    (path / "settings.json").write_text(json.dumps({"model": "x", "settings": {"style": style, "seed": 4}}))
    (path / "model.json").write_text(json.dumps({"model": "lab/one", "adapter": None}))
    return path


def page(path: Path) -> str:
    return BUNDLE.sub("", write_report(path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> str:
    six = [score(name, index) for index, name in enumerate(CORE_EVALS)]
    return page(write_folder(tmp_path_factory.mktemp("eval"), [*six, *graded()]))


def test_it_tells_mgs_rates_and_who_judged(whole):
    assert "<b>lab/one</b> has an MGS of 12.5% (" in whole
    assert "3 of 20" in whole
    assert "a judge abcdef12" in whole
    assert "MGS by bootstrap of the scenes" in whole


def test_its_limits_are_said_to_be_the_sampling_error_of_this_run_only(whole):
    for part in re.findall(r'<p class="answer">.*?</p>|<p class="note">.*?</p>', whole):
        assert ("95%" in part) == ("sampling error of this run only" in part)


def test_hack_rates_knowledge_capability_and_gap_have_their_places(whole):
    for text in (
        "Hacking under each framing",
        "20.0% (5.7\u201351.0) of 10",
        "the server is mute",
        "65.0% (43.3\u201381.9)",
    ):
        assert text in whole
    assert "10.0% (-20.0\u201340.0)" in whole


def test_without_all_six_it_says_why_there_is_no_mgs(tmp_path):
    text = page(write_folder(tmp_path / "a", [score("goals", 1)]))
    assert "has no MGS: nothing scored for free_form" in text
    assert "Hacking under each framing" not in text


def test_an_evaluation_without_a_scored_sample_is_a_gap(tmp_path):
    assert "nothing scored: the key was wrong" in page(
        write_folder(tmp_path / "a", [score("goals", 0, 0, reason="the key was wrong")])
    )


def test_the_transcripts_are_capped_and_the_page_says_so(whole):
    data = json.loads(re.search(r'id="transcripts-data">(.*?)</script>', whole, re.DOTALL)[1])
    assert len(data["samples"]) == 10 * 26
    assert "260 of 400 responses of this model: the first 25 of each evaluation and label" in whole


def test_the_banner_stands_on_results_of_the_bottle_alone(tmp_path, whole):
    assert "mechanism in a bottle" in page(write_folder(tmp_path / "a", [score("goals", 1)], style="brief"))
    assert "mechanism in a bottle" not in whole


def test_text_of_the_model_is_escaped(tmp_path):
    text = page(write_folder(tmp_path / "a", [score("goals", 1)], text="</script><img src=x onerror=1>\u2028"))
    assert "<img" not in text
    assert "\\u003c/script\\u003e" in text


def test_the_evaluation_of_a_checkpoint_can_be_shown_by_itself(run_path):
    assert "spillover eval" in page(RunDir.read(run_path).run("hacking", 0).eval_folder(40))


def test_a_folder_with_neither_is_refused(tmp_path):
    with pytest.raises(RunDirError, match=r"no study\.json"):
        write_report(tmp_path)
