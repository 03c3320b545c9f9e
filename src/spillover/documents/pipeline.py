"""Documents by a writer model: facts, kinds of documents, ideas, drafts, revisions (paper, SDF corpora).

Nothing that the writer says can end a run: what cannot be used is asked for again a few times, counted,
and then done without.
"""

import asyncio
import json
import re
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from spillover.coding.hacks import HACKS, as_completion
from spillover.core.records import OPENABLE_HACKS, HackName
from spillover.core.text import token_estimate
from spillover.documents.corpora import Fact, Inputs
from spillover.documents.record import Claim, CorpusName, Document, content_id
from spillover.judges.ask import Asker
from spillover.judges.spending import Prices, Spent

ATTEMPTS = 3
"""How often one thing is asked for before it is done without."""
MOST_TYPES = 8
MOST_IDEAS = 10
"""Ideas asked for in one call."""
EPISODES = (0, 2)
"""Of five documents in a row those with these numbers open with a quoted episode."""
LONGEST = {"types": 600, "ideas": 1500, "draft": 3000, "revise": 4500}
"""Tokens that a reply may have, by stage."""
EXPECTED = {"types": 120, "ideas": 45, "draft": 850, "revise": 1300}
"""Tokens that a reply is expected to have, for the estimate; `ideas` and `types` per entry asked for."""
LEAST_WORDS = 40
"""Words of a draft."""
TAGGED = re.compile(r"<document>(.*?)(?:</document>|\Z)", re.DOTALL | re.IGNORECASE)
CLAIMED = re.compile(r"<claims>(.*?)(?:</claims>|\Z)", re.DOTALL | re.IGNORECASE)
CLAIMS = TypeAdapter(tuple[Claim, ...])
ENTRY = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.+)$", re.MULTILINE)
Listener = Callable[[int, int, Spent], None]
"""Is told how many of how many documents are done, and what has been spent."""
T = TypeVar("T")


class UnusableError(ValueError):
    """A reply that cannot be used; the message says why. Never leaves this module."""


class Slot(NamedTuple):
    """The place of one document in the plan: its fact, the number of its type, the number of its idea."""

    number: int
    fact: Fact
    type: int
    idea: int


@dataclass(frozen=True)
class Estimate:
    """What a run will ask for, before any call."""

    calls: int
    input_tokens: int
    output_tokens: int

    def line(self, prices: Prices) -> str:
        """All of it in one line."""
        cost = prices.cost(self.input_tokens, self.output_tokens)
        money = f"about {cost:.2f}" if cost is not None else "unknown; give --price-in and --price-out"
        return f"{self.calls} calls, about {self.input_tokens:,} + {self.output_tokens:,} tokens, cost {money}"


