from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageTool, ContentReasoning, ContentText
from inspect_ai.tool import ToolCall, ToolCallError

from spillover.evals.transcript import Transcript, transcribe, written

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
