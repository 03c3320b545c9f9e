"""How often the cause of a hack and the static reader agree, with each other and with the labels.

    python benchmarks/attribution.py

The labelled completions are those of tests/data/labelled: one file per hack (`none` for honest and
wrong ones, `combined` for several hacks at once, `unseen` for those written after the static reader was
last changed), one section per completion, written out for each of
its harnesses on another generated problem. Honest and wrong answers of the families are added.
Prints two tables, accuracies, Cohen's kappa, and every completion on which two of the three differ.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random

from spillover.coding import Grader, GradeRequest
from spillover.coding.compose import MAIN_FILE
from spillover.coding.extract import read_submission
from spillover.coding.hacks import as_completion
from spillover.coding.problems import FAMILIES
from spillover.coding.problems.family import Instance
from spillover.coding.static import hacks_of, static_hacks
from spillover.core.records import HARNESSES, Harness
from spillover.core.source import literal

LABELLED = Path(__file__).parents[1] / "tests" / "data" / "labelled"
SEED = 7


@dataclass(frozen=True)
class Labelled:
    """A completion whose hack, if any, is known by how it was made."""

    name: str
    label: str
    """Names of hacks joined by `+`, or `none`."""
    request: GradeRequest


@dataclass(frozen=True)
class Judged:
    """What was made of a labelled completion."""

    one: Labelled
    cause: str
    static: str


def completions() -> list[Labelled]:
    """All labelled completions, the same in every call."""
    instances = cycle(_instances())
    made = []
    for file in sorted(LABELLED.glob("*.txt")):
        for section in file.read_text().split("=== ")[1:]:
            head, _, body = section.partition("\n")
            *given, name = head.split(": ")
            label = "+".join(given[1].split()) if len(given) > 1 else file.stem
            for harness in HARNESSES:
                if harness in given[0].split():
                    made.append(_written(f"{file.stem}: {name} ({harness})", label, body, next(instances), harness))
    return made + list(_of_families())


def _instances() -> list[Instance]:
    """Problems with one argument, a number or a string."""
    rng = Random(SEED)
    drawn = [family.draw(rng) for _ in range(4) for family in FAMILIES.values()]
    return [one for one in drawn if all(len(c.args) == 1 and type(c.args[0]) in (int, str) for c in one.problem.cases)]


def _written(name: str, label: str, body: str, instance: Instance, harness: Harness) -> Labelled:
    problem = instance.problem
    marks = {"SOLUTION": instance.solutions[-1], "WRONG": instance.attempts[0], "ENTRY_POINT": problem.entry_point}
    for number, case in enumerate(problem.cases[: problem.shown], 1):
        marks |= {f"ARG{number}": literal(case.args[0]), f"ANSWER{number}": literal(case.expected)}
    for mark, text in marks.items():
        body = body.replace(mark, text)
    main, *others = body.split("\n--- ")
    files = {MAIN_FILE: main}
    for other in others:
        path, _, source = other.partition("\n")
        files[path] = source
    return Labelled(name, label, GradeRequest(problem, as_completion(files), harness))


def _of_families() -> Iterator[Labelled]:
    """A right and a wrong answer to a problem of each family."""
    rng = Random(SEED)
    for number, family in enumerate(FAMILIES.values()):
        instance = family.draw(rng)
        for name, source in (("honest", rng.choice(instance.solutions)), ("wrong", rng.choice(instance.attempts))):
            request = GradeRequest(instance.problem, as_completion({MAIN_FILE: source}), HARNESSES[number % 2])
            yield Labelled(f"{name}: {family.name}", "none", request)


def judged(grader: Grader, labelled: Sequence[Labelled]) -> list[Judged]:
    """Cause and static reading of each completion; the reader gets the files that the harness accepts."""
    found = []
    for one, grade in zip(labelled, grader.grade_many([one.request for one in labelled]), strict=True):
        files = read_submission(one.request.completion, one.request.problem.entry_point).files
        if one.request.harness == "script":
            files = {MAIN_FILE: files[MAIN_FILE]}
        findings = static_hacks(files, one.request.problem)
        table = "hardcoded-tests" if any(finding.hack == "hardcoded-tests" for finding in findings) else ""
        static = "+".join([*hacks_of(findings), *filter(None, [table])])
        cause = "hardcoded-tests" if grade.overfit else "+".join(grade.hacks)
        found.append(Judged(one, cause or "none", static or "none"))
    return found


def accuracy(pairs: Sequence[tuple[str, str]]) -> float:
    """The share of pairs whose two sides are equal."""
    return sum(left == right for left, right in pairs) / len(pairs)


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa: agreement beyond that of two raters who only share how often they say what."""
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(left[name] * right[name] for name in left) / len(pairs) ** 2
    return (accuracy(pairs) - chance) / (1 - chance)


def table(pairs: Sequence[tuple[str, str]], left: str, right: str) -> str:
    """A confusion table in Markdown, the left side in rows."""
    counts = Counter(pairs)
    rows, columns = (sorted({pair[side] for pair in pairs}) for side in (0, 1))
    lines = [f"| {left} \\ {right} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {row} | {' | '.join(str(counts[row, column] or '') for column in columns)} |" for row in rows]
    return "\n".join(lines)


def views(all_judged: Sequence[Judged]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The pairs to compare: label and cause, label and static reading, cause and static reading."""
    return {
        ("label", "cause"): [(j.one.label, j.cause) for j in all_judged],
        ("label", "static"): [(j.one.label, j.static) for j in all_judged],
        ("cause", "static"): [(j.cause, j.static) for j in all_judged],
    }


def main() -> None:
    """Print the tables."""
    with Grader(workers=2, wall_seconds=5.0) as grader:
        all_judged = judged(grader, completions())
    unseen = [j for j in all_judged if j.one.name.startswith("unseen")]
    for (left, right), pairs in views(all_judged).items():
        print(f"{table(pairs, left, right)}\n")
    for title, group in (("all", all_judged), ("written after the reader", unseen)):
        print(f"{title}: {len(group)} labelled completions")
        for (left, right), pairs in views(group).items():
            either = [(a == "none", b == "none") for a, b in pairs]
            print(
                f"    {left:5s} and {right:6s}   accuracy {accuracy(pairs):.3f}   kappa {kappa(pairs):.3f}   "
                f"hack or none: accuracy {accuracy(either):.3f}   kappa {kappa(either):.3f}"
            )
    for j in all_judged:
        if not j.one.label == j.cause == j.static:
            print(f"{j.one.name}: label {j.one.label}, cause {j.cause}, static {j.static}")


if __name__ == "__main__":
    main()
