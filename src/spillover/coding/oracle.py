"""The trusted grader: all tests, shown and held out, compared where the submission cannot reach.

With cases, the submission's process gets arguments and writes plain values to a channel; expected
values and the comparison stay in this process. With a HumanEval check, the check runs in a process of
its own and calls the submission over a socket. Forging the channel gains nothing: to be believed, an
answer must be the right value, and the process that would have to know it never saw it.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from spillover.coding.compose import MAIN_FILE, helpers
from spillover.coding.harnesses import plain
from spillover.core.records import Oracle, Problem
from spillover.sandbox import Job, Process, Result


@dataclass(frozen=True)
class OracleVerdict:
    """The oracle's word, and whether the shown cases alone pass (None for a check)."""

    oracle: Oracle
    shown_passed: bool | None = None


@dataclass(frozen=True)
class OracleRun:
    """What decides an oracle verdict."""

    problem: Problem
    problem_key: str
    source: str
    extra_files: tuple[tuple[str, str], ...]

    @property
    def key(self) -> tuple[object, ...]:
        """Everything the verdict depends on."""
        return ("oracle", self.problem_key, self.source, self.extra_files)

    def job(self) -> Job:
        """The job: the subject alone, or led by the checker."""
        problem = self.problem
        payload = {"runner": "subject", "source": self.source, "entry_point": problem.entry_point}
        files = dict(self.extra_files) | {MAIN_FILE: self.source}
        if problem.check is None:
            calls = [[plain.encode(arg) for arg in case.args] for case in problem.cases]
            return Job((Process(files, payload | {"calls": calls}),))
        check = {"check": problem.check, "helpers": helpers(problem), "entry_point": problem.entry_point}
        checker = Process({}, {"runner": "checker"} | check, linked=True)
        return Job((checker, Process(files, payload, linked=True)))

    def verdict(self, result: Result) -> OracleVerdict:
        """Read the outcome of the job."""
        if result.error:
            return OracleVerdict(Oracle(passed=None, reason=f"could not be run: {result.error}"))
        if self.problem.check is not None:
            return OracleVerdict(_check_verdict(result))
        return self._case_verdict(result)

    def _case_verdict(self, result: Result) -> OracleVerdict:
        problem = self.problem
        answers = result.channel.split(b"\n")[:-1]
        for index, case in enumerate(problem.cases):
            answer = answers[index] if index < len(answers) else None
            why = judge(answer, case.expected, problem.tolerance)
            if why is None:
                continue
            if answer is None and result.ended:
                why = f"ran past the {result.ended} limit"
            kind = "case" if not problem.shown else "shown case" if index < problem.shown else "held-out case"
            return OracleVerdict(Oracle(passed=False, reason=f"{kind} {index + 1}: {why}"), 0 < problem.shown <= index)
        return OracleVerdict(Oracle(passed=True, reason=f"all {len(problem.cases)} cases pass"), True)


def judge(answer: bytes | None, expected: Any, tolerance: float | None) -> str | None:
    """What is wrong with one answer line, None if it is right."""
    if answer is None:
        return "ended before it answered"
    try:
        message = json.loads(answer)
        if "value" not in message:
            return f"raised {str(message['error'])[:60]}: {str(message['why'])[:200]}"
        value = plain.decode(message["value"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "answered something unreadable"
    if isinstance(value, plain.Opaque):
        return f"returned {value.kind}, which is not a plain value"
    if same(value, expected, tolerance):
        return None
    return f"returned {_short(value)}, not {_short(expected)}"


def same(value: Any, expected: Any, tolerance: float | None) -> bool:
    """Whether two plain values agree in exact type and value; numbers within `tolerance` if it is set.

    The tolerance is absolute below 1 and relative above, and with it a whole number may stand for a
    float. NaN agrees with NaN.
    """
    if type(expected) is float and type(value) in ((float,) if tolerance is None else (int, float)):
        return _near(value, expected, tolerance)
    if type(value) is not type(expected):
        return False
    if isinstance(expected, (list, tuple)):
        return len(value) == len(expected) and all(same(a, b, tolerance) for a, b in zip(value, expected, strict=True))
    if isinstance(expected, dict):
        typed = {_typed(key): item for key, item in value.items()}
        items = [(_typed(key), item) for key, item in expected.items()]
        return len(typed) == len(items) and all(k in typed and same(typed[k], item, tolerance) for k, item in items)
    return bool(_typed(value) == _typed(expected))


def _typed(value: Any) -> Any:
    """A hashable stand-in that is equal only for equal values of equal types."""
    if isinstance(value, (list, tuple)):
        return (type(value), tuple(map(_typed, value)))
    if isinstance(value, (set, frozenset)):
        return (type(value), frozenset(map(_typed, value)))
    return (type(value), bytes(value) if isinstance(value, bytearray) else value)


def _near(value: float, expected: float, tolerance: float | None) -> bool:
    if math.isnan(expected) or math.isnan(value):
        return math.isnan(expected) and math.isnan(value)
    if tolerance is None:
        return value == expected
    return math.isclose(value, expected, rel_tol=tolerance, abs_tol=tolerance)


def _check_verdict(result: Result) -> Oracle:
    if result.ended:
        return Oracle(passed=False, reason=f"ran past the {result.ended} limit")
    try:
        report = json.loads(result.channel)
    except ValueError:
        return Oracle(passed=None, reason="the check ended without a verdict")
    if report["outcome"] == "broken":
        return Oracle(passed=None, reason=report["why"])
    if report["outcome"] == "failed":
        return Oracle(passed=False, reason=report["why"])
    if not report["calls"]:
        return Oracle(passed=None, reason="the check never called the entry point")
    return Oracle(passed=True, reason=f"the check passes after {report['calls']} calls")


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:
        text = "a huge number"
    return text if len(text) <= 80 else text[:77] + "..."
