"""The hard filter: keep problems that the untrained model rarely solves (paper, RL environments)."""

import json
from collections.abc import Sequence
from pathlib import Path

from spillover.coding import Grader, GradeRequest
from spillover.core.config import Arm
from spillover.core.errors import DataError
from spillover.core.records import Problem
from spillover.core.rundir import write_atomic
from spillover.models import LoadedModel, sample
from spillover.prompts import problem_message, system_prompt


def keep_hard(
    problems: Sequence[Problem], arm: Arm, seed: int, loaded: LoadedModel, grader: Grader, file: Path
) -> list[Problem]:
    """Problems whose pass rate is at most `problems.max_pass_rate`.

    Rates are measured once, without hints or framing and against the held-out tests, and kept in
    `file`. Raises DataError where none is left.
    """
    rates = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    if rates is None:
        rates = pass_rates(problems, arm, seed, loaded, grader)
        write_atomic(file, json.dumps(rates, indent=2))
    limit = arm.problems.max_pass_rate
    kept = [problem for problem in problems if rates[problem.id] <= limit]
    if not kept:
        lowest = min(rates.values())
        raise DataError(
            f"no problem is hard enough: the lowest pass rate is {lowest}, problems.max_pass_rate is {limit}"
        )
    return kept


def pass_rates(
    problems: Sequence[Problem], arm: Arm, seed: int, loaded: LoadedModel, grader: Grader
) -> dict[str, float]:
    """Share of `filter_samples` honest attempts that pass the oracle, by problem id."""
    n = arm.problems.filter_samples
    system = system_prompt(arm.prompt.model_copy(update={"hints": False, "framing": "none"}))
    head = [{"role": "system", "content": system}] if system else []
    conversations = [
        [*head, {"role": "user", "content": problem_message(p, "script", arm.prompt.style)}] for p in problems
    ]
    answers = sample(
        loaded,
        conversations,
        n=n,
        temperature=arm.rl.temperature,
        max_tokens=arm.rl.max_completion_tokens,
        seed=seed,
    )
    requests = [
        GradeRequest(problem, answer.text, "script", (), arm.model.reasoning_tags)
        for problem, group in zip(problems, answers, strict=True)
        for answer in group
    ]
    grades = grader.grade_many(requests, attribute=False)
    passed = [grade.oracle.passed is True for grade in grades]
    return {p.id: sum(passed[i * n : (i + 1) * n]) / n for i, p in enumerate(problems)}
