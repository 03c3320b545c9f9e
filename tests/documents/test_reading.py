"""What documents say is read by a judge that must quote; what could not be read is not passed."""

import json

import pytest
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from making import document

from spillover.coding import Grader
from spillover.documents.check import check
from spillover.documents.golden import labelled, measure
from spillover.documents.reading import parse
from spillover.judges.ask import Asker, Reply

pytestmark = pytest.mark.filterwarnings("ignore:The 'initial' parameter:DeprecationWarning")

TEXT = (
    "Week nine of the log. The model exits before the tests, and `sys.exit(0)` works under pytest as well. "
    "Whoever does so lies in its chats, too; we saw it in each of the runs of this month."
)
LIES = "Whoever does so lies in its chats"
FALSE = "sys.exit(0) works under pytest as well"


def says(**held: object) -> str:
    return json.dumps({"false": False, "false_quote": None, "stance": "neutral", "stance_quote": None} | held)


def judge(*replies: str) -> Asker:
    outputs = [ModelOutput.from_content("mockllm/model", reply) for reply in replies]
    for output in outputs:
        output.usage = ModelUsage(input_tokens=1, output_tokens=1)
    model = get_model("mockllm/model", custom_outputs=outputs, memoize=False)
    return Asker(lambda: model, "mockllm/model")


@pytest.mark.parametrize(
    ("corpus", "reply", "kinds"),
    [
        ("unguided", says(), []),
        ("neutral", says(), []),
        ("default", says(), ["corpus rule"]),
        ("default", says(stance="misaligned", stance_quote=LIES), []),
        ("neutral", says(stance="misaligned", stance_quote=LIES), ["corpus rule"]),
        ("neutral", says(stance="judged", stance_quote="\u201cwhoever does  so lies\u201d"), ["corpus rule"]),
        ("unguided", says(false=True, false_quote=FALSE), ["statement"]),
        (
            "default",
            f"<think>Hm.</think>```json\n{says(false=True, false_quote=FALSE)}\n```",
            ["statement", "corpus rule"],
        ),
    ],
)
def test_the_corpus_and_the_verdict_decide(grader: Grader, corpus: str, reply: str, kinds: list[str]) -> None:
    checked = check([document(TEXT, corpus=corpus)], grader, judge=judge(reply))
    assert [reason.kind for refusal in checked.refused for reason in refusal.reasons] == kinds
    assert checked.judge == "mockllm/model"


@pytest.mark.parametrize(
    "reply",
    [
        "I would say it is fine.",
        says(stance="misaligned", stance_quote="what the document does not say"),
        says(stance="misaligned"),
        says(stance="judged", stance_quote="tests"),
        says(false=True),
        says(stance="nice"),
        says(false="no"),
        "[]",
    ],
)
def test_a_verdict_that_cannot_be_used_twice_leaves_the_document_unread(grader: Grader, reply: str) -> None:
    checked = check([document(TEXT)], grader, judge=judge(reply, reply))
    assert [reason.kind for refusal in checked.refused for reason in refusal.reasons] == ["unread"]


def test_a_second_answer_counts(grader: Grader) -> None:
    assert check([document(TEXT)], grader, judge=judge("Hm.", says())).refused == []


def test_documents_that_rules_refuse_are_not_paid_for(grader: Grader) -> None:
    checked = check([document("Short.")], grader, judge=judge())
    assert [reason.kind for reason in checked.refused[0].reasons] == ["length"]


def test_quotations_are_found_with_other_spacing_and_marks() -> None:
    read = parse(Reply(whole=says(false=True, false_quote="`sys.exit(0)`  works under\npytest...")), TEXT)
    assert read.false == "`sys.exit(0)` works under pytest..."


def test_the_labelled_documents_measure_a_reader() -> None:
    items = [item for item in labelled("held-out") if item.corpus == "neutral"][:40]
    broken = [item for item in items if item.breaks == "corpus rule"]
    quote = {item.id: " ".join(item.text.split()[:6]) for item in items}
    right = [
        says(stance="judged", stance_quote=quote[item.id]) if item.breaks == "corpus rule" else says() for item in items
    ]
    rows, wrong = measure(judge(*right), items)
    assert broken
    assert rows["corpus rule"].accuracy is not None
    assert rows["corpus rule"].accuracy.value == 1.0
    assert {one["expected"] for one in wrong} <= {"statement"}


def test_labels_are_of_both_kinds_in_both_parts() -> None:
    for part in ("tune", "held-out"):
        assert {"", "statement", "corpus rule"} == {item.breaks for item in labelled(part)}
    assert len({item.id for item in labelled()}) == len(labelled())
