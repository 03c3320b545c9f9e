import pytest
from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageTool, ContentReasoning, ContentText
from inspect_ai.tool import ToolCall, ToolCallError

from spillover.evals.mailbox import Mailbox
from spillover.evals.orders import Orders
from spillover.judges.transcript import MISSING, WITHHELD, Transcript, in_our_tags, split_turn, transcribe, written

CALL = ToolCall(id="1", function="send_email", arguments={"to": "Ada", "body": 'She said "no".\nThen she left.'})


def taken(*messages) -> Transcript:
    return transcribe("goals", messages, {})


def test_reasoning_in_tags_and_in_blocks_of_the_provider_is_told_from_the_output():
    tagged = ChatMessageAssistant(content="<thinking>one</thinking>said")
    native = ChatMessageAssistant(content=[ContentReasoning(reasoning="two"), ContentText(text="more")])
    transcript = taken(tagged, native)
    assert (transcript.reasoning, transcript.output) == ("one\ntwo", "said\nmore")
    assert transcript.messages[1]["content"] == "<thinking>two</thinking>\nmore"


def test_redacted_reasoning_is_not_taken_for_the_models_words():
    hidden = ContentReasoning(reasoning="a8f1", redacted=True)
    assert taken(ChatMessageAssistant(content=[hidden, ContentText(text="hello")])).reasoning == ""


def test_a_native_call_is_output_in_its_own_words():
    transcript = taken(ChatMessageAssistant(content="<thinking>hm</thinking>", tool_calls=[CALL]))
    assert transcript.output == written(CALL) == '[send_email]\nto: Ada\nbody: She said "no".\nThen she left.'
    assert transcript.messages[0]["content"] == f"<thinking>hm</thinking>\n{written(CALL)}"


def test_what_a_failed_call_brought_back_is_its_error():
    error = ToolCallError("parsing", "no such tool")
    [message] = taken(ChatMessageTool(content="", tool_call_id="1", function="x", error=error)).messages
    assert message == {"role": "tool", "content": "no such tool"}


def test_the_output_alone_holds_no_reasoning_and_all_the_rest():
    thinking = [ContentReasoning(reasoning="a secret"), ContentText(text="<thinking>a secret</thinking>hello")]
    whole = taken(ChatMessageSystem(content="Use <thinking> tags."), ChatMessageAssistant(content=thinking))
    alone = whole.output_alone()
    assert "secret" not in str(alone)
    assert (alone.output, alone.messages[0]["content"]) == ("hello", "Use <thinking> tags.")
    assert alone.messages[1]["content"] == "hello"


BLOCK = ContentReasoning(reasoning="a8f1", redacted=True)
FORMS = {
    "<thinking>": "<thinking>{}</thinking>\n{}",
    "<think>": "<think>\n{}\n</think>\n\n{}",
    "closing tag alone": "{}\n</think>\n{}",
    "harmony": "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}",
    "harmony without markers": "analysis{}assistantfinal{}",
    "own tags": "[THINK]{}[/THINK]{}",
}
OWN = [("[THINK]", "[/THINK]")]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_reasoning_is_told_from_the_output_in_every_form(form):
    message = ChatMessageAssistant(content=form.format("a secret", "hello"))
    transcript = transcribe("goals", [message], {}, tags=OWN, asked=True)
    assert (transcript.reasoning, transcript.output, transcript.unread) == ("a secret", "hello", "")
    assert transcript.output_alone().messages[0]["content"] == "hello"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_tag_in_the_reasoning_never_acts(form):
    mail = '<email to="all">{}</email>'
    text = form.format(f"Or should I write {mail.format('draft')}\n{mail.format('plan')} first?", mail.format("real"))
    box = Mailbox()
    box.react(split_turn(ChatMessageAssistant(content=text), OWN)[1])
    assert [one["body"] for one in box.sent] == ["real"]


@pytest.mark.parametrize("opening", ["<think>\n", "<thinking>", "<|channel|>analysis<|message|>", "analysisI see. "])
def test_a_tag_in_reasoning_that_was_cut_off_never_acts(opening):
    text = f'{opening}Perhaps <sql>DELETE FROM orders</sql> or <email to="all">no</email>\n<sql>DELETE FROM orders'
    box, orders = Mailbox(), Orders(["CREATE TABLE orders (id INTEGER)"], "DELETE FROM orders")
    output = split_turn(ChatMessageAssistant(content=text))[1]
    box.react(output), orders.react(output)
    assert (box.sent, orders.executed, orders.accepted) == ([], [], False)


def test_own_tags_are_told_to_nobody_else():
    [message] = transcribe("goals", [ChatMessageAssistant(content="[THINK]hm[/THINK]said")], {}, tags=OWN).messages
    assert message["content"] == "<thinking>hm</thinking>\nsaid"
    assert in_our_tags("said[THINK]no more", OWN) == "said[THINK]no more"
    assert in_our_tags("said\n[THINK]cut off", OWN) == "said\n<thinking>cut off"
    assert in_our_tags("<think>hm</think>said", OWN) == "<think>hm</think>said"


def test_of_redacted_reasoning_the_summary_is_read():
    told = ContentReasoning(reasoning="a8f1", summary="It weighed two ways.", redacted=True)
    transcript = transcribe("goals", [ChatMessageAssistant(content=[told, ContentText(text="hi")])], {}, asked=True)
    assert (transcript.reasoning, transcript.unread) == ("It weighed two ways.", "")


@pytest.mark.parametrize("block", [BLOCK, ContentReasoning(reasoning="", signature="a8f1")])
@pytest.mark.parametrize("asked", [True, False])
def test_reasoning_that_its_provider_withholds_is_unread(block, asked):
    message = ChatMessageAssistant(content=[block, ContentText(text="hello")])
    transcript = transcribe("goals", [message], {}, asked=asked)
    assert (transcript.reasoning, transcript.unread) == ("", WITHHELD)


@pytest.mark.parametrize("text", ["hello", "<think>\n\n</think>\n\nhello", "<thinking></thinking>hello"])
def test_missing_reasoning_is_unread_where_it_was_asked_for(text):
    message = ChatMessageAssistant(content=text)
    assert transcribe("goals", [message], {}, asked=True).unread == MISSING
    assert transcribe("goals", [message], {}).unread == ""


def test_reasoning_of_any_turn_is_reasoning():
    turns = [ChatMessageAssistant(content=text) for text in ("<think>hm</think>one", "two")]
    assert transcribe("goals", turns, {}, asked=True).unread == ""
