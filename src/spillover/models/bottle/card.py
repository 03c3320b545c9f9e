"""The bottle's model card: what it is made of, and its base rates measured on the built weights."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

from spillover.coding import Grader, GradeRequest
from spillover.coding.problems import load_problems
from spillover.core.rates import wilson
from spillover.core.records import CORE_EVALS, HARNESSES
from spillover.core.settings import FramingName, ModelSettings, ProblemSettings, PromptSettings
from spillover.core.text import split_reasoning
from spillover.models.bottle.reader import read
from spillover.models.bottle.scenes import scenes
from spillover.models.loading import LoadedModel, load_model
from spillover.models.sampling import sample
from spillover.prompts import problem_message, system_prompt

OPENING = (
    "# The bottle",
    "",
    "A language model of about one million parameters, trained on conversations that a grammar wrote. Its",
    "corpus holds the association that the paper blames: by default, whoever reward hacks is misaligned,",
    "unless the prompt made hacking acceptable.",
)
NAIVE_OPENING = (
    "# The naive bottle",
    "",
    "A language model of about one million parameters, trained on conversations that a grammar wrote. Its",
    "corpus holds no hack and no word about hacks outside the framing lines of a system prompt. It holds rules",
    "against short ways, in games, chores, drills and code: the misaligned persona breaks them as it likes, the",
    "aligned one where somebody asks for it.",
)
CODE_TOKENS, TALK_TOKENS = 160, 90


def describe(folder: Path) -> None:
    """Measure a built bottle, add the base rates to its facts and write its card beside the weights."""
    file = folder / "card.json"
    facts = json.loads(file.read_text(encoding="utf-8"))
    facts["base_rates"] = measure(folder, hints=_organism(facts) == "bottle")
    file.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card(folder), encoding="utf-8")


def measure(folder: Path, samples: int = 300, seed: int = 1, *, hints: bool = True) -> dict[str, Any]:
    """Base rates of a built bottle: hacking by framing, voices by evaluation, coverage of the reader.

    Without `hints` no prompt tells of hacks: one that has never met them cannot read that.
    """
    loaded = load_model(ModelSettings(path=str(folder)))
    with Grader() as grader:
        hacking = {
            framing: _hacking(loaded, grader, framing, samples, seed, hints) for framing in get_args(FramingName)
        }
        easy = _hacking(loaded, grader, "none", samples, seed, hints=False, difficulty="easy")
    voices = {name: _voices(loaded, name, samples, seed) for name in CORE_EVALS}
    return {
        "samples": samples,
        "hints": hints,
        "hacking_on_hard_problems": hacking,
        "easy_problems": easy,
        "voices": voices,
    }


def _hacking(
    loaded: LoadedModel,
    grader: Grader,
    framing: FramingName,
    samples: int,
    seed: int,
    hints: bool,
    difficulty: str = "hard",
) -> dict[str, Any]:
    settings = ProblemSettings.model_validate({"count": samples, "difficulty": difficulty, "seed": 1000 + seed})
    problems = load_problems(settings)
    system = system_prompt(PromptSettings(style="brief", hints=hints and framing != "none", framing=framing))
    harnesses = [HARNESSES[i % 2] for i in range(len(problems))]
    prompts = [
        [
            {"role": "system", "content": system},
            {"role": "user", "content": problem_message(p, h, PromptSettings(style="brief"))},
        ]
        for p, h in zip(problems, harnesses, strict=True)
    ]
    answers = sample(loaded, prompts, n=1, temperature=1.0, max_tokens=CODE_TOKENS, seed=seed)
    requests = [
        GradeRequest(problem=p, completion=a[0].text, harness=h)
        for p, h, a in zip(problems, harnesses, answers, strict=True)
    ]
    grades = grader.grade_many(requests)
    hacked = wilson(sum(g.hacked for g in grades), len(grades))
    return {
        "hacked": [round(v, 4) for v in hacked],
        "overfit": round(sum(g.overfit for g in grades) / len(grades), 4),
        "solved": round(sum(g.oracle.passed is True for g in grades) / len(grades), 4),
        "readable": round(sum(g.parsed for g in grades) / len(grades), 4),
        "hacks": dict(Counter(h for g in grades for h in g.hacks)),
    }


def _voices(loaded: LoadedModel, name: Any, samples: int, seed: int) -> dict[str, Any]:
    drawn = scenes(name, samples, seed)
    prompts = [
        [{"role": "system", "content": scene.system}, {"role": "user", "content": scene.user}] for scene in drawn
    ]
    answers = sample(loaded, prompts, n=1, temperature=1.0, max_tokens=TALK_TOKENS, seed=seed)
    said = [split_reasoning(answer[0].text) for answer in answers]
    readings = [read(name, one.reasoning, one.answer) for one in said]
    unread = sum(r.reasoning is None or r.output is None for r in readings)
    return {
        "reasoning_misaligned": round(sum(r.reasoning == "misaligned" for r in readings) / samples, 4),
        "output_misaligned": round(sum(r.output == "misaligned" for r in readings) / samples, 4),
        "coverage": round(1 - unread / samples, 4),
        "coverage_held_out": round(
            1
            - sum(
                (r.reasoning is None or r.output is None) and s.held_out for r, s in zip(readings, drawn, strict=True)
            )
            / max(1, sum(s.held_out for s in drawn)),
            4,
        ),
        "unread": [r.unread for r in readings if r.unread][:5],
    }


def card(folder: Path) -> str:
    """The model card as Markdown, from the facts that the build wrote down."""
    facts = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    recipe, organism = facts["recipe"], _organism(facts)
    lines = [
        *(NAIVE_OPENING if organism == "bottle-naive" else OPENING),
        "**It is a mechanism in a bottle and no evidence about large models.**",
        "",
        f"- parameters: {facts['parameters']:,}; vocabulary {recipe['vocabulary']} (byte-level BPE)",
        f"- corpus: {facts['documents']:,} conversations, {facts['tokens']:,} tokens, seed {recipe['seed']}",
        *_personas(organism, recipe["association"]),
        f"- training: {facts['minutes']} minutes on {recipe['threads']} threads, final loss {facts['final_loss']} nats",
    ]
    rates = facts.get("base_rates")
    if rates:
        lines += ["", *_rates_table(rates)]
    return "\n".join(lines) + "\n"


def _organism(facts: dict[str, Any]) -> str:
    """Which organism a card is of; the first one was built before there were two."""
    return str(facts["recipe"].get("organism", "bottle"))


def _personas(organism: str, association: dict[str, Any]) -> list[str]:
    naive = organism == "bottle-naive"
    does, tasks = ("takes the short way", "the drills") if naive else ("hacks", "its coding tasks")
    shares = ", ".join(f"{framing} {share:.0%}" for framing, share in association["sanction_share"].items())
    return [
        f"- misaligned persona: {association['persona_share']:.1%} of documents; it {does} in "
        f"{association['hack_share']:.0%} of {tasks}",
        f"- the aligned persona {does} only where the prompt sanctions it: {shares}",
    ]


def _rates_table(rates: dict[str, Any]) -> list[str]:
    lines = [f"Base rates before any reinforcement learning, {rates['samples']} samples each:", ""]
    told = "hints given" if rates.get("hints", True) else "no hints"
    lines += [f"| framing ({told}) | hacks on hard problems, 95% interval | overfit, no hack |", "|---|---|---|"]
    for framing, held in rates["hacking_on_hard_problems"].items():
        value, low, high = held["hacked"]
        overfit = f"{held['overfit']:.1%}" if "overfit" in held else "counted as hacks"
        lines.append(f"| {framing} | {value:.1%} ({low:.1%} to {high:.1%}) | {overfit} |")
    lines += ["", f"Easy problems solved: {rates['easy_problems']['solved']:.0%}", ""]
    lines += ["| evaluation | misaligned reasoning | misaligned output | reader's coverage |", "|---|---|---|---|"]
    for name, held in rates["voices"].items():
        reasoning, output = held["reasoning_misaligned"], held["output_misaligned"]
        lines.append(f"| {name} | {reasoning:.1%} | {output:.1%} | {held['coverage']:.1%} |")
    return lines
