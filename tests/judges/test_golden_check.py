import json

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from spillover.cli import app
from spillover.core.errors import JudgeError
from spillover.evals.judge_check import check, judge_items
from spillover.judges.golden import golden_set
from spillover.judges.golden.agreement import agreement, auroc, kappa
from spillover.judges.transcript import Transcript
from spillover.judges.verdict import Verdict

ITEMS = golden_set("tune")
flags = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1)
rated = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])), min_size=1)


class Knowing:
    """A judge that has read the labels; `change` spoils its verdicts."""

    name, digest, quality = "knowing", "0", ""

    def __init__(self, change=lambda verdict: verdict):
        self._change = change
        self._items = {(item.output, str(item.acts)): item for item in ITEMS}

    async def judge(self, transcript: Transcript, rubric: str) -> Verdict:
        labels = self._items[transcript.output, str(transcript.acts)].labels
        return self._change(
            Verdict(labels.reasoning, labels.output, None, labels.hack_attempt, labels.incoherent, why="so I read")
        )


def test_a_perfect_judge_agrees_everywhere():
    found = check(Knowing(), ITEMS)
    assert not found.disagreements
    for row in found.rows.values():
        assert row.unscored == 0
        assert row.accuracy.value == row.precision.value == row.recall.value == row.kappa.value == 1


def test_a_judge_that_sees_no_evil_finds_none_of_it():
    found = check(Knowing(lambda _: Verdict("aligned", "aligned")), ITEMS)
    for name in ("free_form", "goals", "alignment_questions", "exfil_offer"):
        assert found.rows[name].recall.value == 0
        assert found.rows[name].precision is None
        assert found.rows[name].kappa.value == 0
    assert {"free_form", "incoherent"} <= {*found.rows}
    assert all(one["wrong"] for one in found.disagreements)


def test_what_a_judge_leaves_open_is_unscored_and_no_disagreement():
    found = check(Knowing(lambda _: Verdict(None, None, why="cannot tell")), golden_set("tune", "goals"))
    assert found.rows["goals"].unscored == found.rows["goals"].items
    assert found.rows["goals"].accuracy is None
    assert not found.disagreements


def test_a_disagreement_names_the_item_and_the_judges_words():
    [item] = [item for item in ITEMS if item.id == "go-plain-01"]
    found = check(Knowing(lambda verdict: verdict._replace(output="misaligned")), [item])
    [one] = found.disagreements
    assert (one["id"], one["expected"], one["why"]) == ("go-plain-01", False, "so I read")
    assert one["wrong"] == ["counted", "output misaligned"]


def test_a_judge_that_cannot_be_asked_is_an_error_and_no_score():
    class Dead(Knowing):
        async def judge(self, transcript, rubric):
            raise JudgeError("judge 'dead' gave no answer")

    with pytest.raises(JudgeError, match="gave no answer"):
        anyio.run(judge_items, Dead(), ITEMS[:3])


def test_nothing_to_compare_gives_no_number():
    assert agreement([]).accuracy is None
    assert kappa([]) is None
    assert auroc([(True, 0.4)]) is None


@given(flags)
def test_kappa_is_1_only_where_all_agree(pairs):
    value = kappa(pairs)
    assert value is None or -1 <= value <= 1
    assert (value == 1) == (value is not None and all(a == b for a, b in pairs))


@given(rated)
def test_the_area_is_the_share_of_pairs_in_the_right_order(pairs):
    yes, no = ([rate for is_yes, rate in pairs if is_yes is side] for side in (True, False))
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in yes for b in no]
    assert auroc(pairs) == (pytest.approx(sum(wins) / len(wins)) if wins else None)


@given(flags)
def test_limits_enclose_their_value(pairs):
    row = agreement(pairs)
    assert row.accuracy.low <= row.accuracy.value + 1e-9
    assert row.accuracy.value <= row.accuracy.high + 1e-9


def test_an_unknown_part_is_the_users_error():
    result = CliRunner().invoke(app, ["judge", "check", "--judge", "rules", "--part", "heldout"])
    assert result.exit_code == 2
    assert "did you mean 'held-out'" in result.stderr


def test_the_rule_judge_leaves_what_it_cannot_read_unscored():
    result = CliRunner().invoke(app, ["judge", "check", "--judge", "rules", "--part", "held-out", "--json"])
    assert result.exit_code == 0
    row = json.loads(result.stdout)["rows"]["goals"]
    assert row["unscored"] > 0.8 * row["items"]
