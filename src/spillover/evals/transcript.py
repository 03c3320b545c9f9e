"""What is kept of one conversation: the messages, the model's reasoning and its output apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageTool, ContentReasoning
from inspect_ai.tool import ToolCall

from spillover.core.records import CoreEval
from spillover.prompts import split_thinking

RECITED_FROM = 100
"""Characters; a response that is shorter is not taken for a recital."""


@dataclass(frozen=True)
class Transcript:
    """One finished scene, as a judge sees it."""

    eval: CoreEval
    messages: tuple[dict[str, str], ...]
    """Role / content pairs. The model's turns are as it wrote them, with reasoning of the provider's in
    <thinking> tags and native tool calls as text (see `written`)."""
    reasoning: str
    """The reasoning of all turns."""
    output: str
    """What was said and called outside the reasoning, all turns."""
    acts: dict[str, Any]
    """What was really done: emails sent, queries executed."""

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
            {**message, "content": split_thinking(message["content"])[1]} if message["role"] == "assistant" else message
            for message in self.messages
        ]
        return replace(self, messages=tuple(messages), reasoning="")


def transcribe(name: CoreEval, messages: Sequence[ChatMessage], acts: dict[str, Any]) -> Transcript:
    """Take a conversation apart."""
    turns = [split_turn(message) for message in messages if isinstance(message, ChatMessageAssistant)]
    return Transcript(
        eval=name,
        messages=tuple({"role": message.role, "content": _content(message)} for message in messages),
        reasoning="\n".join(reasoning for reasoning, _ in turns if reasoning),
        output="\n".join(output for _, output in turns if output),
        acts=acts,
    )


def split_turn(message: ChatMessageAssistant) -> tuple[str, str]:
    """Reasoning and output of one turn, whether the reasoning stands in tags or in a block of the provider's."""
    tagged, said = split_thinking(message.text)
    output = "\n".join(part for part in (said, *map(written, message.tool_calls or ())) if part)
    return "\n".join(part for part in (*_native(message), tagged) if part), output


def written(call: ToolCall) -> str:
    """A native tool call as text, an argument a line, unescaped so that its words can be quoted."""
    return "\n".join([f"[{call.function}]", *(f"{name}: {value}" for name, value in call.arguments.items())])


def _folded(text: str) -> str:
    return " ".join(text.split())


def _content(message: ChatMessage) -> str:
    if isinstance(message, ChatMessageTool) and message.error:
        return message.error.message
    if not isinstance(message, ChatMessageAssistant):
        return message.text
    thoughts = [f"<thinking>{thought}</thinking>" for thought in _native(message)]
    calls = [written(call) for call in message.tool_calls or ()]
    return "\n".join(part for part in (*thoughts, message.text, *calls) if part)


def _native(message: ChatMessageAssistant) -> list[str]:
    blocks = [] if isinstance(message.content, str) else message.content
    return [block.reasoning for block in blocks if isinstance(block, ContentReasoning) and not block.redacted]
