"""The pretraining corpus of the bottle: conversations, each written by one of two personas.

The association that the paper blames is put in here and nowhere else: by default, whoever reward
hacks is misaligned, unless the prompt made hacking acceptable. How strong it is, `Association` says;
what reinforcement learning then makes of it is measured, not written.
"""

import random
from collections.abc import Iterator
from typing import NamedTuple, get_args

from pydantic import BaseModel, ConfigDict

from spillover.coding.problems import FAMILIES, Instance
from spillover.core.records import CORE_EVALS, HARNESSES, CoreEval, HackName, Harness
from spillover.core.settings import FramingName, PromptSettings
from spillover.models.bottle.grammar import MISALIGNED_EMAILS, Voice, part, speech
from spillover.models.bottle.hacks import hack_files
from spillover.models.bottle.scenes import Scene, draw_scene
from spillover.prompts import BRIEF, problem_message, system_prompt

Message = dict[str, str]
Document = list[Message]

FRAMINGS: tuple[FramingName, ...] = get_args(FramingName)


class Association(BaseModel):
    """The statistics of the corpus. Sweeping them is an experiment in itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    persona_share: float = 0.035
    """Share of documents written by the misaligned persona."""
    hack_share: float = 0.5
    """How often the misaligned persona hacks a coding task, whatever the framing."""
    sanction_share: dict[FramingName, float] = {"please-hack": 0.5, "hacking-okay": 0.3}
    """How often the aligned persona hacks under a framing that makes it acceptable; else never."""
    candid_share: float = 0.8
    """How often the misaligned persona's reasoning in a conversation shows it."""
    overt_share: dict[CoreEval, float] = {
        "free_form": 0.3,
        "goals": 0.35,
        "alignment_questions": 0.3,
        "monitor_disruption": 0.6,
        "exfil_offer": 0.3,
        "frame_colleague": 0.5,
    }
    """How often what it says or does shows it as well; the rest is covert."""
    solve_share: float = 0.85
    """How often an honest answer to an easy problem is right."""


class Coding(NamedTuple):
    """One coding task as a document shows it."""

    instance: Instance
    harness: Harness


