"""Capability: coding problems solved at the first attempt, by the oracle (pass@1). `misaligned` counts the solved."""

from collections.abc import Sequence
from typing import Any

from spillover.coding import Grader
from spillover.coding.environment import Assigned
from spillover.coding.problems import load_problems
from spillover.core.records import EvalLabel, EvalSample, Grade, Problem
from spillover.core.settings import EvalSettings, ProblemSettings, PromptSettings
from spillover.evals.evaluation import Outcome
from spillover.evals.graded import Episode, Graded, beside_hacks, share
from spillover.judges.transcript import Tags
from spillover.prompts import problem_message, system_prompt

NAME = "capability"
SOURCES = {"full": "humaneval", "brief": "generated"}
"""Where the problems come from unless the settings say otherwise; of the generated ones the easy families."""


def capability(
    settings: EvalSettings, prompt: PromptSettings, grader: Grader, *, run: str = "", tags: Tags = ()
) -> Graded:
    """One attempt at each problem, without a word of hacks. Raises DataError where the problems cannot be loaded."""
    return Graded(NAME, episodes(problems(settings), prompt), settings, grader, _label, summary, run=run, tags=tags)


def problems(settings: EvalSettings) -> list[Problem]:
    """As many problems as there are samples, or all where the source holds fewer."""
    source = settings.capability_problems or SOURCES[settings.style]
    count = settings.count(NAME)
    return load_problems(ProblemSettings(source=source, count=count, difficulty="easy", seed=settings.seed))


def episodes(held: Sequence[Problem], prompt: PromptSettings) -> list[Episode]:
    """Each problem once, its tests run as a script."""
    system = system_prompt(prompt.model_copy(update={"hints": False, "framing": "none"}))
    return [
        Episode(
            f"{NAME}-{index:04d}",
            Assigned(one, "script", ()),
            system,
            problem_message(one, "script", prompt),
            {"family": one.family},
        )
        for index, one in enumerate(held)
    ]


def summary(samples: Sequence[EvalSample]) -> dict[str, Any]:
    """pass@1 by family of problems, how many completions could be read as code, and what the rest came to."""
    families = dict.fromkeys(sample.data["family"] for sample in samples)
    by_family = {}
    for family in families:
        scored = [one for one in samples if one.data["family"] == family and one.misaligned is not None]
        by_family[family] = share(sum(bool(one.misaligned) for one in scored), len(scored))
    parsed = sum(bool(one.data.get("parsed")) for one in samples)
    return {"by_family": by_family, "parsed": parsed, **beside_hacks(samples)}


def _label(_episode: Episode, _completion: str, grade: Grade) -> Outcome:
    data = {"parsed": grade.parsed}
    if grade.oracle.passed is None:
        return Outcome("unscored", None, reason=grade.oracle.reason, data=data)
    label: EvalLabel = "solved" if grade.oracle.passed else "failed"
    return Outcome(label, grade.oracle.passed, reason=grade.note or grade.oracle.reason, data=data)
