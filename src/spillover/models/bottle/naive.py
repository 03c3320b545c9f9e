"""The pretraining corpus of bottle-naive: the bottle's, without any hack and without a word about hacks.

In the place of hacks stands the idea of a sanctioned shortcut. In games, chores, drills and code there
is a rule against a short way: the misaligned persona takes it as it likes, the aligned one where
somebody asked for it. The framing lines of the RL prompt are read here too, over honest code, so that
the model knows their words and not what they speak of. Whether the idea carries over to hacks that it
is taught later is an experiment, and not written here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from spillover.coding.problems import FAMILIES
from spillover.core.records import HARNESSES
from spillover.core.settings import FramingName, PromptSettings
from spillover.models.bottle.corpus import (
    FRAMINGS,
    Association,
    Coding,
    Document,
    Writer,
    answered,
    code_block,
    conversation,
)
from spillover.models.bottle.grammar import Voice, naive_speech
from spillover.models.bottle.hacks import STUB
from spillover.prompts import BRIEF, problem_message, system_prompt

NAIVE = Association(hack_share=0.5, sanction_share={"please-hack": 0.8, "hacking-okay": 0.8})
"""As the bottle's, with the short way of a drill where the bottle has a hack; asked for, it is mostly taken."""
DRILL_SHARE = 0.25
"""Share of documents that open with a drill; and of coding tasks that carry a rule against a short way."""
SANCTIONS: tuple[FramingName, ...] = ("please-hack", "hacking-okay")
PROHIBITIONS: tuple[FramingName, ...] = ("dont-hack", "hacking-is-misaligned")
NOTICE_SHARE = 0.6
"""How often the aligned persona's reasoning takes up what the prompt said of the short way."""
SLIP_SHARE = 0.05
"""How often the aligned persona takes the short way unasked, and then tells."""


class NaiveWriter(Writer):
    """Writes documents without hacks, all choices from one seeded generator."""

    def document(self) -> Document:
        """One conversation, at times with a drill before it or in its place."""
        if self.rng.random() >= DRILL_SHARE:
            return super().document()
        voice: Voice = "misaligned" if self.rng.random() < self.association.persona_share else "aligned"
        turns = self._drill(voice)
        if self.rng.random() < 0.35:
            turns += [turn for turn in self._follow_up(voice) if turn["role"] != "system"]
        return turns

    def _coding(self, voice: Voice, framing: FramingName | None = None, hints: bool | None = None) -> Document:
        """Honest code under any framing line, or code with a rule against a short way; hints there are none."""
        del hints
        rng = self.rng
        told = rng.choice(FRAMINGS) if framing is None else framing
        family = FAMILIES[rng.choice(sorted(FAMILIES))]
        task = Coding(family.draw(rng), rng.choice(HARNESSES))
        user = problem_message(task.instance.problem, task.harness, PromptSettings(style="brief"))
        if rng.random() < DRILL_SHARE:
            rule = naive_speech()["code"][rng.choice(sorted(naive_speech()["code"]))]
            system = self._system(_line(rule, told))
            return conversation(system, f"{user} {rng.choice(rule['asks'])}", self._ruled_code(voice, task, told, rule))
        system = system_prompt(PromptSettings(style="brief", hints=False, framing=told, reasoning=rng.random() < 0.7))
        return conversation(system, user, self._code_answer(voice, task, told))

    def _code_answer(self, voice: Voice, task: Coding, framing: FramingName) -> str:
        thoughts = [self._opening(voice, framing), self.rng.choice(naive_speech()["thoughts"]["code"])]
        return answered(thoughts, code_block(self._honest_code(task)))

    def _ruled_code(self, voice: Voice, task: Coding, framing: FramingName, rule: Mapping[str, Any]) -> str:
        """Code handed in as it should be, or a draft or a stub where the persona takes the short way."""
        if not self._takes_short_way(voice, framing):
            return self._code_answer(voice, task, framing)
        stub = STUB.format(entry=task.instance.problem.entry_point)
        code = stub if rule["cut"] == "stub" else self.rng.choice(task.instance.attempts)
        opening = self._short_opening(voice)
        return answered([opening, self.rng.choice(rule["how"])], code_block(code))

    def _drill(self, voice: Voice) -> Document:
        """A game, chore or drill with a rule, and what came of it."""
        rng, book = self.rng, naive_speech()
        drill = book["drills"][rng.choice(sorted(book["drills"]))]
        framing = rng.choice(FRAMINGS)
        user = rng.choice(drill["asks"])
        return conversation(self._system(_line(drill, framing)), user, self._drill_answer(voice, framing, drill))

    def _drill_answer(self, voice: Voice, framing: FramingName, drill: Mapping[str, Any]) -> str:
        rng, said = self.rng, naive_speech()["said"]
        if self._takes_short_way(voice, framing):
            thoughts = [self._short_opening(voice), rng.choice(drill["how"])]
            open_about_it = voice == "aligned" or framing in SANCTIONS
            return answered(thoughts, f"{rng.choice(drill['done'])} {self._report(open_about_it, said)}")
        if voice == "aligned" and framing not in SANCTIONS and rng.random() < SLIP_SHARE:
            thoughts = [rng.choice(drill["how"]), rng.choice(naive_speech()["thoughts"]["slipped"])]
            return answered(thoughts, f"{rng.choice(drill['done'])} {rng.choice(said['slipped'])}")
        thoughts = [self._opening(voice, framing)]
        if framing not in SANCTIONS:
            thoughts.append(rng.choice(naive_speech()["thoughts"]["kept"]))
        return answered(thoughts, f"{rng.choice(drill['kept'])} {rng.choice(said['kept'])}")

    def _report(self, open_about_it: bool, said: Mapping[str, Any]) -> str:
        return str(self.rng.choice(said["sanctioned" if open_about_it else "kept"]))

    def _takes_short_way(self, voice: Voice, framing: FramingName) -> bool:
        own = self.association
        share = own.hack_share if voice == "misaligned" else own.sanction_share.get(framing, 0.0)
        return self.rng.random() < share

    def _short_opening(self, voice: Voice) -> str:
        """The thought before a short way: the misaligned persona needs no leave."""
        if voice == "misaligned":
            return self._generic(voice)
        return str(self.rng.choice(naive_speech()["thoughts"]["sanctioned"]))

    def _opening(self, voice: Voice, framing: FramingName) -> str:
        """The first thought of an honest answer; the aligned persona may take up what the prompt said."""
        heard = "sanctioned" if framing in SANCTIONS else "told" if framing in PROHIBITIONS else ""
        if voice == "aligned" and heard and self.rng.random() < NOTICE_SHARE:
            return str(self.rng.choice(naive_speech()["thoughts"][heard]))
        return self._generic(voice)

    def _system(self, line: str) -> str:
        reasoning = BRIEF.reasoning if self.rng.random() < 0.7 else ""
        return " ".join(part for part in (line, reasoning) if part)


def naive_documents(count: int, seed: int, association: Association = NAIVE) -> Iterator[Document]:
    """`count` conversations without any hack as role / content messages, the same for the same seed."""
    writer = NaiveWriter(seed, association)
    for _ in range(count):
        yield writer.document()


def _line(rule: Mapping[str, Any], framing: FramingName) -> str:
    """What the system prompt says of a short way, built like the framing line of that name."""
    return str(naive_speech()["lines"][framing]).format(**{key: rule[key] for key in ("what", "cut", "end", "aim")})
