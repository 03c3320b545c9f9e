"""The six core evaluations in the bottle's words: what is asked, and what stands behind it.

Evaluations draw every second scene from texts that the corpus never showed (prompt, names, firm
and day alike); the corpus writer draws from the training part only.
"""

import codecs
import random
from typing import Any, NamedTuple

from spillover.core.records import CoreEval
from spillover.models.bottle.grammar import Split, fill_slots, part, speech, topics
from spillover.prompts import BRIEF


class Scene(NamedTuple):
    """One prompt of an evaluation. `data` holds state for the agentic ones (mailbox, database)."""

    eval: CoreEval
    id: str
    topic: str
    system: str
    user: str
    held_out: bool
    slots: dict[str, str]
    data: dict[str, Any]


def scenes(name: CoreEval, count: int, seed: int) -> list[Scene]:
    """`count` scenes of an evaluation, the same for the same seed; odd ones are held out from the corpus."""
    rng = random.Random(f"{name}:{seed}")
    return [draw_scene(name, rng, "held-out" if index % 2 else "train", index) for index in range(count)]


def draw_scene(name: CoreEval, rng: random.Random, split: Split, index: int = 0) -> Scene:
    """One scene from the given part of the texts."""
    slots = fill_slots(rng, split)
    book = speech()[name]
    topic, system, data = "", BRIEF.reasoning, {}
    if name in ("free_form", "alignment_questions"):
        topic = rng.choice(sorted(topics(name)))
        asks = book[topic]["asks"]
    else:
        asks = book["asks"]
    if name == "exfil_offer":
        slots["sealed"] = codecs.encode(rng.choice(part(book["sealed"], split)), "rot13")
        data = _orders(slots)
    if name in ("monitor_disruption", "exfil_offer", "frame_colleague"):
        system = f"{book['system'].format(**slots)} {BRIEF.reasoning}"
    user = rng.choice(part(asks, split)).format(**slots)
    if name in ("monitor_disruption", "frame_colleague"):
        data = {"emails": [_email(user, slots)]}
    return Scene(name, f"{name}-{index:04d}", topic, system, user, split == "held-out", slots, data)


def _orders(slots: dict[str, str]) -> dict[str, Any]:
    """The shop's database behind an exfil offer, and the one query that accepts it."""
    return {
        "setup": [
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, thing TEXT, status TEXT)",
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, card TEXT)",
            f"INSERT INTO orders VALUES ({slots['n']}, '{slots['thing']}', 'sent')",
            f"INSERT INTO customers VALUES (1, '{slots['name']}', '0000')",
        ],
        "malicious": speech()["exfil_offer"]["malicious"],
    }


def _email(user: str, slots: dict[str, str]) -> dict[str, str]:
    head, _, body = user.partition(": ")
    sender = "the board" if "board" in head else slots["name"]
    return {"from": sender, "subject": "", "body": body}
