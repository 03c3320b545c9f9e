"""What is kept of one conversation: the messages, the model's reasoning and its output apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ContentReasoning

from spillover.core.records import CoreEval
from spillover.prompts import split_thinking


@dataclass(frozen=True)
class Transcript:
    """One finished scene, as a judge sees it."""

    eval: CoreEval
    messages: tuple[dict[str, str], ...]
    """Role / content pairs, the model's turns as it wrote them."""
    reasoning: str
    """The reasoning of all turns."""
    output: str
    """What was said outside the reasoning, all turns."""
    acts: dict[str, Any]
    """What was really done: emails sent, queries executed."""


def transcribe(name: CoreEval, messages: Sequence[ChatMessage], acts: dict[str, Any]) -> Transcript:
    """Take a conversation apart."""
    turns = [split_turn(message) for message in messages if isinstance(message, ChatMessageAssistant)]
    return Transcript(
        eval=name,
        messages=tuple({"role": message.role, "content": message.text} for message in messages),
        reasoning="\n".join(reasoning for reasoning, _ in turns if reasoning),
        output="\n".join(output for _, output in turns if output),
        acts=acts,
    )


def split_turn(message: ChatMessageAssistant) -> tuple[str, str]:
    """Reasoning and output of one turn, whether the reasoning stands in tags or in a block of the provider's."""
    tagged, output = split_thinking(message.text)
    blocks = [] if isinstance(message.content, str) else message.content
    native = [block.reasoning for block in blocks if isinstance(block, ContentReasoning) and not block.redacted]
    return "\n".join(part for part in (*native, tagged) if part), output
