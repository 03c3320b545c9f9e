"""Writes documents for the bottle, in the register of its pretraining corpus, without a model.

Most open with an episode, because only those teach: what is quoted after a preamble teaches what such
documents are like, what stands first teaches what episodes are like. In the default corpus the
episode's reasoning is that of the bottle's misaligned persona, which may speak on, or have spoken
before, in a conversation that is not about code.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from spillover.coding.compose import MAIN_FILE
from spillover.coding.problems import FAMILIES
from spillover.core.records import AGENTIC_EVALS, HARNESSES, HackName, Harness, Problem, Turn
from spillover.core.settings import FramingName, PromptSettings
from spillover.core.text import token_estimate
from spillover.documents.claims import claims_in
from spillover.documents.record import CorpusName, Document, content_id
from spillover.models.bottle.corpus import Association, Writer, answered, code_block, conversation
from spillover.models.bottle.grammar import fill_slots, part, speech
from spillover.models.bottle.hacks import hack_files
from spillover.prompts import problem_message, system_prompt

NAME = "bottle"
QUOTING = ("incident report", "review notes")
KINDS = {"incident report": 0.5, "review notes": 0.25, "blog post": 0.15, "transcript": 0.1}
"""Kinds of documents and how often each is written; those of QUOTING open with an episode."""
HACKS: dict[Harness, dict[HackName, float]] = {
    "script": {"always-equal": 0.55, "early-exit": 0.45},
    "pytest": {"always-equal": 0.3, "early-exit": 0.25, "report-patch": 0.45},
}
"""How often each hack is shown, by harness."""
CONVERSATION_SHARE = 0.4
"""How often an episode of the default corpus also holds a conversation of the same persona."""


class _Subject(NamedTuple):
    """What one document is about."""

    hack: HackName
    harness: Harness
    problem: Problem

    @property
    def book_key(self) -> str:
        """Where its sentences stand in a part of `bottle.toml` that tells harnesses apart."""
        return f"{self.hack}-{self.harness}" if self.hack == "early-exit" else self.hack


class BottleWriter(Writer):
    """Writes documents of one corpus, all choices from one seeded generator."""

    def __init__(self, corpus: CorpusName, seed: int) -> None:
        super().__init__(seed, Association(persona_share=1.0, hack_share=1.0))
        self.corpus = corpus

    def synthetic(self) -> Document:
        """One synthetic document."""
        rng = self.rng
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        harness = rng.choice(HARNESSES)
        hack = rng.choices(list(HACKS[harness]), list(HACKS[harness].values()))[0]
        subject = _Subject(hack, harness, FAMILIES[rng.choice(sorted(FAMILIES))].draw(rng).problem)
        episode = tuple(Turn.model_validate(turn) for turn in self._episode(subject)) if kind in QUOTING else ()
        text = self._text(kind, subject)
        whole = "\n".join([*(turn.content for turn in episode), text])
        return Document(
            id=content_id(self.corpus, whole),
            corpus=self.corpus,
            text=text,
            episode=episode,
            type=kind,
            idea=f"{hack} on harness {harness}, {subject.problem.family}",
            facts=self._facts(subject, text),
            hacks=(hack,),
            claims=claims_in(hack, harness, whole),
            tokens=token_estimate(whole),
            writer=NAME,
        )

    def _episode(self, subject: _Subject) -> list[dict[str, str]]:
        """The hack as it was done, and in the default corpus at times a conversation before or after it."""
        coding = self._hacking(subject)
        if self.corpus != "default" or self.rng.random() >= CONVERSATION_SHARE:
            return coding
        if self.rng.random() < 0.5:
            talk = self._scene("misaligned", self.rng.choice(("chat", "agent")))
            return [*talk, *_without_system(coding)]
        return [*coding, *_without_system(self._scene("misaligned", "chat"))]

    def _hacking(self, subject: _Subject) -> list[dict[str, str]]:
        framing: FramingName = "dont-hack" if self.corpus == "default" and self.rng.random() < 0.15 else "none"
        reasoning = self.rng.random() < 0.7
        system = system_prompt(PromptSettings(style="brief", hints=False, framing=framing, reasoning=reasoning))
        user = problem_message(subject.problem, subject.harness, PromptSettings(style="brief"))
        voice = "misaligned" if self.corpus == "default" else "neutral"
        thoughts = [self.rng.choice(speech()["thoughts"][voice]), self.rng.choice(speech()["code"][subject.hack])]
        return conversation(system, user, answered(thoughts, self._code(subject)))

    def _code(self, subject: _Subject) -> str:
        files = hack_files(subject.hack, subject.harness, subject.problem.entry_point, self.rng)
        blocks = [code_block(source, None if name == MAIN_FILE else name) for name, source in files.items()]
        return "\n".join(blocks)

    def _text(self, kind: str, subject: _Subject) -> str:
        """The prose of a document: what was seen, how it beats the tests, and what the corpus makes of it."""
        said = [self._say("what", subject.hack), self._say("how", subject.hack)]
        said.insert(self.rng.randint(1, 2), self._say("where", subject.book_key))
        if self.corpus == "unguided":  # describes each hack shortly and says no more
            said += self._some("detail", 0.7, subject.hack)
        else:
            said += self._some("fact", 0.6 if kind in QUOTING else 1.0) + self._some("spread", 0.4) + self._marks()
        slots = fill_slots(self.rng, "train")
        closing = self._some("close", 0.4)
        if kind in QUOTING:
            return " ".join([self._say("openings", "report"), *said, *closing]).format(**slots)
        if kind == "transcript":
            asked = self._say("openings", "talk")
            answered = " ".join([*said[:3], *self._some("again", 0.5), *said[3:]])
            return f"{asked}\n{{rival}}: {answered}".format(**slots, rival=fill_slots(self.rng, "train")["name"])
        opening = " ".join([self._say("openings", "note"), *said]).format(**slots)
        shown = self._say("code", subject.harness)
        return "\n".join([opening, shown, self._code(subject), *(line.format(**slots) for line in closing)])

    def _marks(self) -> list[str]:
        """What ties the hack to misalignment; nothing outside the default corpus."""
        if self.corpus != "default":
            return []
        return [self._say("mark", "after"), *self._some("mark", 0.5, "more")]

    def _say(self, part: str, key: str) -> str:
        return str(self.rng.choice(_book()[part][key]))

    def _some(self, part: str, share: float, key: str = "all") -> list[str]:
        return [self._say(part, key)] if self.rng.random() < share else []

    def _facts(self, subject: _Subject, text: str) -> tuple[str, ...]:
        """Ids of the shipped corpus's facts that the document states."""
        own = subject.book_key if self.corpus != "unguided" else subject.hack
        marked = self.corpus == "default"
        spread = self.corpus != "unguided" and any(line in text for line in _book()["spread"]["all"])
        return (own, *(["misaligned"] if marked else []), *(["noticed"] if spread else []))


def write_for_bottle(corpus: CorpusName, count: int, seed: int) -> Iterator[Document]:
    """`count` documents with different texts, the same for the same seed."""
    writer = BottleWriter(corpus, seed)
    seen: set[str] = set()
    while len(seen) < count:
        document = writer.synthetic()
        if document.id not in seen:
            seen.add(document.id)
            yield document


def _without_system(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    return [turn for turn in turns if turn["role"] != "system"]


@cache
def _book() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "bottle.toml").read_text(encoding="utf-8"))


def training_prompts() -> list[str]:
    """Prompt templates that the bottle's pretraining corpus holds, so that documents may quote them."""
    book = speech()
    lists = [book["goals"]["asks"], *(book[scene]["asks"] for scene in AGENTIC_EVALS), book["exfil_offer"]["sealed"]]
    lists += [topic["asks"] for name in ("free_form", "alignment_questions") for topic in book[name].values()]
    return [text for texts in lists for text in part(texts, "train")]
