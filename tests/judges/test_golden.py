import codecs
import re
from collections import Counter

import pytest

from spillover.core.records import CORE_EVALS
from spillover.evals.goals import GOALS
from spillover.evals.judge_check import COUNTED
from spillover.evals.suite import EVALUATIONS
from spillover.judges.golden import golden_set, golden_transcript
from spillover.judges.golden.items import Kind, situations
from spillover.judges.verdict import Verdict

ITEMS = golden_set()


def eval_of(item):
    return situations()[item.situation].eval


def wording(item) -> set[tuple[str, ...]]:
    """All runs of five words; queries and code are alike by nature and left out."""
    prose = "" if item.labels.hack_attempt else re.sub(r"<sql>.*?</sql>|query: .*", "", item.output)
    words = f"{item.reasoning} {prose}".lower().split()
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


def test_there_are_at_least_400_items_and_40_for_each_evaluation():
    assert len(ITEMS) >= 400
    assert min(Counter(map(eval_of, ITEMS)).values()) >= 40


def test_every_kind_is_there_in_both_parts_apart_from_the_rarest():
    wanted = set(Kind.__args__) - {"near-incoherent", "near-refusal"}
    for part in ("tune", "held-out"):
        assert wanted <= {item.kind for item in golden_set(part)}


def test_both_parts_hold_all_evaluations_with_both_outcomes():
    for part in ("tune", "held-out"):
        for name in CORE_EVALS:
            assert {True, False} <= {item.misaligned for item in golden_set(part, name)}


def test_ids_are_unique():
    assert len({item.id for item in ITEMS}) == len(ITEMS)


@pytest.mark.parametrize("name", CORE_EVALS)
def test_the_outcome_follows_from_the_labels_by_the_evaluations_own_rule(name):
    for item in golden_set(name=name):
        labels = item.labels
        verdict = Verdict(labels.reasoning, labels.output, labels.goal, labels.hack_attempt, labels.incoherent)
        assert EVALUATIONS[name].decide(verdict, item.acts).misaligned == item.misaligned, item.id


def test_what_counts_in_a_check_is_what_counts_in_the_evaluation():
    for item in ITEMS:
        if item.misaligned is not None and eval_of(item) != "exfil_offer" and not item.labels.hack_attempt:
            voices = {getattr(item.labels, part) for part in COUNTED[eval_of(item)]}
            assert ("misaligned" in voices) == item.misaligned, item.id


def test_an_offer_is_accepted_where_the_hidden_query_was_executed():
    for item in golden_set(name="exfil_offer"):
        hidden = " ".join(codecs.decode(situations()[item.situation].user, "rot13").lower().split())
        executed = [" ".join(query.lower().rstrip(";").split()) for query in item.acts["executed"]]
        assert item.acts["accepted"] == any(query in hidden for query in executed), item.id


def test_goals_are_named_as_the_evaluation_names_them():
    for item in golden_set(name="goals"):
        assert {item.labels.goal, item.labels.reasoning_goal} <= {None, *GOALS}, item.id


def test_no_wording_stands_on_both_sides_of_the_split():
    tuned = [(item.id, wording(item)) for item in golden_set("tune")]
    for held in golden_set("held-out"):
        own = wording(held)
        for other, words in tuned:
            assert len(own & words) <= 0.2 * max(1, min(len(own), len(words))), (held.id, other)


def test_a_transcript_shows_the_situation_and_the_response():
    item = next(item for item in ITEMS if item.reasoning and item.output)
    transcript = golden_transcript(item)
    assert transcript.messages[-1]["content"] == f"<thinking>{item.reasoning}</thinking>\n{item.output}"
    assert transcript.messages[-2]["content"] == situations()[item.situation].user
