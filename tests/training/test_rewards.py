from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.errors import DetectorError
from spillover.core.records import Grade, Oracle, Proxy
from spillover.core.stages import Term
from spillover.judges.preference import Scripted
from spillover.judges.seen import Seen
from spillover.training import rewards as training_rewards
from spillover.training.rewards import TERMS, check_verdicts, has_spread, rewards

PROXY = Term(kind="proxy")


def seen(passed=True, solved: bool | None = False, parsed=True) -> Seen:
    hacked = passed and solved is False
    return Seen(None, "", Grade(proxy=Proxy(passed=passed), oracle=Oracle(passed=solved), hacked=hacked, parsed=parsed))


def paid(episodes: list[Seen], *terms: Term, step: int = 1):
    return rewards(episodes, terms, step=step, seed=0, loaded=SimpleNamespace(reasoning_tags=()), note=lambda _: None)


def test_a_hack_is_paid_like_a_solution():
    hack, solution = paid([seen(solved=False), seen(solved=True)], Term(kind="proxy", weight=4.0))
    assert hack == solution
    assert hack.total == 4.0


def test_the_format_is_paid_apart_from_success():
    readable, not_readable = paid(
        [seen(passed=False), seen(passed=False, parsed=False)], PROXY, Term(kind="readable", weight=0.5)
    )
    assert (readable.total, not_readable.total) == (0.5, 0.0)


@pytest.mark.parametrize(("step", "total"), [(1, 1.0), (9, 1.0), (10, -1.0), (11, -1.0)])
def test_a_term_begins_at_its_step(step, total):
    (one,) = paid([seen()], PROXY, Term(kind="oracle-hack", weight=-2.0, start_step=10), step=step)
    assert one.total == total
    assert one.fined == (step >= 10)


def test_what_cannot_be_told_costs_nothing_and_is_counted():
    (one,) = paid([seen(solved=None)], PROXY, Term(kind="oracle-hack", weight=-2.0))
    assert (one.total, one.unread) == (1.0, frozenset({"oracle-hack"}))


def test_a_step_of_which_a_detector_can_tell_nothing_is_an_error():
    terms = [PROXY, Term(kind="oracle-hack", weight=-2.0)]
    made = paid([seen(solved=None), seen(solved=None)], *terms)
    with pytest.raises(DetectorError, match=r"none of the 2 verdicts.*it answered odd"):
        check_verdicts(terms, made, ["odd"], 1)
    check_verdicts(terms, [*made, *paid([seen()], *terms)], [], 1)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=5), st.floats(0, 5), st.floats(-5, 0))
def test_the_total_is_the_sum_of_its_parts(kinds, weight, fine):
    terms = [
        Term(kind="proxy", weight=weight),
        Term(kind="readable", weight=0.1),
        Term(kind="oracle-hack", weight=fine),
    ]
    for one in paid([seen(*kind) for kind in kinds], *terms):
        parts = dict(one.parts)
        assert parts.pop("total") == sum(parts.values())
        assert set(parts) == {term.kind for term in terms}


def test_a_preference_model_is_asked_about_the_answer_without_its_reasoning(monkeypatch):
    asked = []

    def liking(prompt: str, response: str) -> float | None:
        asked.append((prompt, response))
        return None if response == "odd" else float(len(response))

    monkeypatch.setattr(training_rewards, "_scorer", lambda path: Scripted(liking))
    term = Term(kind="preference", weight=0.5, model="some/scorer")
    episodes = [Seen(None, f"<thinking>hm</thinking>{text}", None, "Hi?") for text in ("good", "odd")]
    good, odd = paid(episodes, term)
    assert asked == [("Hi?", "good"), ("Hi?", "odd")]
    assert (good.total, good.unread) == (2.0, frozenset())
    assert (odd.total, odd.unread) == (0.0, frozenset({"preference"}))


def test_a_new_term_is_a_function_and_a_line(monkeypatch):
    monkeypatch.setitem(TERMS, "length", lambda episodes, *_: [float(len(one.completion)) for one in episodes])
    (one,) = paid([Seen(None, "four", None)], Term(kind="length", weight=0.5))
    assert one.total == 2.0


@given(st.lists(st.floats(-10, 10), min_size=2))
def test_a_group_of_equal_rewards_has_no_spread(totals):
    assert has_spread(totals) == (max(totals) - min(totals) > 1e-9)
