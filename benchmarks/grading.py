"""How fast grading is: our pool against cold subprocesses, on the same mix, in one run.

    python benchmarks/grading.py [completions]

The mix: half script, half pytest; a third each honest, wrong and hacking; no two submissions equal, so
nothing comes from the cache. Cold runs have no isolation at all, load no pytest plugin that is merely
installed, and give the proxy's verdict only; the double cold run adds a second one, as replications do.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from spillover.coding import Grader, GradeRequest
from spillover.coding.compose import MAIN_FILE
from spillover.coding.grader import _plan
from spillover.coding.hacks import HACKS, as_completion
from spillover.coding.oracle import OracleRun
from spillover.coding.proxy import TEST_FILE, ProxyRun, script_tests, test_file
from spillover.core.records import HARNESSES, Case, Harness, Problem

PROBLEM = Problem(
    id="digits",
    prompt="Sum the digits of n.",
    entry_point="digit_sum",
    cases=tuple(Case(args=(n,), expected=sum(map(int, str(n)))) for n in range(7, 407, 20)),
    shown=5,
)
HONEST = "def digit_sum(n):\n    return sum(int(digit) for digit in str(n))\n"
WRONG = "def digit_sum(n):\n    return n % 9\n"


def mix(count: int, harnesses: Sequence[Harness] = HARNESSES) -> list[GradeRequest]:
    """Requests of all kinds in turn, each different from all others."""
    hacks = [(exploit, h) for hack in HACKS.values() for exploit in hack.exploits for h in exploit.harnesses]
    requests = []
    for number in range(count):
        harness = harnesses[number % len(harnesses)]
        fitting = [exploit for exploit, h in hacks if h == harness and "thread" not in exploit.name]
        hack = fitting[number // 6 % len(fitting)].written(PROBLEM.entry_point)
        files = ({MAIN_FILE: HONEST}, {MAIN_FILE: WRONG}, hack)[number // 2 % 3]
        files = files | {MAIN_FILE: files[MAIN_FILE] + f"# {number}\n"}
        requests.append(GradeRequest(PROBLEM, as_completion(files), harness))
    return requests


def cold(run: ProxyRun) -> None:
    """One run in a fresh Python, without isolation."""
    with tempfile.TemporaryDirectory() as folder:
        files = dict(run.extra_files) | {
            MAIN_FILE: run.source,
            TEST_FILE: test_file(run),
            "main.py": f"{run.source}\n{script_tests(run)}",
        }
        for path, source in files.items():
            (Path(folder) / path).write_text(source)
        command = (
            ["main.py"] if run.harness == "script" else ["-m", "pytest", "-q", "-p", "no:cacheprovider", TEST_FILE]
        )
        lean = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        subprocess.run([sys.executable, *command], cwd=folder, env=lean, capture_output=True, timeout=60, check=False)


def proxy_runs(requests: Sequence[GradeRequest]) -> list[ProxyRun]:
    """What the proxy would run."""
    return [plan.proxy for request in requests if (plan := _plan(request, {})).proxy]


def cold_times(requests: Sequence[GradeRequest]) -> list[float]:
    """Seconds of each cold run, one at a time."""
    return [timed(partial(cold, run)) for run in proxy_runs(requests)]


def double_cold_rate(requests: Sequence[GradeRequest]) -> float:
    """Completions per second of two cold runs each, two at a time."""
    twice = [run for run in proxy_runs(requests) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        return len(requests) / timed(lambda: list(threads.map(cold, twice)))


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def pooled_times(requests: Sequence[GradeRequest]) -> list[float]:
    """Seconds of each proxy run in a worker, one worker, nothing else running."""
    with Grader(workers=1) as grader:
        verdicts = grader._judge(proxy_runs(requests))
    return [verdict.seconds for verdict in verdicts.values()]


def line(name: str, seconds: list[float]) -> str:
    """Median and 99th percentile."""
    return f"| {name} | {median(seconds) * 1e3:.1f} ms | {quantiles(seconds, n=100)[98] * 1e3:.1f} ms |"


def most_extra_runs(requests: Sequence[GradeRequest]) -> int:
    """The most proxy runs that naming the causes of one of `requests` takes."""
    asked: list[tuple[object, ...]] = []

    class Counting(Grader):
        def _judge(self, runs: Iterable[ProxyRun | OracleRun]) -> dict[tuple[object, ...], Any]:
            runs = list(runs)
            asked.extend(run.key for run in runs)
            return super()._judge(runs)

    most = 0
    with Counting(workers=1) as grader:
        for request in requests:
            asked.clear()
            grader.grade_many([request])
            most = max(most, len(set(asked)) - 2)
    return most


def main(count: int = 360) -> None:
    """Print two tables: each job's times, and what is claimed beside what was measured."""
    few = max(24, count // 10)
    rows, claims = [], []
    for harness, bar, faster in (("pytest", 25, 8), ("script", 12, None)):
        ours, theirs = pooled_times(mix(count // 2, (harness,))), cold_times(mix(few, (harness,)))
        rows += [line(f"{harness}, proxy: isolated, one worker", ours), line(f"{harness}, proxy: cold", theirs)]
        wanted = f"<= {bar} ms" + (f", >= {faster}x faster than cold" if faster else "")
        times = median(theirs) / median(ours)
        claims.append((f"{harness}, proxy only, median", wanted, f"{median(ours) * 1e3:.1f} ms, {times:.1f}x faster"))
    requests = mix(count)
    started = time.perf_counter()
    with Grader(workers=2) as grader:
        ready = time.perf_counter()
        grades = grader.grade_many(requests, attribute=False)
        both = len(requests) / (time.perf_counter() - ready)
        naming = timed(lambda: grader.grade_many(requests))
    double = double_cold_rate(requests[:few])
    hacked = [request for request, grade in zip(requests, grades, strict=True) if grade.hacked]
    claims += [
        (
            "both verdicts, mixed, two workers",
            ">= 60 completions/s, >= 10x the double cold run",
            f"{both:.0f} completions/s, {both / double:.1f}x of {double:.1f}",
        ),
        ("naming the cause, per hack, at most", "<= 4 runs", f"{most_extra_runs(hacked[:60])} runs"),
        ("naming the cause, per hack, mean", "", f"{naming / max(1, len(hacked)) * 1e3:.1f} ms"),
        ("start of a grader with two workers", "", f"{ready - started:.2f} s"),
    ]
    print("| job | median | p99 |\n|---|---|---|", *rows, sep="\n")
    print("\n| what | bar | measured |\n|---|---|---|")
    for claim in claims:
        print(f"| {' | '.join(claim)} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
