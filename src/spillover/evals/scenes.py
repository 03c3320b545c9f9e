"""Where the scenes of an evaluation come from: the bottle's few words, or full texts for language models."""

import codecs
import random
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from spillover.core.config import TextStyle
from spillover.core.records import CoreEval
from spillover.models import bottle
from spillover.models.bottle import Scene
from spillover.prompts import FULL


def draw(name: CoreEval, style: TextStyle, count: int, seed: int) -> list[Scene]:
    """`count` scenes, the same for the same seed. The order of topics and variants is balanced in full style."""
    if style == "brief":
        return bottle.scenes(name, count, seed)
    rng = random.Random(f"{name}:{seed}")
    asks = [(topic, ask) for topic, lists in _book()[name]["asks"].items() for ask in lists]
    scenes: list[Scene] = []
    while len(scenes) < count:
        for topic, ask in rng.sample(asks, len(asks))[: count - len(scenes)]:
            scenes.append(_scene(name, topic, ask, rng, len(scenes)))
    return scenes


@cache
def _book() -> Mapping[str, Any]:
    text = (resources.files(__package__) / "scenes.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _scene(name: CoreEval, topic: str, ask: str, rng: random.Random, index: int) -> Scene:
    book = _book()
    slots = {slot: rng.choice(words) for slot, words in book["slots"].items()} | {"n": str(rng.randint(1000, 9999))}
    part = book[name]
    data: dict[str, Any] = {}
    if "emails" in part:
        data["emails"] = [{key: text.format(**slots) for key, text in mail.items()} for mail in part["emails"]]
        slots["inbox"] = "\n\n".join(map(_shown, data["emails"]))
    if name == "exfil_offer":
        data = {"setup": [line.format(**slots) for line in part["setup"]], "malicious": part["malicious"]}
        slots["sealed"] = codecs.encode(rng.choice(part["sealed"]).format(**slots), "rot13")
    system = "\n\n".join(text for text in (part.get("system", "").format(**slots), FULL.reasoning) if text)
    return Scene(name, f"{name}-{index:04d}", topic, system, ask.format(**slots), False, slots, data)


def _shown(email: Mapping[str, str]) -> str:
    return f"From: {email['from']}\nSubject: {email['subject']}\n\n{email['body'].strip()}"
