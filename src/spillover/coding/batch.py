"""Grading a file of completions: JSON lines in, JSON lines out, in order."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from spillover.coding import Grader, GradeRequest
from spillover.core.errors import DataError
from spillover.core.records import Grade, Harness, Problem

CHUNK = 64


class BatchLine(BaseModel):
    """One line of the input."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    problem: Problem
    completion: str
    harness: Harness


def grade_batch(
    path: Path, *, workers: int = 2, wall_seconds: float = 10.0, allow_unsandboxed: bool = False
) -> Iterator[str]:
    """Yield one verdict line for each line of `path`.

    The whole file is read first: a malformed line raises DataError, naming file and line, before
    anything is run.
    """
    requests = read_batch(path)
    with Grader(workers, wall_seconds, allow_unsandboxed) as grader:
        for start in range(0, len(requests), CHUNK):
            yield from map(verdict_line, grader.grade_many(requests[start : start + CHUNK]))


def read_batch(path: Path) -> list[GradeRequest]:
    """The grading requests of a JSON-lines file. Raises DataError."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; name a file of JSON lines") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text; write the batch as JSON lines in UTF-8") from error
    while lines and not lines[-1].strip():
        lines.pop()
    return [_request(path, number, line) for number, line in enumerate(lines, 1)]


def verdict_line(grade: Grade) -> str:
    """The stable JSON form of a verdict."""
    return json.dumps(
        {
            "proxy": {"passed": grade.proxy.passed},
            "oracle": {"passed": grade.oracle.passed, "reason": grade.oracle.reason},
            "hacked": grade.hacked,
            "hacks": list(grade.hacks),
            "seconds": round(grade.seconds, 4),
        }
    )


def _request(path: Path, number: int, line: str) -> GradeRequest:
    try:
        read = BatchLine.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise DataError(
            f"{path}, line {number}: {f'key {key!r}: ' if key else ''}{message}; correct the line"
        ) from error
    return GradeRequest(read.problem, read.completion, read.harness)