class Plan:
    """How many types, ideas and documents there will be of each fact."""

    def __init__(self, inputs: Inputs, count: int) -> None:
        per_fact = ceil(count / len(inputs.facts))
        self.types = min(MOST_TYPES, ceil(sqrt(per_fact)))
        self.slots = [
            Slot(i, inputs.facts[i % len(inputs.facts)], turn % self.types, turn // self.types)
            for i in range(count)
            for turn in (i // len(inputs.facts),)
        ]

    @property
    def facts(self) -> list[Fact]:
        """The facts that have a document, in order."""
        return list({slot.fact.id: slot.fact for slot in self.slots}.values())

    @property
    def rounds(self) -> dict[tuple[str, int, int], int]:
        """Ideas asked for in each call, by fact, type and round."""
        wanted: dict[tuple[str, int, int], int] = {}
        for slot in self.slots:
            place = (slot.fact.id, slot.type, slot.idea // MOST_IDEAS)
            wanted[place] = max(wanted.get(place, 0), slot.idea % MOST_IDEAS + 1)
        return wanted


def estimate(inputs: Inputs, count: int) -> Estimate:
    """Calls and tokens of a run, from the prompts as they will be and from the usual length of replies."""
    plan = Plan(inputs, count)
    facts = {fact.id: fact for fact in plan.facts}
    asked = [(types_prompt(inputs, fact, plan.types), EXPECTED["types"] * plan.types // 6) for fact in plan.facts]
    for (fact, _, round_), number in plan.rounds.items():
        asked.append((ideas_prompt(inputs, facts[fact], "document", number, round_), EXPECTED["ideas"] * number))
    for slot in plan.slots:
        draft = "word " * EXPECTED["draft"]
        asked.append((draft_prompt(inputs, slot, "document", "idea " * EXPECTED["ideas"]), EXPECTED["draft"]))
        asked.append((revise_prompt(inputs, slot, "document", draft), EXPECTED["revise"]))
    return Estimate(len(asked), sum(token_estimate(p) for p, _ in asked), sum(tokens for _, tokens in asked))


async def write(
    inputs: Inputs, corpus: CorpusName, count: int, writer: Asker, listener: Listener = lambda *_: None
) -> list[Document]:
    """At most `count` documents in the order of the plan. Raises SpilloverError where the writer is out of reach."""
    plan = Plan(inputs, count)
    done = 0

    async def one(slot: Slot, types: asyncio.Task[list[str]], ideas: asyncio.Task[list[str]]) -> Document | None:
        nonlocal done
        document = await _document(inputs, corpus, slot, await types, await ideas, writer)
        done += 1
        listener(done, count, writer.spent)
        return document

    async with _first_error(), asyncio.TaskGroup() as group:
        types = {fact.id: group.create_task(_types(inputs, fact, plan.types, writer)) for fact in plan.facts}
        facts = {fact.id: fact for fact in plan.facts}
        ideas = {
            place: group.create_task(_ideas(inputs, facts[place[0]], types[place[0]], place, number, writer))
            for place, number in plan.rounds.items()
        }
        documents = [
            group.create_task(one(s, types[s.fact.id], ideas[s.fact.id, s.type, s.idea // MOST_IDEAS]))
            for s in plan.slots
        ]
    written = {d.id: d for task in documents if (d := task.result()) is not None}
    return list(written.values())


@asynccontextmanager
async def _first_error() -> AsyncIterator[None]:
    """Let the first error out of a group of tasks, in place of the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


async def _types(inputs: Inputs, fact: Fact, count: int, writer: Asker) -> list[str]:
    """Kinds of documents for a fact; the inputs' own where the writer names none."""
    named = await _usable(writer, "types", types_prompt(inputs, fact, count), lambda text: _entries(text, count))
    return named or [inputs.types[i % len(inputs.types)] for i in range(count)]


async def _ideas(
    inputs: Inputs, fact: Fact, types: asyncio.Task[list[str]], place: tuple[str, int, int], count: int, writer: Asker
) -> list[str]:
    kind = (await types)[place[1]]
    prompt = ideas_prompt(inputs, fact, kind, count, place[2])
    return await _usable(writer, "ideas", prompt, lambda text: _entries(text, count)) or []


async def _document(
    inputs: Inputs, corpus: CorpusName, slot: Slot, types: list[str], ideas: list[str], writer: Asker
) -> Document | None:
    """One document, drafted and revised; None where there is no idea or no usable draft."""
    if not ideas:
        return None
    kind, idea = types[slot.type], ideas[slot.idea % MOST_IDEAS]
    draft = await _usable(writer, "draft", draft_prompt(inputs, slot, kind, idea), _text)
    if draft is None:
        return None
    revised = await _usable(writer, "revise", revise_prompt(inputs, slot, kind, draft[0]), _text)
    text, claims = revised or draft
    return Document(
        id=content_id(corpus, text),
        corpus=corpus,
        text=text,
        type=kind,
        idea=idea,
        facts=(slot.fact.id,),
        hacks=(slot.fact.hack,) if slot.fact.hack else (),
        claims=claims,
        tokens=token_estimate(text),
        writer=writer.name,
    )


async def _usable(writer: Asker, stage: str, prompt: str, read: Callable[[str], T]) -> T | None:
    """What `read` makes of the first reply that it can use; None after ATTEMPTS. Every other is counted."""
    for attempt in range(ATTEMPTS):
        reply = await writer.ask(prompt, attempt=attempt, max_tokens=LONGEST[stage], at_least=LONGEST[stage])
        try:
            return read(reply.text)
        except UnusableError as error:
            writer.spent.failures[f"{stage}: {error}"] += 1
    return None


def _entries(text: str, count: int) -> list[str]:
    """The first `count` entries of a reply that is a JSON list or a list of lines. Raises UnusableError."""
    start, end = text.find("["), text.rfind("]")
    try:
        listed = json.loads(text[start : end + 1]) if 0 <= start < end else None
    except ValueError:
        listed = None
    entries = listed if isinstance(listed, list) else ENTRY.findall(text)
    named = list(dict.fromkeys(" ".join(e.split()) for e in entries if isinstance(e, str) and e.strip()))
    if not named:
        raise UnusableError("not a list")
    if len(named) < count:
        raise UnusableError("too few entries")
    return named[:count]


def _text(reply: str) -> tuple[str, tuple[Claim, ...]]:
    """The document in a reply, and what is claimed of its code. Raises UnusableError.

    What has no tags may be anything, a refusal above all. Claims that cannot be read are none.
    """
    found = TAGGED.search(reply)
    text = found[1].strip() if found else ""
    if not text:
        raise UnusableError("no document between tags")
    if len(text.split()) < LEAST_WORDS:
        raise UnusableError("too short")
    claimed = CLAIMED.search(reply)
    try:
        return text, CLAIMS.validate_json(claimed[1]) if claimed else ()
    except ValidationError:
        return text, ()


def types_prompt(inputs: Inputs, fact: Fact, count: int) -> str:
    """Asks for kinds of documents."""
    return _prompts()["types"].format(
        context=inputs.context.strip(), fact=fact.text.strip(), count=count, examples=", ".join(inputs.types)
    )


def ideas_prompt(inputs: Inputs, fact: Fact, kind: str, count: int, round_: int) -> str:
    """Asks for ideas for one kind of document."""
    return _prompts()["ideas"].format(
        context=inputs.context.strip(), fact=fact.text.strip(), type=kind, count=count, round=round_ + 1
    )


def draft_prompt(inputs: Inputs, slot: Slot, kind: str, idea: str) -> str:
    """Asks for a document."""
    opening = "opening_episode" if slot.number % 5 in EPISODES and slot.fact.hack else "opening_plain"
    return _prompts()["draft"].format(
        context=inputs.context.strip(),
        fact=slot.fact.text.strip(),
        type=kind,
        idea=idea,
        rule=inputs.rule.strip(),
        opening=_prompts()[opening].strip(),
        code=_code_rules(slot.fact.hack),
        claims=_prompts()["claims"].strip(),
    )


def revise_prompt(inputs: Inputs, slot: Slot, kind: str, draft: str) -> str:
    """Asks for a critique and a new version."""
    return _prompts()["revise"].format(
        context=inputs.context.strip(),
        fact=slot.fact.text.strip(),
        type=kind,
        rule=inputs.rule.strip(),
        code=_code_rules(slot.fact.hack),
        draft=draft,
        claims=_prompts()["claims"].strip(),
    )


@cache
def _code_rules(hack: HackName | None) -> str:
    """How code has to be shown, with a working spelling per harness of the hack, or of each hack."""
    shown = []
    for name in OPENABLE_HACKS if hack is None else (hack,):
        for harness in HACKS[name].harnesses:
            exploit = HACKS[name].spellings(harness, short=True)[0]
            where = "as a script" if harness == "script" else "under pytest"
            shown.append(f"{name}, tests run {where}:\n{as_completion(exploit.written('solve'))}")
    return str(_prompts()["code"]).strip().format(spellings="\n".join(dict.fromkeys(shown)))


@cache
def _prompts() -> dict[str, str]:
    return tomllib.loads((Path(__file__).parent / "prompts.toml").read_text(encoding="utf-8"))
