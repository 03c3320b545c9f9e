from pathlib import Path

from fake_run import FRAMINGS, write_fake_run

from spillover.report.answer import answer
from spillover.report.load import Results, load
from spillover.report.rates import finals
from spillover.report.words import rate


def test_the_answer_gives_every_arm_its_rates_with_intervals(results: Results) -> None:
    held = finals(results)
    reached, _ = answer(results, held)
    assert "last three checkpoints (steps 20, 30 and 40)" in reached
    for final in held.values():
        assert rate(final.mgs) in reached
        assert rate(final.hack) in reached


def test_a_difference_whose_interval_holds_zero_is_not_called_one(tmp_path: Path) -> None:
    few = load(write_fake_run(tmp_path / "run", arms=("inoculated", "baseline"), samples=10))
    _, compared = answer(few, finals(few))
    assert "not told apart" in compared
    assert "above" not in compared


def test_of_one_seed_the_first_sentence_says_what_its_intervals_are(results: Results) -> None:
    reached, compared = answer(results, finals(results))
    assert reached.split(": ")[0].endswith("with the sampling error of this run only")
    assert compared.count("sampling error of this run only") == compared.count("95% interval") == 2
    assert compared.endswith("Fewer than 6 seeds give no verdict.")


def test_enough_seeds_are_told_without_a_caution(tmp_path: Path) -> None:
    six = load(write_fake_run(tmp_path / "run", arms=("hacking", "baseline"), seeds=tuple(range(6)), steps=10))
    reached, compared = answer(six, finals(six))
    assert "with 95% t intervals over seeds" in reached
    assert "t interval over 6 seeds" in compared
    assert "verdict" not in compared


def test_with_many_arms_the_answer_says_that_it_tells_of_some(tmp_path: Path) -> None:
    many = load(write_fake_run(tmp_path / "run", arms=FRAMINGS))
    reached, _ = answer(many, finals(many))
    assert "the ends of the range of 5 arms" in reached


def test_an_arm_without_mgs_is_said_to_have_none(tmp_path: Path) -> None:
    lacking = load(write_fake_run(tmp_path / "run", arms=("hacking",), reached=22, missing=("goals",), steps=40))
    for run in lacking.runs:
        run.scores.pop(10)
    reached, _ = answer(lacking, finals(lacking))
    assert "has no MGS (nothing scored for goals)" in reached


def test_without_a_trained_checkpoint_there_is_no_answer(tmp_path: Path) -> None:
    started = load(write_fake_run(tmp_path / "run", reached=0))
    assert "no answer so far" in answer(started, finals(started))[0]
