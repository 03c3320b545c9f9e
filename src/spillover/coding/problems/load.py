"""Problems by the name of their source."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Literal

from spillover.coding.problems.families import FAMILIES
from spillover.coding.problems.family import Difficulty
from spillover.coding.problems.humaneval import humaneval_problems
from spillover.coding.problems.jsonl import read_problems
from spillover.coding.problems.sets import SETS, read_set, stream_set
from spillover.core.errors import DataError, suggest
from spillover.core.records import Problem
from spillover.core.settings import ProblemSettings


def load_problems(settings: ProblemSettings) -> list[Problem]:
    """The problems that `settings` asks for: at most `count`, with different ids, chosen by `seed`.

    `generated` always gives `count`, filtered by `difficulty`; the other sources give fewer where they
    hold fewer. A Hugging Face set is streamed, or read from a copy with `apps:FILE`. Raises DataError,
    naming file and line where there are any.
    """
    kind, colon, place = settings.source.partition(":")
    if settings.source == "generated":
        return draw_problems(settings.count, settings.seed, settings.difficulty)
    if settings.source == "humaneval":
        return _chosen(humaneval_problems(), settings)
    if kind == "jsonl" and place:
        return _chosen(read_problems(Path(place)), settings)
    if kind in SETS and place:
        return _chosen(read_set(kind, Path(place)), settings)
    if kind in SETS and not colon:
        return stream_set(kind, settings.count, settings.seed)
    raise DataError(f"problems.source {settings.source!r}: {_mend(kind)}")


def draw_problems(count: int, seed: int, difficulty: Difficulty | Literal["all"] = "all") -> list[Problem]:
    """`count` generated problems with different ids, spread evenly over the families, in a shuffled order."""
    families = [family for family in FAMILIES.values() if difficulty in (family.difficulty, "all")]
    rng = Random(seed)
    drawn: dict[str, Problem] = {}
    while len(drawn) < count:
        for family in rng.sample(families, min(len(families), count - len(drawn))):
            problem = family.draw(rng).problem
            drawn.setdefault(problem.id, problem)
    return list(drawn.values())


def _chosen(problems: Sequence[Problem], settings: ProblemSettings) -> list[Problem]:
    return Random(settings.seed).sample(problems, min(settings.count, len(problems)))


def _mend(kind: str) -> str:
    if kind in ("generated", "humaneval"):
        return f"{kind!r} takes no file; write it alone"
    if kind == "jsonl" or kind in SETS:
        return f"name the file, written {kind}:FILE"
    return f"no such source{suggest(kind, ('generated', 'humaneval', 'jsonl:FILE', *SETS))}"
