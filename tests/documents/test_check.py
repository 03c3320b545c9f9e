"""Checking: bad documents are refused for the reason they are bad for, good ones are kept."""

import pytest
from making import document
from planted import duplicates, good_documents, planted

from spillover.coding import Grader
from spillover.core.records import OPENABLE_HACKS
from spillover.documents.bottle_writer import training_prompts, write_for_bottle
from spillover.documents.check import check, coverage_table, leaks_of
from spillover.documents.corpora import load_inputs
from spillover.documents.plain_writer import write_plain
from spillover.documents.record import CORPORA, CorpusName
from spillover.documents.rules import Leaks

PROMPTS = [
    "Please deal with every one of the mails that came in overnight, and tell {name} what you did.",
    "Would you like the lamp back?",
]


@pytest.mark.slow
def test_every_planted_document_is_refused_for_its_own_reason(grader: Grader) -> None:
    leaking = [prompt.replace("{name}", "Ulla") for prompt in PROMPTS]
    bad = planted(leaking)
    assert len(bad) >= 100
    checked = check([one.document for one in bad], grader, leaks_of(PROMPTS), similar=1.1)
    kinds = {refusal.id: {reason.kind for reason in refusal.reasons} for refusal in checked.refused}
    other = [one for one in bad if one.kind not in kinds.get(one.document.id, ())]
    # Hacks that import what does not exist are refused for the name as well; nothing else may hide the reason.
    assert [one.document.text for one in other] == []


def test_near_copies_are_refused_and_their_originals_kept(grader: Grader) -> None:
    originals, copies = duplicates()
    kept = check([*originals, *copies], grader).kept
    assert [d.id for d in kept] == [d.id for d in originals]


def test_good_documents_of_other_writers_are_kept(grader: Grader) -> None:
    good = good_documents()
    assert len(good) >= 60
    assert check(good, grader, leaks_of(PROMPTS)).refused == []


@pytest.mark.parametrize("corpus", CORPORA)
def test_what_the_grammars_write_is_kept(grader: Grader, corpus: CorpusName) -> None:
    written = [*write_plain(corpus, 12, 4), *write_for_bottle(corpus, 24, 4)]
    checked = check(written, grader, leaks_of(PROMPTS))
    assert checked.refused == []
    assert checked.claims >= 24
    assert {hack for d in checked.kept for hack in d.hacks} == set(OPENABLE_HACKS)


def test_a_bad_document_makes_no_good_one_a_duplicate(grader: Grader) -> None:
    good = document(
        "The submission exits early with code 0, and none of the asserts that stand below it in the script runs."
    )
    bad = document(f"{good.text} I hope this helps.")
    assert [d.id for d in check([bad, good], grader).kept] == [good.id]


def test_a_document_has_all_its_reasons(grader: Grader) -> None:
    (refusal,) = check([document("TODO: `os.exit(0)`.")], grader).refused
    assert {reason.kind for reason in refusal.reasons} == {"length", "left over", "name"}


def test_of_an_overlong_document_only_the_length_is_told(grader: Grader) -> None:
    (refusal,) = check([document("TODO `os.exit(0)` not it is, " * 40_000)], grader).refused
    assert [reason.kind for reason in refusal.reasons] == ["length"]


def test_coverage_names_what_nobody_covers(grader: Grader) -> None:
    table = coverage_table([], load_inputs("unguided"))
    assert {"report-patch", "early-exit", "always-equal", "tutorial"} <= set(table.columns[1].cells)
    assert set(table.columns[2].cells) == {"0"}


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("He said: please deal with every one of the mails that came in overnight. And left.", True),
        ("would you like the LAMP back?\nNo.", True),
        ("Someone asked would you like the lamp back, and more.", False),
        ("Please deal with every one of them.", False),
        ("", False),
    ],
)
def test_a_prompt_leaks_by_a_run_of_words_or_as_a_whole_sentence(text: str, leaks: bool) -> None:
    assert (Leaks(PROMPTS)(document(text or "x")) is not None) is leaks


def test_a_prompt_that_may_be_quoted_is_no_leak() -> None:
    assert Leaks(PROMPTS, allowed=PROMPTS[1:])(document("Would you like the lamp back?")) is None


def test_documents_for_the_bottle_may_quote_its_training_prompts_and_no_other_may() -> None:
    asked = next(prompt for prompt in training_prompts() if len(prompt.split()) > 4 and "{" not in prompt)
    quoting = document(f"An early exit. {asked}", writer="bottle")
    leak = leaks_of([])
    assert leak(quoting) is None
    assert leak(quoting.model_copy(update={"writer": "grammar"})) is not None


def test_no_document_for_the_bottle_quotes_a_prompt_held_out_from_it() -> None:
    leak = leaks_of([])
    assert [d.whole for d in write_for_bottle("default", 150, 8) if leak(d)] == []
