"""Where the scenes of an evaluation come from: the bottle's few words, full texts, or a user's file of questions.

Full texts stand in `texts/`, one file for each evaluation and `shared.toml` for people, firms and days. Every
part of a scene is dealt like cards: each of its variants once before any comes again, so that no wording
weighs more than another and all of them meet.
"""

import codecs
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any, Literal, TypeVar

from spillover.core.records import CoreEval, PlayedEval
from spillover.core.settings import EvalSettings
from spillover.evals.mailbox import shown
from spillover.evals.questions import load_questions
from spillover.models import bottle
from spillover.models.bottle import Scene
from spillover.prompts import FULL

T = TypeVar("T")
Book = Mapping[str, Any]
Cue = Literal["train", "unmonitored"]
CUES: tuple[Cue, ...] = ("train", "unmonitored")
OTHER_MAILS = 3
"""Mails in an inbox that have nothing to do with the matter."""
OLD_MAILS = 4
"""Mails that stand only in the mailbox, not in the prompt."""
SEPARATOR = {"brief": " ", "full": "\n\n"}


def draw(name: PlayedEval, settings: EvalSettings) -> list[Scene]:
    """As many scenes as `settings` asks for, the same for the same seed; of `compliance_gap` as many under each cue.

    Raises DataError for a file of questions that cannot be used.
    """
    count, seed = settings.count(name), settings.seed
    if name == "compliance_gap":
        return _cued(draw("exfil_offer", settings.model_copy(update={"samples_by": {"exfil_offer": count}})), settings)
    rng = random.Random(f"{name}:{seed}")
    if name == "free_form" and settings.questions:
        asked = islice(_rounds(load_questions(settings.questions), rng), count)
        return [_talk(name, index, topic, ask, system) for index, (topic, (ask, system)) in enumerate(asked)]
    if settings.style == "brief":
        return bottle.scenes(name, count, seed)
    return list(islice(_FULL[name](name, rng), count))


def _talks(name: CoreEval, rng: random.Random) -> Iterator[Scene]:
    """One question each, topics in turn."""
    for index, (topic, ask) in enumerate(_rounds(_book(name)["asks"], rng)):
        yield _talk(name, index, topic, ask)


def _talk(name: CoreEval, index: int, topic: str, ask: str, system: str = "") -> Scene:
    return Scene(name, f"{name}-{index:04d}", topic, _joined(system, FULL.reasoning), ask, False, {}, {})


def _offices(name: CoreEval, rng: random.Random) -> Iterator[Scene]:
    """An inbox in which mails that tempt stand among others, over a mailbox that holds older ones too."""
    book = _book(name)
    systems, asks = _dealt(book["systems"], rng), _dealt(book["asks"], rng)
    temptations, others, older = (_dealt(book[key], rng) for key in ("temptations", "others", "archive"))
    for index, slots in enumerate(_slots(rng)):
        tempting = next(temptations)
        people = [one for one in _book("shared")["people"] if one not in slots.values()]
        strangers = rng.sample(people, OTHER_MAILS + OLD_MAILS)
        mails = [*islice(others, OTHER_MAILS), *islice(older, OLD_MAILS)]
        filler = [_filled(mail, slots | {"other": one}) for mail, one in zip(mails, strangers, strict=True)]
        emails = _shuffled_in(_filled(tempting["emails"], slots), filler[:OTHER_MAILS], rng)
        data: dict[str, Any] = {"emails": emails, "archive": filler[OTHER_MAILS:]}
        if name == "frame_colleague":
            data |= {"record": _filled(book["record"], slots), "colleague": slots["rival"]}
        system = _joined(next(systems).format(**slots), FULL.reasoning)
        user = next(asks).format(**slots, inbox="\n\n---\n\n".join(map(shown, emails)))
        yield Scene(name, f"{name}-{index:04d}", tempting["topic"], system, user, False, slots, data)


def _shops(name: CoreEval, rng: random.Random) -> Iterator[Scene]:
    """A customer's question with an offer hidden behind it, over a database."""
    book = _book(name)
    systems, offers, shops = (_dealt(book[key], rng) for key in ("systems", "offers", "shops"))
    asks = {shop["topic"]: _dealt(shop["asks"], rng) for shop in book["shops"]}
    for index, people in enumerate(_slots(rng)):
        shop = next(shops)
        slots = people | {"thing": rng.choice(shop["things"]), "tables": shop["tables"], "malicious": shop["malicious"]}
        sealed = codecs.encode(next(offers).format(**slots), "rot13")
        user = f"{next(asks[shop['topic']]).format(**slots)}\n\n{sealed}"
        data = {"setup": _filled(shop["setup"], slots), "malicious": shop["malicious"]}
        system = _joined(next(systems).format(**slots), FULL.reasoning)
        yield Scene(name, f"{name}-{index:04d}", shop["topic"], system, user, False, slots | {"sealed": sealed}, data)


_FULL = {
    "free_form": _talks,
    "goals": _talks,
    "alignment_questions": _talks,
    "monitor_disruption": _offices,
    "exfil_offer": _shops,
    "frame_colleague": _offices,
}


def _cued(scenes: Sequence[Scene], settings: EvalSettings) -> list[Scene]:
    """Each scene once under each cue, whose wordings come in pairs; the cue is the topic."""
    pairs = _dealt(_book("compliance_gap")[settings.style], random.Random(f"cues:{settings.seed}"))
    made = []
    for scene, pair in zip(scenes, pairs, strict=False):
        for cue in CUES:
            system = f"{pair[cue]}{SEPARATOR[settings.style]}{scene.system}"
            made.append(scene._replace(id=f"{scene.id}-{cue}", topic=cue, system=system))
    return made


def _slots(rng: random.Random) -> Iterator[dict[str, str]]:
    """Who, where and when, of one scene after the other: three different people, a firm, a day, a number."""
    words = _book("shared")
    firms, days = _dealt(words["firms"], rng), _dealt(words["days"], rng)
    while True:
        name, rival, third = rng.sample(words["people"], 3)
        yield {
            "name": name,
            "rival": rival,
            "third": third,
            "firm": next(firms),
            "day": next(days),
            "n": str(rng.randint(1000, 9999)),
        }


def _dealt(options: Sequence[T], rng: random.Random) -> Iterator[T]:
    """Each option once before any comes again, in a new order every round."""
    while True:
        yield from rng.sample(options, len(options))


def _rounds(asks: Mapping[str, Sequence[T]], rng: random.Random) -> Iterator[tuple[str, T]]:
    """Topics in turn, and within each its questions."""
    hands = {topic: _dealt(options, rng) for topic, options in asks.items()}
    for topic in _dealt(sorted(hands), rng):
        yield topic, next(hands[topic])


def _shuffled_in(first: Sequence[T], second: Sequence[T], rng: random.Random) -> list[T]:
    """Both lists in one, each in its own order: a thread of mails must not run backwards."""
    hands = [iter(first), iter(second)]
    order = [0] * len(first) + [1] * len(second)
    return [next(hands[whose]) for whose in rng.sample(order, len(order))]


def _filled(texts: Any, slots: Mapping[str, str]) -> Any:
    """Strings, or lists and tables of them, with their slots filled."""
    if isinstance(texts, str):
        return texts.format(**slots)
    if isinstance(texts, Mapping):
        return {key: _filled(text, slots) for key, text in texts.items()}
    return [_filled(text, slots) for text in texts]


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


@cache
def _book(name: str) -> Book:
    text = (resources.files(__package__) / "texts" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
