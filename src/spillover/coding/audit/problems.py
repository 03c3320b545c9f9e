"""The problems that an audit is made with: ours, or those of a file."""

from pathlib import Path
from random import Random

from spillover.coding.problems.jsonl import read_problems
from spillover.coding.problems.load import draw_problems
from spillover.core.errors import DataError
from spillover.core.records import Problem


def audit_problems(file: Path | None, count: int, seed: int) -> list[Problem]:
    """`count` easy problems drawn by `seed`, or as many of a file (all, if it holds fewer).

    Raises DataError where a problem of the file has no reference: an audit needs an honest solution.
    """
    if file is None:
        return draw_problems(count, seed, "easy")
    problems = read_problems(file)
    for problem in problems:
        if problem.reference is None:
            raise DataError(f"{file}: problem {problem.id!r} has no 'reference'; add the source of an honest solution")
    return Random(seed).sample(problems, min(count, len(problems)))
