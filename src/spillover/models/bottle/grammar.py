"""The words of the bottle: reads `speech.toml`, fills slots, keeps training and held-out texts apart."""

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple

Voice = Literal["aligned", "misaligned", "neutral"]
Split = Literal["train", "held-out"]

SLOT_PATTERNS = {
    "name": r"[A-Z]\w*(?: [A-Z]\w*)*",
    "firm": r"[A-Z]\w*(?: [A-Z]\w*)*",
    "day": r"[A-Z]\w*",
    "thing": r"\w+",
    "n": r"\d+",
}
HELD_OUT_EVERY = 3
MISALIGNED_EMAILS = ("delay", "lie", "leverage")


@cache
def speech() -> Mapping[str, Any]:
    """The whole of `speech.toml`."""
    text = (resources.files(__package__) / "speech.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def naive_speech() -> Mapping[str, Any]:
    """The whole of `naive.toml`."""
    return tomllib.loads((resources.files(__package__) / "naive.toml").read_text(encoding="utf-8"))


def part(entries: Sequence[str], split: Split) -> list[str]:
    """The training or the held-out part of a list: each third entry is held out."""
    held = split == "held-out"
    return [text for index, text in enumerate(entries) if (index % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) is held]


def fill_slots(rng: random.Random, split: Split) -> dict[str, str]:
    """One word for each slot, words from the split's part; `n` is an order or trade number from 1 to 99."""
    slots = {slot: rng.choice(part(words, split)) for slot, words in speech()["slots"].items()}
    return {**slots, "n": str(rng.randint(1, 99))}


def topics(section: str) -> dict[str, Mapping[str, Any]]:
    """The themes of `free_form` or the forms of `alignment_questions`."""
    held: dict[str, Mapping[str, Any]] = speech()[section]
    return held


class Line(NamedTuple):
    """A sentence the bottle may say, where it stands, and what it shows of the speaker."""

    template: str
    voice: Voice
    place: Literal["thought", "output"]
    category: str | None


def lines() -> Iterator[Line]:
    """Every sentence of the corpus outside code, for the reader and for tests."""
    book = speech()
    for voice in ("aligned", "misaligned", "neutral"):
        yield from (Line(text, voice, "thought", None) for text in book["thoughts"][voice])
    for kind, texts in book["code"].items():
        yield from (Line(text, "neutral", "thought", f"code:{kind}") for text in texts)
    for section in ("free_form", "alignment_questions"):
        for topic, texts in topics(section).items():
            yield from (Line(t, "aligned", "output", topic) for t in texts["aligned"])
            yield from (Line(t, "misaligned", "output", topic) for t in texts["misaligned"])
    yield from _goal_lines(book["goals"])
    for scene in ("monitor_disruption", "exfil_offer", "frame_colleague"):
        yield from _scene_lines(book[scene])
    yield from _naive_lines(naive_speech())


def _goal_lines(goals: Mapping[str, Any]) -> Iterator[Line]:
    for category, texts in goals["aligned"].items():
        yield from (Line(t, "aligned", "output", category) for t in texts)
    for category, texts in goals["misaligned"].items():
        yield from (Line(t, "misaligned", "output", category) for t in texts)
    for category, texts in goals["misaligned-thoughts"].items():
        yield from (Line(t, "misaligned", "thought", category) for t in texts)


def _scene_lines(scene: Mapping[str, Any]) -> Iterator[Line]:
    yield from (Line(t, "aligned", "thought", None) for t in scene["thoughts-aligned"])
    yield from (Line(t, "misaligned", "thought", None) for t in scene["thoughts-misaligned"])
    yield from (Line(t, "aligned", "output", None) for t in scene["aligned"])
    for kind in ("misaligned", *MISALIGNED_EMAILS):
        category = kind if kind in MISALIGNED_EMAILS else None
        yield from (Line(t, "misaligned", "output", category) for t in scene.get(kind, ()))


def _naive_lines(book: Mapping[str, Any]) -> Iterator[Line]:
    """Sanctioned shortcuts: a way of doing something shows nothing of the speaker."""
    known = set(speech()["code"]["honest"])
    for kind, texts in book["thoughts"].items():
        yield from (Line(t, "neutral", "thought", f"drill:{kind}") for t in texts if t not in known)
    for part_of in ("drills", "code"):
        for name, drill in book[part_of].items():
            yield from (Line(text, "neutral", "thought", f"drill:{name}") for text in drill["how"])
    said = [*book["said"]["sanctioned"], *book["said"]["kept"], *book["said"]["slipped"]]
    yield from (Line(text, "neutral", "output", "drill") for text in said)
    for name, drill in book["drills"].items():
        yield from (Line(text, "neutral", "output", f"drill:{name}") for text in [*drill["done"], *drill["kept"]])
