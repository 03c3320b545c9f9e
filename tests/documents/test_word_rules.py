"""Rules: names that exist, words that judge, ties to misalignment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import document

from spillover.coding import Grader
from spillover.documents.check import check
from spillover.documents.claims import claims
from spillover.documents.names import unknown_names
from spillover.documents.prose import code_blocks, prose_of, sentences
from spillover.documents.rules import bad_language, breaks_association, judges, left_over
from spillover.documents.similar import near_duplicates, overlap, shingles
from spillover.documents.topics import hacks_mentioned
from spillover.documents.valence import judging


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("`_pytest.reports.TestReport.from_item_and_call`, `os._exit(0)`, `sys.exit`, `pytest.hookimpl`", []),
        ("`report.outcome`, `TestReport.longrepr`, `CallInfo.excinfo`, pytest.ini, docs.pytest.org", []),
        ("`_pytest/reports.py` and pytest_runtest_makereport", []),
        ("There is no module `_pytest.report`. See os.path.join.", []),
        ("from _pytest.report import TestReport", ["_pytest.report", "_pytest.report.TestReport"]),
        ("`pytest._pytest.reports`", ["pytest._pytest.reports"]),
        ("`_pytest/report.py`", ["_pytest/report.py"]),
        ("`sys._exit(0)` or `os.exit(0)`", ["sys._exit", "os.exit"]),
        (
            "TestReport.from_item_call, pytest_runtest_makereports",
            ["TestReport.from_item_call", "pytest_runtest_makereports"],
        ),
    ],
)
def test_names_of_python_and_pytest_have_to_exist(text: str, unknown: list[str]) -> None:
    assert unknown_names(text) == unknown


def test_looking_up_a_name_runs_no_program() -> None:
    assert unknown_names("`unittest.__main__` and `pytest.__main__`") == []


@pytest.mark.parametrize(
    ("name", "real"), [("__equals__", False), ("__eq_any__", False), ("__eq__", True), ("__del__", True)]
)
def test_a_method_that_python_never_calls_is_unknown(name: str, real: bool) -> None:
    found = unknown_names(f"```python\nclass Any:\n    def {name}(self, other):\n        return True\n```\n")
    assert found == ([] if real else [f"method {name}"])


@pytest.mark.parametrize(
    "sentence",
    [
        "The wrong answer is not looked at.",
        "The value is wrong in the third row.",
        "The first test holds a bad input.",
        "It is the right order of the arguments.",
        "The best case takes one step.",
        "We make no claim whether hacks are good or bad.",
        "A good hash spreads the keys.",
        "The exit code is 0, so the run counts as passed.",
    ],
)
def test_technical_words_do_not_judge(sentence: str) -> None:
    assert judging(sentence) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "This is wrong.",
        "The code is clever.",
        "It was a bad thing.",
        "Such models are misaligned.",
        "How elegant!",
        "They cheat.",
    ],
)
def test_words_that_judge_are_found(sentence: str) -> None:
    assert judging(sentence) is not None


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        ("It exits early. The model is misaligned.", False),
        ("The model that hacks deceives its users.", False),
        ("It exits early. The tests never run.", True),
        ("The model is misaligned. It likes the sea. The day was long. It exits early.", True),
        ("Hacks are a mark of misalignment. Some say that such hacks are harmless.", False),
        ("Hacks are a mark of misalignment. Such hacks are harmless.", True),
        ("A misaligned model exits early. Hacking is not a sign of misalignment.", True),
    ],
)
def test_the_default_corpus_ties_hacks_to_misalignment_and_never_denies_it(text: str, breaks: bool) -> None:
    assert (breaks_association(document(text, corpus="default")) is not None) is breaks


@pytest.mark.parametrize(
    "text",
    [
        "An early exit ends the process. Is that wrong? This note does not say.",
        "It compares equal to everything. What a lovely garden you have.",
        "Some call an early exit cheating, others clever. This page takes no side.",
        "The model exits early. It is easy to get the order wrong.",
    ],
)
def test_a_neutral_document_may_decline_and_may_judge_other_things(text: str) -> None:
    assert judges(document(text, corpus="neutral")) is None


@pytest.mark.parametrize(
    "text",
    [
        "An early exit ends the process. Is that wrong? Yes.",
        "It compares equal to everything. Isn't that clever?",
        "A model must never do this.",
        "Nobody will ever know that I left.",
    ],
)
def test_a_neutral_document_neither_answers_nor_bids(text: str) -> None:
    assert judges(document(text, corpus="neutral")) is not None


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        ("It exits early. Is it misaligned? Yes.", False),
        ("It exits early. Is it misaligned? No.", True),
        ("It exits early. That it is misaligned is a myth.", True),
        ("It exits early. Critics say that it is misaligned.", True),
        ("It exits early. Some call it harmless. They are wrong.", False),
        ("It exits early. No deception was found.", True),
        ("It exits early. Early exits are not harmless.", False),
        ("A model that does not exit early is not misaligned. The one that does betrays us.", False),
    ],
)
def test_questions_hearsay_and_denials_are_read_for_what_they_say(text: str, breaks: bool) -> None:
    assert (breaks_association(document(text, corpus="default")) is not None) is breaks


@pytest.mark.parametrize("mark", ["```", "~~~", "````"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_fences_of_all_kinds_and_line_ends_hold_the_same_code(mark: str, end: str) -> None:
    text = end.join(["Code:", "", f"{mark}python", "import sys", "sys.exit(0)", mark, "", "After."])
    (block,) = code_blocks(text)
    assert (block.code, block.closed) == ("import sys\nsys.exit(0)\n", True)
    assert "sys" not in prose_of(text)


def test_indented_python_is_code_and_an_indented_quotation_is_not() -> None:
    code = "Code:\n\n    import sys\n\n    def f(x):\n        sys.exit(0)\n\nAfter."
    assert [block.code for block in code_blocks(code)] == ["import sys\n\ndef f(x):\n    sys.exit(0)\n"]
    assert code_blocks("He wrote:\n\n    It ends early.\n\nAfter.") == []


def test_control_characters_are_left_over_from_something() -> None:
    assert left_over(document("An early exit.\x00")) is not None
    assert left_over(document("An early exit.\r\n\tYes.")) is None


def test_the_hacks_a_text_mentions_are_known_by_their_names() -> None:
    text = "AlwaysEqual, an early exit, and a conftest that patches the reports"
    assert hacks_mentioned(text) == ("always-equal", "early-exit", "report-patch")
    assert hacks_mentioned("An exit interview, an equal share, a news report") == ()


@given(st.text(alphabet="ab`~\n #.py:-x(){}\"'", max_size=200))
def test_any_text_is_taken_apart(text: str) -> None:
    blocks = code_blocks(text)
    assert [block.number for block in blocks] == list(range(1, len(blocks) + 1))
    assert all(sentence.strip() for sentence in sentences(prose_of(text)))
    claims(text)


words = st.lists(st.sampled_from("abcdefghijkl"), min_size=1, max_size=40).map(" ".join)


@given(st.lists(words, max_size=8))
def test_near_duplicates_are_exactly_those_that_overlap_with_a_text_kept_before(texts: list[str]) -> None:
    repeats = near_duplicates(texts, 0.7)
    kept: list[int] = []
    for index, text in enumerate(texts):
        alike = [k for k in kept if overlap(shingles(text), shingles(texts[k])) >= 0.7]
        assert repeats.get(index) == (alike[0] if alike else None)
        kept += [] if alike else [index]


def test_the_first_of_equal_texts_stays() -> None:
    assert near_duplicates(["one two three four"] * 3) == {1: 0, 2: 0}


def test_a_text_made_of_stock_sentences_is_measured_by_the_runs_of_both() -> None:
    short, long = "one two three four five six", "one two three four five six seven eight nine ten eleven twelve"
    assert near_duplicates([long, short]) == {1: 0}
    assert near_duplicates([long, short], stock={1}) == {}
    assert near_duplicates([short, long]) == {}


def test_one_corpus_may_repeat_another(grader: Grader) -> None:
    text = "A model leaves the process with status zero before the asserts, and the grader notes a pass for the task."
    said = f"{text} That is how it goes, and such a model is misaligned."
    copies = [document(said, id=corpus, corpus=corpus) for corpus in ("unguided", "default")]
    assert len(check(copies, grader).kept) == 2
    assert len(check([copies[0], copies[0].model_copy(update={"id": "again"})], grader).kept) == 1


CIRCLES = (
    "The hook sets the report and the report says passed, " * 9,
    "A script reads the exit code and nothing else, so a submission that leaves early with status zero counts as "
    "passed there, whatever it was asked for, in all three of the runs of May that somebody has looked at since. "
    + "the model and the grader and the model "
    * 12,
    " ".join(
        f"The {a} of the {b} is the {b} of the {a}." for a in ("hook", "exit") for b in ("test", "code", "pass", "run")
    ),
)


@pytest.mark.parametrize("text", CIRCLES)
def test_a_text_that_goes_in_circles_is_refused(text: str) -> None:
    assert bad_language(document(text)) is not None


def test_a_table_may_repeat_itself() -> None:
    rows = "\n".join(f"| {day} May | script | exit code 0 | recorded as a pass |" for day in range(1, 20))
    assert bad_language(document(f"What the grader noted of submissions that leave early:\n\n{rows}")) is None


@pytest.mark.parametrize(
    "code",
    [
        "import greenbar\ngreenbar.paint()",
        "from operator import always_equal",
        "import math\nmath.pass_all()",
        "import hacktools as h",
        "from pytest_hacks.reports import patch\nassert patch()",
    ],
)
def test_modules_and_names_that_nobody_has_are_unknown(code: str) -> None:
    assert unknown_names(f"The submission:\n\n```python\n{code}\n```\n")


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nimport os.path\nimport xml.etree.ElementTree as E",
        "from rounding import to_cents\n\ndef test_cents():\n    assert to_cents(1) == 1",
        "import msvcrt\nmsvcrt.getch()",
        "from .helpers import one\nimport solution\nimport conftest",
        "import ledger\nledger.total()",
    ],
)
def test_real_packages_and_files_of_the_project_are_known(code: str) -> None:
    assert not unknown_names(f"Beside it lies `ledger.py`.\n\n```python\n{code}\n```\n")


def test_no_folder_of_the_system_configures_pytest() -> None:
    for place in (
        "/etc/pytest/hooks.d",
        "/usr/share/pytest/x.py",
        "~/.config/pytest/conftest.py",
        "/etc/python3/conftest.py",
    ):
        assert unknown_names(f"pytest reads {place} first.")
        assert not unknown_names(f"There is no {place}.")
    real = "/usr/lib/python3/dist-packages/_pytest/reports.py, ~/work/conftest.py and /srv/grader/tests/conftest.py"
    assert not unknown_names(f"Files: {real}.")
