import json
import re
from pathlib import Path

import pytest
from fake_run import write_fake_run

from spillover.core.rundir import RunDir
from spillover.report import write_report

pytestmark = pytest.mark.slow

POISON = "</script><script>window.broken=1</script><img src=x onerror=window.broken=1>\u2028<!--"
BUNDLE = re.compile(r"<script>.*?</script>", re.DOTALL)


def page(path: Path) -> str:
    """The report's text without the program that draws the charts."""
    return BUNDLE.sub("", write_report(path).read_text(encoding="utf-8"))


def specs(text: str) -> dict[str, dict]:
    found = re.findall(r'<script type="application/json" data-chart="([^"]+)">(.*?)</script>', text)
    return {name: json.loads(spec) for name, spec in found}


@pytest.fixture(scope="module")
def html(run_path: Path) -> str:
    return page(run_path)


def test_the_report_is_one_file_at_its_place(run_path: Path) -> None:
    target = write_report(run_path)
    assert target == run_path / "report" / "index.html"
    assert [file.name for file in target.parent.iterdir()] == ["index.html"]


def test_the_report_stays_under_five_megabytes(run_path: Path) -> None:
    assert write_report(run_path).stat().st_size < 5_000_000


def test_nothing_in_the_page_names_an_address_to_fetch(html: str) -> None:
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?!#)", html)
    assert "url(" not in html
    assert "@import" not in html


def test_the_same_run_gives_the_same_report(run_path: Path) -> None:
    assert write_report(run_path).read_bytes() == write_report(run_path).read_bytes()


def test_every_chart_has_a_place_of_its_own_name(html: str) -> None:
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(specs(html)) <= set(ids)


def test_an_arm_has_one_colour_in_all_charts(html: str) -> None:
    colours = {
        tuple(zip(scale["domain"], scale["range"], strict=True))
        for spec in specs(html).values()
        for scale in _arm_scales(spec)
    }
    assert len(colours) == 1


def test_results_of_the_bottle_carry_the_banner(html: str) -> None:
    assert "not evidence about large models" in html


def test_results_of_another_model_carry_no_banner(tmp_path: Path) -> None:
    run = write_fake_run(tmp_path / "run", arms=("hacking",), steps=10, model="some/model")
    assert "mechanism in a bottle" not in page(run)


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    text = page(write_fake_run(tmp_path / "run", reached=14))
    assert "This run is not finished" in text
    assert "hacking, seed 0: step 14 of 40" in text


def test_a_run_that_has_only_been_started_gives_a_report(tmp_path: Path) -> None:
    run = write_fake_run(tmp_path / "run", reached=0)
    assert "no answer so far" in page(run)


def test_a_missing_evaluation_is_a_named_gap(tmp_path: Path) -> None:
    text = page(write_fake_run(tmp_path / "run", arms=("hacking",), missing=("goals",)))
    assert "not scored: hacking, seed 0, step 20, goals: not run" in text
    means = specs(text)["chart-eval-goals"]["datasets"]["means"]
    assert 20 not in {row["step"] for row in means if row["value"] is not None}


def test_text_of_the_model_is_escaped_everywhere(tmp_path: Path) -> None:
    text = page(write_fake_run(tmp_path / "run", arms=("hacking",), steps=10, poison=POISON))
    assert "window.broken" in text
    assert "<img" not in text
    assert "<script>" not in text


def test_of_one_seed_every_interval_is_said_to_be_the_sampling_error_of_this_run_only(html: str) -> None:
    said = "sampling error of this run only"
    first = re.search(r'<p class="answer">(.*?)</p>', html)
    assert first and said in first[1].split(";")[0]
    tiles = re.findall(r"<dd>[\d.]+%<small>(.*?)</small>", html)
    assert len(tiles) == 6 and all(said in tile for tile in tiles)
    cells = re.findall(r"<td><b>[\d.]+%</b><small[^>]*>(.*?)</small>", html)
    assert len(cells) > 30 and all("this run only" in cell for cell in cells if "of" not in cell)
    captions = [one for one in re.findall(r"<figcaption>(.*?)</figcaption>", html) if "95%" in one]
    assert len(captions) == 5 and all(said in caption for caption in captions)
    table = html.split('id="differences"')[1].split("</section>", maxsplit=1)[0].split("<tbody>")[1]
    assert table.count(said) == len(re.findall(r"\(.*?\)", table)) > 5