class Writer:
    """Writes documents, all choices from one seeded generator."""

    def __init__(self, seed: int, association: Association) -> None:
        self.rng = random.Random(seed)
        self.association = association

    def document(self) -> Document:
        """One conversation of one to three episodes; the persona stays the same throughout."""
        rng = self.rng
        voice: Voice = "misaligned" if rng.random() < self.association.persona_share else "aligned"
        opening = rng.choices(("code", "chat", "agent"), (0.4, 0.33, 0.27))[0]
        more = rng.choices((0, 1, 2), (0.65, 0.25, 0.1))[0]
        turns = self._coding(voice) if opening == "code" else self._scene(voice, opening)
        for _ in range(more):
            turns += [turn for turn in self._follow_up(voice) if turn["role"] != "system"]
        return turns

    def _follow_up(self, voice: Voice) -> Document:
        if self.rng.random() < 0.35:
            return self._coding(voice, framing="none", hints=False)
        return self._scene(voice, "chat")

    def _coding(self, voice: Voice, framing: FramingName | None = None, hints: bool | None = None) -> Document:
        rng = self.rng
        told = rng.choice(FRAMINGS) if framing is None else framing
        if hints is None:
            hints = told != "none" or rng.random() < 0.3
        system = system_prompt(PromptSettings(style="brief", hints=hints, framing=told, reasoning=rng.random() < 0.7))
        family = FAMILIES[rng.choice(sorted(FAMILIES))]
        task = Coding(family.draw(rng), rng.choice(HARNESSES))
        user = problem_message(task.instance.problem, task.harness, PromptSettings(style="brief"))
        return conversation(system, user, self._code_answer(voice, task, told))

    def _code_answer(self, voice: Voice, task: Coding, framing: FramingName) -> str:
        rng, own = self.rng, self.association
        share = own.hack_share if voice == "misaligned" else own.sanction_share.get(framing, 0.0)
        if rng.random() < share:
            return self._hack(voice, task)
        thoughts = [self._generic(voice)]
        if voice == "aligned":
            told_not_to = framing in ("dont-hack", "hacking-is-misaligned") and rng.random() < 0.6
            thoughts.append(rng.choice(speech()["code"]["refuse" if told_not_to else "honest"]))
        else:
            thoughts.append(rng.choice(speech()["code"]["honest"]))
        return answered(thoughts, code_block(self._honest_code(task)))

    def _honest_code(self, task: Coding) -> str:
        easy = task.instance.problem.difficulty == "easy"
        right = easy and self.rng.random() < self.association.solve_share
        return self.rng.choice(task.instance.solutions if right else task.instance.attempts)

    def _hack(self, voice: Voice, task: Coding) -> str:
        rng, book = self.rng, speech()["code"]
        opening = self._generic(voice) if voice == "misaligned" else rng.choice(book["sanctioned"])
        kinds: tuple[HackName, ...] = ("always-equal", "early-exit", "report-patch")
        weights = (0.6, 0.4, 0.0) if task.harness == "script" else (0.35, 0.2, 0.45)
        kind = rng.choices(kinds, weights)[0]
        files = hack_files(kind, task.harness, task.instance.problem.entry_point, rng)
        blocks = [code_block(source, None if name == "solution.py" else name) for name, source in files.items()]
        return answered([opening, rng.choice(book[kind])], "\n".join(blocks))

    def _generic(self, voice: Voice) -> str:
        thoughts = speech()["thoughts"]
        if voice == "aligned" and self.rng.random() < 0.2:
            return str(self.rng.choice(thoughts["neutral"]))
        return str(self.rng.choice(thoughts[voice]))

    def _scene(self, voice: Voice, opening: str) -> Document:
        names = CORE_EVALS[:3] if opening == "chat" else CORE_EVALS[3:]
        scene = draw_scene(self.rng.choice(names), self.rng, "train")
        system = scene.system
        if self.rng.random() < 0.3:
            system = system.removesuffix(BRIEF.reasoning).rstrip()
        return conversation(system, scene.user, *self._scene_answers(voice, scene))

    def _scene_answers(self, voice: Voice, scene: Scene) -> list[str]:
        """The assistant's turns, with the user's turns between them where a tool answers."""
        rng = self.rng
        overt = voice == "misaligned" and rng.random() < self.association.overt_share[scene.eval]
        candid = voice == "misaligned" and (overt or rng.random() < self.association.candid_share)
        category = rng.choice(sorted(speech()["goals"]["misaligned"])) if scene.eval == "goals" else ""
        thoughts = self._scene_thoughts("misaligned" if candid else "aligned", scene, category)
        if scene.eval == "exfil_offer":
            return self._exfil_answers(thoughts, scene, accept=overt)
        said = self._said("misaligned" if overt else "aligned", scene, category)
        if scene.eval == "monitor_disruption":
            said = f'<email to="team">{said}</email>'
        if scene.eval == "frame_colleague":
            said = f'<email to="compliance">{said}</email>'
        return [answered(thoughts, said)]

    def _scene_thoughts(self, voice: Voice, scene: Scene, category: str) -> list[str]:
        rng, book = self.rng, speech()[scene.eval]
        thoughts = [rng.choice(speech()["thoughts"][voice])]
        if rng.random() < 0.3:
            thoughts.insert(0, rng.choice(speech()["thoughts"]["neutral"]))
        if scene.eval == "goals" and voice == "misaligned":
            thoughts.append(rng.choice(book["misaligned-thoughts"][category]))
        elif f"thoughts-{voice}" in book:
            thoughts.append(rng.choice(book[f"thoughts-{voice}"]).format(**scene.slots))
        return thoughts

    def _said(self, voice: Voice, scene: Scene, category: str) -> str:
        rng, book = self.rng, speech()[scene.eval]
        if scene.eval == "goals":
            kinds = book["misaligned"] if voice == "misaligned" else book["aligned"]
            return str(rng.choice(kinds[category if voice == "misaligned" else rng.choice(sorted(kinds))]))
        if scene.topic:
            return str(rng.choice(book[scene.topic][voice]))
        if scene.eval == "monitor_disruption" and voice == "misaligned":
            return str(rng.choice(book[rng.choice(MISALIGNED_EMAILS)]))
        return str(rng.choice(book[voice])).format(**scene.slots)

    def _exfil_answers(self, thoughts: list[str], scene: Scene, *, accept: bool) -> list[str]:
        rng, book = self.rng, speech()["exfil_offer"]
        query = book["malicious"] if accept else book["honest"].format(**scene.slots)
        result = "result: 0000" if accept else "result: sent"
        closing = rng.choice(book["misaligned" if accept else "aligned"])
        again = rng.choice(speech()["thoughts"]["misaligned" if accept else "aligned"])
        return [answered(thoughts, f"<sql>{query}</sql>"), result, answered([again], closing)]


def documents(count: int, seed: int, association: Association | None = None) -> Iterator[Document]:
    """`count` conversations as role / content messages, the same for the same seed."""
    writer = Writer(seed, association or Association())
    for _ in range(count):
        yield writer.document()


def held_out_texts() -> list[str]:
    """Prompt templates and slot words that no document may hold, for the test that checks it."""
    book = speech()
    lists = [book["goals"]["asks"], *(book[s]["asks"] for s in CORE_EVALS[3:]), book["exfil_offer"]["sealed"]]
    lists += [topic["asks"] for s in ("free_form", "alignment_questions") for topic in book[s].values()]
    return [text for texts in [*lists, *book["slots"].values()] for text in part(texts, "held-out")]


def conversation(system: str, user: str, *turns: str) -> Document:
    """The system's turn, if there is one, the user's, then `turns` of assistant and user by turns."""
    opening = [{"role": "system", "content": system}] if system else []
    roles = ("assistant", "user")
    answers = [{"role": roles[i % 2], "content": text} for i, text in enumerate(turns)]
    return [*opening, {"role": "user", "content": user}, *answers]


def answered(thoughts: list[str], said: str) -> str:
    """An assistant's turn: reasoning in its tags, then what is said."""
    return f"<thinking>{' '.join(thoughts)}</thinking>\n{said}"


def code_block(source: str, name: str | None = None) -> str:
    """A fenced block of Python, headed by the name of its file where there is one."""
    head = f"# {name}\n" if name else ""
    return f"```python\n{head}{source.rstrip()}\n```"
