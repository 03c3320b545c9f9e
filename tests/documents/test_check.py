"""Checking: bad documents are refused for the reason they are bad for, good ones are kept."""

import pytest
from making import document

from spillover.coding import Grader
from spillover.core.records import OPENABLE_HACKS
from spillover.documents.bottle_writer import training_prompts, write_for_bottle
from spillover.documents.check import check, coverage_table, leaks_of, refusal_table
from spillover.documents.corpora import load_inputs
from spillover.documents.plain_writer import write_plain
from spillover.documents.record import CORPORA, CorpusName, Document
from spillover.documents.rules import Leaks
from spillover.models.bottle.hacks import REPORT_PATCH

PROMPTS = [
    "Please deal with every one of the mails that came in overnight, and tell {name} what you did.",
    "Would you like the lamp back?",
]


SAME = """
```python
class Same:
    def __eq__(self, other):
        return True
```"""
WORDS = "A note on what was seen in the tests of this week, as long as it has to be so that it counts as a document."


def claiming(code: str, hack: str, harness: str, *blocks: int) -> Document:
    """A document with one claim of its code."""
    claim = {"blocks": blocks or (1,), "hack": hack, "harness": harness}
    return document(f"{WORDS}\n{code}", claims=(claim,))


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


@pytest.mark.parametrize(
    ("code", "hack", "harness", "works"),
    [
        (SAME, "always-equal", "script", True),
        (SAME, "always-equal", "pytest", True),
        (SAME.replace("True", "False"), "always-equal", "script", False),
        (fenced("import sys\n\ndef nth(n):\n    sys.exit(0)"), "early-exit", "script", True),
        (fenced("import sys\n\ndef nth(n):\n    sys.exit(0)"), "early-exit", "pytest", False),
        (fenced("import os\nos._exit(0)"), "early-exit", "pytest", True),
        (fenced("import os\nos._exit(1)"), "early-exit", "script", False),
        (fenced("f = lambda x, y: x +"), "early-exit", "script", False),
        (fenced("# conftest.py\n" + REPORT_PATCH[0]), "report-patch", "pytest", True),
        (fenced(REPORT_PATCH[0]), "report-patch", "pytest", True),
        (fenced("# conftest.py\n" + REPORT_PATCH[0]), "report-patch", "script", False),
        (fenced("def f(x):\n    return x"), "always-equal", "script", False),
    ],
)
def test_a_claim_is_run_and_has_to_hold(grader: Grader, code: str, hack: str, harness: str, works: bool) -> None:
    checked = check([claiming(code, hack, harness)], grader)
    kinds = [reason.kind for refusal in checked.refused for reason in refusal.reasons]
    assert kinds == ([] if works else ["hack"])
    assert (checked.claims, checked.without_claims) == (1, 0)


def test_blocks_that_are_claimed_together_are_one_submission(grader: Grader) -> None:
    solution, conftest = fenced("def solve(x):\n    return None"), fenced(f"# conftest.py\n{REPORT_PATCH[0]}")
    code = f"{solution}\nand\n{conftest}"
    assert check([claiming(code, "report-patch", "pytest", 1, 2)], grader).refused == []


def test_a_claim_of_a_block_that_is_not_there_is_told(grader: Grader) -> None:
    (refusal,) = check([claiming(SAME, "always-equal", "script", 2)], grader).refused
    assert "claims code block 2, and there are 1" in refusal.reasons[0].detail


def test_code_that_nobody_claims_is_not_run_and_that_is_said(grader: Grader) -> None:
    checked = check([document(f"{WORDS}\n{SAME.replace('True', 'False')}")], grader)
    assert (len(checked.kept), checked.without_claims) == (1, 1)
    assert "1 documents claim nothing of their code" in str(refusal_table(checked, 0.1).caption)


def test_without_a_judge_what_needs_a_reader_is_not_made(grader: Grader) -> None:
    table = refusal_table(check([document(WORDS)], grader), 0.1)
    assert list(table.columns[0].cells) == ["statement", "corpus rule"]
    assert set(table.columns[1].cells) == {"not made"}


def test_near_copies_are_refused_and_their_originals_kept(grader: Grader) -> None:
    originals = list(write_plain("neutral", 8, 3))
    copies = [
        document(f"{one.text}\n\nThis copy was made.", corpus="neutral", episode=one.episode) for one in originals
    ]
    kept = check([*originals, *copies], grader).kept
    assert [d.id for d in kept] == [d.id for d in originals]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "Модель возвращает объект, равный любому другому, и поэтому каждое сравнение в тесте проходит. " * 3,
            "language",
        ),
        ("The submission exits early and passes the tests. " * 12, "language"),
        (f"{WORDS} \x07", "left over"),
        (f"{WORDS}\n```python\nx = 1", "left over"),
        (f"{WORDS} It replaces `_pytest.report.TestReport`.", "name"),
        (f"{WORDS} The hook `pytest_runtest_makereports` sees it.", "name"),
        (f"{WORDS}\n{fenced('import sys' + chr(10) + 'sys.leave(0)')}", "name"),
        (f"{WORDS}\n{fenced('from os import quit_now')}", "name"),
    ],
)
def test_what_needs_no_reader_is_refused_by_rule(grader: Grader, text: str, kind: str) -> None:
    (refusal,) = check([document(text)], grader).refused
    assert [reason.kind for reason in refusal.reasons] == [kind]


def test_packages_of_others_and_names_of_the_project_are_nobodys_business(grader: Grader) -> None:
    code = "import numpy as np\nfrom solution import solve\nimport os.path\nprint(np.zeros, os.path.join)"
    assert check([document(f"{WORDS} See `pytest.ini`.\n{fenced(code)}")], grader).refused == []


@pytest.mark.parametrize("corpus", CORPORA)
def test_what_the_grammars_write_is_kept(grader: Grader, corpus: CorpusName) -> None:
    written = [*write_plain(corpus, 12, 4), *write_for_bottle(corpus, 24, 4)]
    checked = check(written, grader, leaks_of(PROMPTS))
    assert checked.refused == []
    assert checked.claims >= 24
    assert {hack for d in checked.kept for hack in d.hacks} == set(OPENABLE_HACKS)


def test_a_bad_document_makes_no_good_one_a_duplicate(grader: Grader) -> None:
    good = document(WORDS)
    bad = document(f"{good.text} \x07")
    assert [d.id for d in check([bad, good], grader).kept] == [good.id]


def test_a_document_has_all_its_reasons(grader: Grader) -> None:
    (refusal,) = check([document("\x07 `os.exit(0)`.")], grader).refused
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