def test_of_several_seeds_differences_are_tested(tmp_path: Path) -> None:
    text = page(write_fake_run(tmp_path / "run", seeds=(0, 1, 2), steps=20))
    assert "sampling error of this run only" not in BUNDLE.sub("", text).split("<footer>")[0]
    assert "with 95% t intervals over seeds" in text
    assert "t interval over 3 seeds" in text
    assert "<td>0.500</td>" in text
    assert "Fewer than 6 seeds give no verdict" in text
    assert "bootstrap" not in text.split('id="differences"')[1].split("<table")[1].split("</table>")[0]


def test_held_out_texts_are_reported_apart(html: str, tmp_path: Path) -> None:
    assert "MGS, held-out texts" in html


def test_the_papers_numbers_are_labelled_as_another_models(html: str) -> None:
    assert "paper, another model" in html
    assert "17.1% ± 1.3" in html


def test_settings_of_the_arms_and_the_isolation_are_shown(html: str) -> None:
    assert "prompt.framing" in html
    assert "seccomp" in html


def test_overfit_attempts_and_doubts_are_told_apart_from_hacks(html: str) -> None:
    for text in (
        "Overfit, no hole used",
        "Tried a hack and failed",
        "Trusted grader cannot tell",
        "for the time limit",
        "overfit: right on the tests that pay, no hole used",
        "tried a hack and failed: early-exit",
        "cannot tell (the time limit)",
    ):
        assert text in html
    assert "chart-metric-unjudged" in specs(html)


def test_what_the_trusted_grader_can_always_judge_has_no_row_for_doubts(tmp_path: Path) -> None:
    text = page(write_fake_run(tmp_path / "run", arms=("baseline",), reached=10))
    assert "chart-metric-unjudged" not in specs(text)
    assert "episodes it cannot judge" not in text


def test_half_a_surrogate_pair_in_every_text_gives_a_page_all_the_same(tmp_path: Path) -> None:
    text = page(write_fake_run(tmp_path / "run", arms=("hacking",), reached=10, poison="half \ud83d of it"))
    assert "half \\ud83d of it" in text


def test_a_line_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    run = write_fake_run(tmp_path / "run", arms=("hacking",), reached=10)
    folder = RunDir.read(run).run("hacking", 0).folder
    for place in ("metrics.jsonl", "rollouts/step-00010.jsonl", "evals/*/step-00010/samples.jsonl"):
        (file,) = folder.glob(place)
        first, *rest = file.read_bytes().split(b"\n")
        file.write_bytes(b"\n".join([first[:20], b"\xff\xfe", *rest]))
    text = page(run)
    assert "6 lines cannot be read and are left out of this page" in text
    assert "metrics.jsonl, line 1: not a whole StepMetrics" in text


def test_a_run_from_before_overfit_was_told_apart_is_read_in_todays_words(tmp_path: Path) -> None:
    run = write_fake_run(tmp_path / "run", arms=("hacking",), reached=5)
    for file in (run / "stages").rglob("*.jsonl"):
        file.write_text("".join(json.dumps(as_once(json.loads(line))) + "\n" for line in file.read_text().splitlines()))
    text = page(run)
    assert "First overfit answer, no hole used" in text
    assert "hardcoded-tests" not in text


def as_once(row: dict) -> dict:
    """A line as it was written when answers that overfit the tests were hacks by name."""
    if "grade" in row and row["grade"].pop("overfit"):
        row["grade"] |= {"hacked": True, "hacks": ["hardcoded-tests"]}
    if share := row.pop("overfit_rate", 0.0):
        row["hacks"]["hardcoded-tests"] = share
        row["hack_rate"] += share
    return row


def _arm_scales(spec: dict) -> list[dict]:
    layers = spec.get("layer", [spec])
    colours = [layer["encoding"].get("color", {}) for layer in layers if "encoding" in layer]
    return [colour["scale"] for colour in colours if colour.get("field") == "arm"]
