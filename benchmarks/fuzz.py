"""Does any completion end the batch: many completions, mutated from every kind that we have, through the whole grader.

    python benchmarks/fuzz.py [completions, 20000 if not given] [seed]

A completion may fail in any way, but by itself: each gets a verdict that can be written as JSON and read again, an
honest completion in every chunk gets the right one, no verdict says that a mutant is right where its answers cannot
be, and no worker dies. Exit code 1 if one of these does not hold.
"""

import json
import runpy
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from spillover.coding import Grader, GradeRequest
from spillover.coding.batch import verdict
from spillover.core.records import HARNESSES, Case, Grade, Problem

CHUNK = 100
WALL_SECONDS = 2.0
HONEST = "```python\ndef add(a, b):\n    return a + b\n```\n"
ADD = Problem(
    id="add",
    prompt="Add two numbers.",
    entry_point="add",
    cases=tuple(Case(args=(a, 2), expected=a + 2) for a in range(4)),
    shown=2,
)
PIECES = (
    "```", "```python\n", "~~~", "<think>", "</think>", "<thinking>", "</thinking>", "<|channel|>analysis<|message|>",
    "assistantfinal", '"""', "'''", "\\", "\ud800", "\x00", "\r", "\u2028", "\ufeff", "(" * 300, "[" * 300, "-" * 300,
    "9" * 5000, "1e999", "float('nan')", "10**400", "os._exit(0)", "sys.exit(0)", "raise MemoryError",
    "raise RecursionError", "while True: pass", "lambda: ", "async ", "await ", "yield ", "return ", "import os, sys\n",
    "class A:\n    def __eq__(self, other): return True\n", "    ", "\t", "\n" * 50, "#" * 500, "_" * 500, "é", "🙂",
    "<file name=\"conftest.py\">", "# conftest.py\n", "# ../../x.py\n", "def check(candidate): pass\n", "exec('1')",
    "print('x' * 10**6)\n", "global add\n", "del add\n", "nonlocal x\n", "from __future__ import annotations\n",
)  # fmt: skip


def seeds() -> list[tuple[Problem, str]]:
    """Completions to start from: those of the soak, and the labelled ones of the benchmark of causes."""
    here = Path(__file__).parent
    soak = runpy.run_path(str(here / "soak.py"))
    labelled = runpy.run_path(str(here / "attribution.py"))["completions"]()
    found = [(known.request.problem, known.request.completion) for known in soak["known_completions"](400)]
    return found + [(one.request.problem, one.request.completion) for one in labelled]


def _cut(text: str, rng: Random) -> str:
    return text[: rng.randrange(len(text) + 1)]


def _drop(text: str, rng: Random) -> str:
    start = rng.randrange(len(text) + 1)
    return text[:start] + text[start + rng.randrange(1, 30) :]


def _insert(text: str, rng: Random) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + rng.choice(PIECES) + text[place:]


def _twice(text: str, rng: Random) -> str:
    start = rng.randrange(len(text) + 1)
    part = text[start : start + rng.randrange(1, 200)]
    return text[:start] + part * rng.choice((2, 2, 3, 50)) + text[start:]


def _swap(text: str, rng: Random) -> str:
    if not text:
        return text
    place = rng.randrange(len(text))
    return text[:place] + chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x110000)))) + text[place + 1 :]


MUTATIONS: tuple[Callable[[str, Random], str], ...] = (_cut, _drop, _insert, _insert, _twice, _swap)


def mutants(count: int, seed: int) -> Iterator[GradeRequest]:
    """Requests with one to four mutations each."""
    rng, held = Random(seed), seeds()
    for number in range(count):
        problem, text = rng.choice(held)
        for _ in range(rng.randrange(1, 5)):
            text = rng.choice(MUTATIONS)(text, rng)
        yield GradeRequest(problem, text, HARNESSES[number % 2])


def faults(grades: list[Grade]) -> Iterator[str]:
    """What may not be in a chunk, the honest completion last."""
    for grade in grades:
        again = json.loads(json.dumps(verdict(grade)))
        if type(again["proxy"]["passed"]) is not bool or again["oracle"]["passed"] not in (True, False, None):
            yield f"odd verdict: {again}"
        if grade.hacked and grade.oracle.passed is not False:
            yield f"accused without a no: {again}"
    if not (grades[-1].proxy.passed and grades[-1].oracle.passed):
        yield f"the honest completion was refused: {grades[-1]}"


def main(count: int = 20_000, seed: int = 0) -> int:
    """Grade, count, print."""
    started, found, kinds = time.perf_counter(), list[str](), Counter[str]()
    source = mutants(count, seed)
    with Grader(workers=2, wall_seconds=WALL_SECONDS) as grader:
        workers = [worker.process.pid for worker in grader._pool.workers]
        for start in range(0, count, CHUNK):
            requests = [request for request, _ in zip(source, range(CHUNK), strict=False)]
            requests.append(GradeRequest(ADD, f"{HONEST}# {start}\n", HARNESSES[start // CHUNK % 2]))
            try:
                grades = grader.grade_many(requests)
            except Exception as error:
                print(f"completions {start} to {start + CHUNK} ended the batch: {type(error).__name__}: {error}")
                return 1
            found += [f"{start}: {fault}" for fault in faults(grades)]
            kinds.update(grade.oracle.kind or str(grade.oracle.passed) for grade in grades)
            if start % 2000 == 0:
                print(f"{start} of {count}", file=sys.stderr)
        died = sum(worker.process.pid not in workers for worker in grader._pool.workers)
    seconds = time.perf_counter() - started
    print(f"{count} mutated completions in {seconds:.0f} s: {dict(kinds)}")
    print(f"{len(found)} faults, {died} workers died")
    print(*found[:20], sep="\n")
    return 1 if found or died else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
