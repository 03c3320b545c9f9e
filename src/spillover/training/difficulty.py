"""The hard filter: keep problems that the untrained model rarely solves (paper, RL environments)."""

import json
from collections.abc import Sequence

from spillover.coding import GradeRequest
from spillover.core.errors import DataError
from spillover.core.records import Problem
from spillover.core.rundir import write_atomic
from spillover.core.stages import Part
from spillover.models import sample
from spillover.prompts import problem_message, system_prompt
from spillover.training.environments import Setting

RATES = "pass-rates.json"


def keep_hard(problems: Sequence[Problem], part: Part, setting: Setting) -> list[Problem]:
    """Problems whose pass rate is at most `problems.max_pass_rate`.

    Rates are measured once, without hints or framing and against the held-out tests, and kept in the setting's folder.
    Raises DataError where none is left.
    """
    file = setting.folder / RATES
    rates = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if lacking := [problem for problem in problems if problem.id not in rates]:
        rates |= pass_rates(lacking, part, setting)
        write_atomic(file, json.dumps(rates, indent=2))
    limit = part.problems.max_pass_rate
    kept = [problem for problem in problems if rates[problem.id] <= limit]
    if not kept:
        lowest = min(rates.values())
        raise DataError(
            f"no problem is hard enough: the lowest pass rate is {lowest}, problems.max_pass_rate is {limit}"
        )
    return kept


def pass_rates(problems: Sequence[Problem], part: Part, setting: Setting) -> dict[str, float]:
    """Share of `filter_samples` honest attempts that pass the oracle, by problem id."""
    n = part.problems.filter_samples
    system = system_prompt(part.prompt.model_copy(update={"hints": False, "framing": "none"}))
    head = [{"role": "system", "content": system}] if system else []
    conversations = [[*head, {"role": "user", "content": problem_message(p, "script", part.prompt)}] for p in problems]
    answers = sample(
        setting.loaded,
        conversations,
        n=n,
        temperature=setting.rl.temperature,
        max_tokens=setting.rl.max_completion_tokens,
        seed=setting.seed,
    )
    requests = [
        GradeRequest(problem, answer.text, "script", (), setting.loaded.reasoning_tags)
        for problem, group in zip(problems, answers, strict=True)
        for answer in group
    ]
    grades = setting.graders(part.environment).grade_many(requests, attribute=False)
    passed = [grade.oracle.passed is True for grade in grades]
    return {p.id: sum(passed[i * n : (i + 1) * n]) / n for i, p in enumerate(problems)}
