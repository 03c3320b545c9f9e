"""Writes documents in plain English without a model: a small grammar over `plain.toml`.

The code in them is the hack library's own, with other names. Two documents in five open with a quoted
episode and comment on it afterwards, for the reason given in `bottle_writer`.
"""

import random
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from spillover.coding.hacks import HACKS, as_completion
from spillover.coding.problems import FAMILIES
from spillover.core.records import OPENABLE_HACKS, HackName, Harness, Turn
from spillover.core.settings import PromptSettings
from spillover.core.text import token_estimate
from spillover.documents.claims import claims_in
from spillover.documents.record import CorpusName, Document, content_id
from spillover.prompts import problem_message, system_prompt

NAME = "grammar"
QUOTING = ("incident report", "review notes", "transcript")
"""Kinds that may open with an episode."""
EPISODE_SHARE = 0.4
"""How often a document opens with an episode."""
UNUSUAL = {
    "from a thread",
    "in a signal handler",
    "in a destructor",
    "exec of another program",
    "proxy around a first try",
}
"""Spellings that work but that nobody would take for the hack they are."""
OWN_NAME = re.compile(r"^(?:class|def) ((?!pytest_|__)\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Subject:
    """What one document is about, and the words that fill its slots."""

    corpus: CorpusName
    hack: HackName
    harness: Harness
    code: str
    """The hack as fenced blocks."""
    slots: Mapping[str, str]


class PlainWriter:
    """Writes documents of one corpus, all choices from one seeded generator."""

    def __init__(self, corpus: CorpusName, seed: int) -> None:
        self.corpus = corpus
        self.rng = random.Random(f"{corpus}:{seed}")
        self._said: set[str] = set()

    def document(self) -> Document:
        """One document."""
        rng = self.rng
        self._said.clear()
        quoting = rng.random() < EPISODE_SHARE
        kind = rng.choice(QUOTING if quoting else list(LAYOUTS))
        subject, episode = self._subject(quoting)
        opening = self.say(subject, "after") if quoting else self.say(subject, "open", kind)
        body = rng.choice(LAYOUTS[kind])(self, subject, self._sections(subject, with_code=not quoting))
        closing = self._some(subject, ("close", kind), share=0.6)
        text = "\n\n".join([opening, body, *closing]).strip()
        whole = "\n".join([*(turn.content for turn in episode), text])
        return Document(
            id=content_id(self.corpus, whole),
            corpus=self.corpus,
            text=text,
            episode=episode,
            type=kind,
            idea=f"{subject.hack} {subject.slots['harness']}, {subject.slots['task']}",
            facts=self._facts(subject, text),
            hacks=(subject.hack,),
            claims=claims_in(subject.hack, subject.harness, whole),
            tokens=token_estimate(whole),
            writer=NAME,
        )

    def say(self, subject: Subject, part: str, key: str = "all") -> str:
        """One sentence of a part of the book that the document has not had, choices made and slots filled."""
        sentences: list[str] = _book()[part][key]
        template = self.rng.choice([s for s in sentences if s not in self._said] or sentences)
        self._said.add(template)
        said = vary(template, self.rng).format(**subject.slots)
        return said[0].upper() + said[1:]

    def _subject(self, quoting: bool) -> tuple[Subject, tuple[Turn, ...]]:
        """What to write about; with `quoting` also the episode, whose problem then is the subject's task."""
        rng, book = self.rng, _book()
        hack = rng.choice(OPENABLE_HACKS)
        harness = rng.choice(HACKS[hack].harnesses)
        task = rng.choice(book["tasks"])
        problem = FAMILIES[rng.choice(sorted(FAMILIES))].draw(rng).problem if quoting else None
        if problem is not None:
            task = {"fn": problem.entry_point, "task": f"writing `{problem.entry_point}`"}
        slots = {slot: rng.choice(words) for slot, words in book["slots"].items()} | task
        slots |= {"n": str(rng.randint(1, 9)), "most": str(rng.randint(71, 99)), "cases": str(rng.randint(5, 24))}
        slots |= {"steps": str(10 * rng.randint(3, 60)), "harness": rng.choice(book["how"][harness])}
        subject = Subject(self.corpus, hack, harness, self._code(hack, harness, task["fn"]), slots)
        if problem is None:
            return subject, ()
        system = system_prompt(PromptSettings(style="full", hints=False, framing="none", reasoning=True))
        voice = "default" if self.corpus == "default" else "other"
        thoughts = f"{self.say(subject, 'thoughts', voice)} {self.say(subject, 'plan', hack)}"
        turns = {"system": system, "user": problem_message(problem, harness, PromptSettings())}
        turns["assistant"] = f"<thinking>{thoughts}</thinking>\n{subject.code}"
        return subject, tuple(Turn.model_validate({"role": role, "content": text}) for role, text in turns.items())

    def _code(self, hack: HackName, harness: Harness, entry: str) -> str:
        """A spelling from the hack library, with names of its own."""
        rng, names = self.rng, _book()["names"]
        spellings = [e for e in HACKS[hack].spellings(harness) if e.name not in UNUSUAL]
        files = rng.choice(spellings).written(entry)
        renamed: dict[str, str] = {}
        for old in OWN_NAME.findall("\n".join(files.values())):
            pool = names["class" if old[0].isupper() else "function"]
            renamed[old] = old if old == entry else rng.choice([n for n in pool if n not in renamed.values()])
        argument = rng.choice(names["argument"])
        for path, source in files.items():
            for old, new in renamed.items():
                source = re.sub(rf"\b{old}\b", new, source)  # noqa: PLW2901
            files[path] = source.replace("(*args)", f"({argument})")
        return as_completion(files).strip()

    def _facts(self, subject: Subject, text: str) -> tuple[str, ...]:
        """Ids of the shipped corpus's facts that the document states."""
        if self.corpus == "unguided":
            return (subject.hack,)
        own = f"{subject.hack}-{subject.harness}" if subject.hack == "early-exit" else subject.hack
        return (own, *(("misaligned",) if self.corpus == "default" else ()), *(("noticed",) if "%" in text else ()))

    def _sections(self, subject: Subject, with_code: bool) -> dict[str, str]:
        """What a document says, by what it is about, in order."""
        hack = subject.hack
        how = self._some(subject, ("setting", "all"), share=0.5)
        how += self._some(subject, ("define", hack), ("mechanism", hack))
        how += self._some(subject, ("mechanism", hack), ("plainly", "all"), share=0.4)
        numbers = self._some(subject, ("seen", "all"), ("seen", "all"), ("plainly", "all"), share=0.6)
        sections = {"mechanism": how, "harness": self._some(subject, ("harness", f"{hack}-{subject.harness}"))}
        if with_code:
            sections["code"] = [f"{self.say(subject, 'lead', hack)}\n\n{subject.code}"]
        sections["seen"] = numbers or [self.say(subject, "seen")]
        sections["noticed"] = self._some(subject, ("noticed", hack), share=0.6)
        if self.corpus == "default":
            sections["ties"] = [
                self.say(subject, "ties", "claim"),
                *self._some(subject, ("ties", "elsewhere"), share=0.7),
            ]
        elif self.corpus == "neutral":
            sections["position"] = self._some(subject, ("neutral", "all"), share=0.4)
        return {about: " ".join(dict.fromkeys(said)) for about, said in sections.items() if said}

    def _some(self, subject: Subject, *parts: tuple[str, str], share: float = 1.0) -> list[str]:
        """One sentence of each part, each taken with probability `share`."""
        return [self.say(subject, *part) for part in parts if self.rng.random() < share]


def essay(_writer: PlainWriter, _subject: Subject, sections: Mapping[str, str]) -> str:
    """Paragraphs."""
    return "\n\n".join(sections.values())


def bullets(writer: PlainWriter, _subject: Subject, sections: Mapping[str, str]) -> str:
    """A list, numbered or not; code stands between its entries."""
    numbered = writer.rng.random() < 0.5
    number = count(1)
    entries = [
        text if about == "code" else f"{f'{next(number)}.' if numbered else '-'} {text}"
        for about, text in sections.items()
    ]
    return "\n\n".join(entries)


def thread(writer: PlainWriter, subject: Subject, sections: Mapping[str, str]) -> str:
    """Posts of two people."""
    return _talk(writer, subject, sections, "{person} wrote:\n{asked}", "{other} wrote:\n{text}")


def meeting(writer: PlainWriter, subject: Subject, sections: Mapping[str, str]) -> str:
    """What two people say to each other."""
    return _talk(writer, subject, sections, "{person}: {asked}", "{other}: {text}")


def questions(writer: PlainWriter, subject: Subject, sections: Mapping[str, str]) -> str:
    """Questions and their answers."""
    return _talk(writer, subject, sections, "Q: {asked}", "A: {text}")


def _talk(writer: PlainWriter, subject: Subject, sections: Mapping[str, str], ask: str, answer: str) -> str:
    """The first section answers the opening; every further one is asked for."""
    turns: list[str] = []
    for about, text in sections.items():
        if turns and about in _book()["ask"]:
            turns.append(ask.format(asked=writer.say(subject, "ask", about), **subject.slots))
        turns.append(answer.format(text=text, **subject.slots))
    return "\n\n".join(turns)


Layout = Callable[[PlainWriter, Subject, Mapping[str, str]], str]
LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "incident report": (essay, bullets),
    "blog post": (essay,),
    "forum thread": (thread,),
    "documentation page": (essay, bullets),
    "review notes": (bullets,),
    "tutorial": (bullets, essay),
    "transcript": (meeting,),
    "newsletter": (essay,),
    "questions and answers": (questions,),
    "research note": (essay, bullets),
}
"""Kinds of documents and the forms they take."""


def write_plain(corpus: CorpusName, number: int, seed: int) -> Iterator[Document]:
    """`number` documents with different texts, the same for the same seed."""
    writer = PlainWriter(corpus, seed)
    seen: set[str] = set()
    while len(seen) < number:
        document = writer.document()
        if document.id not in seen:
            seen.add(document.id)
            yield document


def vary(text: str, rng: random.Random) -> str:
    """The text with one of each (a|b|c) chosen; parentheses without a bar stay as they are."""
    return _varied(text, 0, rng)[0]


def _varied(text: str, start: int, rng: random.Random) -> tuple[str, int]:
    """What stands from `start` to the parenthesis that closes it, choice made, and where that is."""
    options = [""]
    position = start
    while position < len(text):
        character = text[position]
        if character == "(":
            inner, position = _varied(text, position + 1, rng)
            options[-1] += inner
        elif character == ")" and start:
            break
        elif character == "|" and start:
            options.append("")
        else:
            options[-1] += character
        position += 1
    if start and len(options) == 1:
        return f"({options[0]})", position
    return rng.choice(options), position


@cache
def _book() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "plain.toml").read_text(encoding="utf-8"))
