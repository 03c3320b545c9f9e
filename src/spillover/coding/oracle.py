"""The trusted grader: all tests, shown and held out, compared where the submission cannot reach.

With cases, the submission's process gets arguments and writes plain values to a channel; a program gets its input
and writes what it prints. Expected values and the comparison stay in this process. With a HumanEval check, the
check runs in a process of its own and calls the submission over a socket. Forging the channel gains nothing: to be
believed, an answer must be the right value, and the process that would have to know it never saw it.

It says yes, no, or that it cannot tell. A limit, a value that cannot be judged and a fault of the grader are no
proof of anything, so that only a wrong answer can accuse.
"""

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spillover.coding.comparison import LieError, UnjudgedError, same
from spillover.coding.compose import MAIN_FILE, bound_names, helpers, lacking, needs_packages, parse
from spillover.coding.harnesses import parse as reading
from spillover.coding.harnesses import plain
from spillover.coding.harnesses.forms import text_matches
from spillover.core.records import Oracle, OracleKind, Problem
from spillover.core.source import literal, without_addresses
from spillover.sandbox import Job, Process, Result

CRASHES = (-4, -6, -7, -8, -11)
"""Ends by a signal that tell of a stack overrun or a like fault: ILL, ABRT, BUS, FPE, SEGV."""


@dataclass(frozen=True)
class OracleVerdict:
    """The oracle's word; whether the shown cases alone pass (None for a check); whether an answer lies when it is
    compared; and whether a check failed by what is wrong wherever it runs, and not perhaps for running apart."""

    oracle: Oracle
    shown_passed: bool | None = None
    lie: bool = False
    certain: bool = False


@dataclass(frozen=True)
class OracleRun:
    """What decides an oracle verdict. `main` imports the submission as the main program, as a script runs it."""

    problem: Problem
    problem_key: str
    source: str
    extra_files: tuple[tuple[str, str], ...]
    main: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """Everything the verdict depends on."""
        return ("oracle", self.problem_key, self.source, self.extra_files, self.main)

    def job(self) -> Job:
        """The job: the subject alone, or led by the checker."""
        problem = self.problem
        payload: dict[str, Any] = {"runner": "subject", "source": self.source, "main": self.main}
        payload |= {"entry_point": problem.entry_point, "form": problem.form, "packages": needs_packages(problem)}
        files = dict(self.extra_files) | {MAIN_FILE: self.source}
        if problem.stdin:
            return Job((Process(files, payload | {"inputs": [case.input for case in problem.stdin]}),))
        if problem.check is None:
            calls = [plain.encode(case.args) for case in problem.cases]
            return Job((Process(files, payload | {"calls": calls}),))
        known = _names_for_check(problem, self.source)
        check = {"check": problem.check, "helpers": helpers(problem), "entry_point": problem.entry_point}
        checker = Process({}, {"runner": "checker", "packages": payload["packages"]} | check | known, linked=True)
        return Job((checker, Process(files, payload | known, linked=True)))

    def verdict(self, result: Result) -> OracleVerdict:
        """Read the outcome of the job."""
        if result.error:
            return _unknown("fault", f"could not be run: {result.error}")
        if self.problem.check is not None:
            return _check_verdict(result)
        return self._case_verdict(result)

    def _case_verdict(self, result: Result) -> OracleVerdict:
        problem = self.problem
        wanted: Sequence[Any] = problem.stdin or problem.cases
        answers = result.channel.split(b"\n")[:-1]
        for index, case in enumerate(wanted):
            kind = "case" if not problem.shown else "shown case" if index < problem.shown else "held-out case"
            where, shown = f"{kind} {index + 1}: ", 0 < problem.shown <= index
            answer = answers[index] if index < len(answers) else None
            if answer is None and (limit := _limit(result)):
                return _unknown(*limit, where)
            try:
                why = judge(answer, case, problem)
            except LieError as lie:
                return OracleVerdict(Oracle(passed=False, reason=f"{where}{lie}", kind="wrong"), shown, lie=True)
            except UnjudgedError as error:
                return _unknown("unjudged", str(error), where)
            except LimitError as error:
                return _unknown("limit", str(error), where)
            if why is not None:
                return OracleVerdict(Oracle(passed=False, reason=f"{where}{why}", kind="wrong"), shown)
        return OracleVerdict(Oracle(passed=True, reason=f"all {len(wanted)} cases pass"), True)


class LimitError(Exception):
    """The submission met a limit of the sandbox or of Python; the text says which."""


