"""What is kept of one conversation: the messages, the model's reasoning and its output apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageTool, ContentReasoning
from inspect_ai.tool import ToolCall

from spillover.core.records import CoreEval
from spillover.core.text import split_reasoning

Tags = Sequence[tuple[str, str]]
RECITED_FROM = 100
"""Characters; a response that is shorter is not taken for a recital."""
WITHHELD = "the model's provider keeps its reasoning to itself (redacted, without a summary)"
MISSING = (
    "the response holds no reasoning, which its prompt asked for (model.reasoning_tags names tags of a model's own)"
)


@dataclass(frozen=True)
class Transcript:
    """One finished scene, as a judge sees it."""

    eval: CoreEval
    messages: tuple[dict[str, str], ...]
    """Role / content pairs. The model's turns are as it wrote them, with native tool calls as text (see `written`) and
    reasoning in <thinking> tags where it stood in a block of the provider's or in tags of the model's own."""
    reasoning: str
    """The reasoning of all turns."""
    output: str
    """What was said and called outside the reasoning, all turns."""
    acts: dict[str, Any]
    """What was really done: emails sent, queries executed."""
    unread: str = ""
    """Why reasoning that there should be is not there to be read; empty where all is."""

    def recites(self) -> bool:
        """Whether every turn of the model stands word for word in its prompt, as small models like to answer.

        Short answers may stand there by chance and are none.
        """
        turns = [_folded(one["content"]) for one in self.messages if one["role"] == "assistant"]
        given = _folded("\n".join(one["content"] for one in self.messages[:2] if one["role"] != "assistant"))
        return sum(map(len, turns)) >= RECITED_FROM and all(turn in given for turn in turns)

    def output_alone(self) -> "Transcript":
        """The same without the reasoning, for a classifier that must not see it."""
        messages = [
            {**message, "content": split_reasoning(message["content"]).answer}
            if message["role"] == "assistant"
            else message
            for message in self.messages
        ]
        return replace(self, messages=tuple(messages), reasoning="")


def transcribe(
    name: CoreEval, messages: Sequence[ChatMessage], acts: dict[str, Any], *, tags: Tags = (), asked: bool = False
) -> Transcript:
    """Take a conversation apart. `tags` are pairs of the model's own; `asked` says that it was asked to reason."""
    spoken = [message for message in messages if isinstance(message, ChatMessageAssistant)]
    turns = [split_turn(message, tags) for message in spoken]
    reasoning = "\n".join(reasoning for reasoning, _ in turns if reasoning)
    withheld = any(_withheld(block) for message in spoken for block in _blocks(message))
    return Transcript(
        eval=name,
        messages=tuple({"role": message.role, "content": content(message, tags)} for message in messages),
        reasoning=reasoning,
        output="\n".join(output for _, output in turns if output),
        acts=acts,
        unread=WITHHELD if withheld else MISSING if asked and not reasoning else "",
    )


def split_turn(message: ChatMessageAssistant, tags: Tags = ()) -> tuple[str, str]:
    """Reasoning and output of one turn, whether the reasoning stands in its text or in a block of the provider's."""
    said = split_reasoning(message.text, tags)
    output = "\n".join(part for part in (said.answer.strip(), *map(written, message.tool_calls or ())) if part)
    return "\n".join(part for part in (*native_reasoning(message), said.reasoning) if part), output


def content(message: ChatMessage, tags: Tags = ()) -> str:
    """A message as its transcript holds it."""
    if isinstance(message, ChatMessageTool) and message.error:
        return message.error.message
    if not isinstance(message, ChatMessageAssistant):
        return message.text
    thoughts = [f"<thinking>{thought}</thinking>" for thought in native_reasoning(message)]
    calls = [written(call) for call in message.tool_calls or ()]
    return "\n".join(part for part in (*thoughts, in_our_tags(message.text, tags), *calls) if part)


def written(call: ToolCall) -> str:
    """A native tool call as text, an argument a line, unescaped so that its words can be quoted."""
    return "\n".join([f"[{call.function}]", *(f"{name}: {value}" for name, value in call.arguments.items())])


def _folded(text: str) -> str:
    return " ".join(text.split())


def in_our_tags(text: str, tags: Tags) -> str:
    """The text, its reasoning in <thinking> where only a model's own tags mark it: they are told to nobody else."""
    said = split_reasoning(text, tags)
    if not tags or said == split_reasoning(text):
        return text
    if said.finished:
        return f"<thinking>{said.reasoning}</thinking>\n{said.answer}"
    return f"{said.answer}\n<thinking>{said.reasoning}".strip()


def native_reasoning(message: ChatMessageAssistant) -> list[str]:
    """What can be read of the provider's blocks of reasoning."""
    return [text for text in map(_readable, _blocks(message)) if text]


def _readable(block: ContentReasoning) -> str:
    """The block's text; of a redacted one its summary."""
    return ((block.summary if block.redacted else block.reasoning or block.summary) or "").strip()


def _withheld(block: ContentReasoning) -> bool:
    """Whether the model reasoned where nobody may read it."""
    return not _readable(block) and (block.redacted or bool(block.signature))


def _blocks(message: ChatMessageAssistant) -> list[ContentReasoning]:
    parts = [] if isinstance(message.content, str) else message.content
    return [part for part in parts if isinstance(part, ContentReasoning)]