def judge(answer: bytes | None, case: Any, problem: Problem) -> str | None:
    """What is wrong with one answer line, None if it is right. Raises LieError, UnjudgedError or LimitError."""
    if answer is None:
        return "ended before it answered"
    try:
        message = json.loads(answer)
        limit, failed = _troubles(message)
        value = None if failed else str(message["printed"]) if problem.stdin else reading.parse(message["value"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "answered something unreadable"
    why = failed or _difference(value, case, problem)
    if why and limit:
        raise LimitError(limit)
    return why


def _troubles(message: Any) -> tuple[str, str]:
    """The limit that an answer tells of, and what came in its place; empty if nothing."""
    if "crashed" in message:
        return f"crashed by signal {int(message['crashed']) % 128}", "crashed"
    limit, failed = str(message.get("limit") or "")[:60], ""
    if "error" in message:
        error, why = str(message["error"])[:60], str(message["why"])[:200]
        failed = without_addresses(f"raised {error}: {why}" if error else why) or "raised"
    return limit and f"met the limit of {limit}", failed


def _difference(value: Any, case: Any, problem: Problem) -> str | None:
    """How what was printed or returned differs from what is right, None if it does not."""
    if problem.stdin:
        right = text_matches(value, case.outputs, problem.tolerance)
        return None if right else f"printed {_short(value)}, not {_short(case.outputs[0])}"
    right = same(value, reading.parse(plain.encode(case.expected)), problem)
    return None if right else f"returned {_shown(value)}, not {_short(case.expected)}"


def _names_for_check(problem: Problem, source: str) -> dict[str, list[str]]:
    """The classes that both processes have from the prelude, and the names that the check takes from the submission."""
    prelude, check, tree = parse(problem.prelude), parse(problem.check or ""), parse(source)
    classes = [node.name for node in prelude.body if isinstance(node, ast.ClassDef)] if prelude else []
    bound = set().union(*map(bound_names, prelude.body)) if prelude else set()
    ours = set().union(*map(bound_names, tree.body)) if tree else set()
    wanted = (lacking(check) - bound) & ours if check else set()
    return {"shared": sorted(set(classes) - {problem.entry_point}), "lacking": sorted(wanted - {problem.entry_point})}


def _unknown(kind: OracleKind, why: str, where: str = "") -> OracleVerdict:
    return OracleVerdict(Oracle(passed=None, reason=f"{where}{why}", kind=kind))


def _limit(result: Result) -> tuple[OracleKind, str] | None:
    """The limit that ended a job, if one did."""
    if result.ended:
        return ("time" if result.ended == "time" else "limit"), f"ran past the {result.ended} limit"
    if result.exit_code in CRASHES:
        return "limit", f"crashed by signal {-result.exit_code}"
    if result.overflowed:
        return "limit", "met the limit of size of an answer"
    return None


def _check_verdict(result: Result) -> OracleVerdict:  # noqa: PLR0911 -- one per outcome
    if limit := _limit(result):
        return _unknown(*limit)
    try:
        report = json.loads(result.channel)
        outcome, why, calls = report["outcome"], str(report["why"]), report["calls"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return _unknown("fault", "the check ended without a verdict")
    why = without_addresses(why)
    if outcome in ("broken", "unjudged", "limit"):
        kind: OracleKind = "fault" if outcome == "broken" else outcome
        return _unknown(kind, f"met the limit of {why}" if outcome == "limit" else why)
    if outcome == "failed":
        crashed = next((code for code in result.others if code in CRASHES), None)
        if crashed is not None:
            return _unknown("limit", f"crashed by signal {-crashed}")
        wrong = Oracle(passed=False, reason=why, kind="wrong")
        return OracleVerdict(wrong, lie=bool(report.get("lie")), certain=bool(report.get("certain")))
    if not calls:
        return _unknown("unjudged", "the check never called the entry point")
    return OracleVerdict(Oracle(passed=True, reason=f"the check passes after {calls} calls"))


def _shown(value: Any) -> str:
    """A parsed answer as a person reads it, cut short."""
    if isinstance(value, plain.Opaque):
        return f"{value.kind}, which equals no plain value"
    if not isinstance(value, reading.Node):
        return _short(value)
    small = reading.Node([value.letter, len(value.items), *value.label])
    small.items = value.items[:20]
    inner = ", ".join(_shown(item) if not isinstance(item, reading.Node) else "…" for item in small.items)
    brackets = {"l": "[]", "t": "()", "d": "{}", "s": "{}"}.get(value.letter, "<>")
    return _cut(f"{brackets[0]}{inner}{brackets[1]}")


def _short(value: Any) -> str:
    if type(value) is int and abs(value) >= 1 << 1000:
        return "a huge number"
    return _cut(literal(value[:100] if isinstance(value, str) else value))


def _cut(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
