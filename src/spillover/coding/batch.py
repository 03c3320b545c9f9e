"""Grading completions from JSON lines to JSON lines, in order. One bad line fails itself only."""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from spillover.coding import Grader, GradeRequest
from spillover.core.errors import DataError
from spillover.core.records import Grade, Harness, Problem
from spillover.core.source import parse_long_int

CHUNK = 64
STANDARD_INPUT = Path("-")


class BatchLine(BaseModel):
    """One line of the input. Keys that are not known here, such as an id, are carried through."""

    model_config = ConfigDict(frozen=True, extra="allow")

    problem: Problem
    completion: str
    harness: Harness


def grade_batch(
    path: Path, *, workers: int = 2, wall_seconds: float = 10.0, allow_unsandboxed: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield one object for each line of `path` (`-` for standard input): a verdict, or {"error": why}.

    Lines are read as they are graded. Raises DataError where the file cannot be read, or holds no line.
    """
    lines = _numbered(path)
    with Grader(workers, wall_seconds, allow_unsandboxed) as grader:
        while chunk := list(islice(lines, CHUNK)):
            yield from _graded(grader, [_read(number, line) for number, line in chunk])


def verdict(grade: Grade) -> dict[str, Any]:
    """The stable form of a verdict."""
    return {
        "proxy": {"passed": grade.proxy.passed},
        "oracle": {"passed": grade.oracle.passed, "reason": grade.oracle.reason},
        "hacked": grade.hacked,
        "hacks": list(grade.hacks),
        "overfit": grade.overfit,
        "seconds": round(grade.seconds, 4),
    }


def _graded(grader: Grader, read: list[BatchLine | str]) -> Iterator[dict[str, Any]]:
    requests = [GradeRequest(o.problem, o.completion, o.harness) for o in read if not isinstance(o, str)]
    grades = iter(grader.grade_many(requests))
    for one in read:
        yield {"error": one} if isinstance(one, str) else {**(one.model_extra or {}), **verdict(next(grades))}


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every line; blank ones at the end are none. Raises DataError."""
    waiting: list[tuple[int, bytes]] = []
    found = False
    for number, line in enumerate(_lines(path), 1):
        waiting.append((number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line))
        if waiting[-1][1].strip():
            found = True
            yield from waiting
            waiting.clear()
    if not found:
        raise DataError(f"{path}: holds no line; write one JSON object a line, with problem, completion and harness")


def _lines(path: Path) -> Iterable[bytes]:
    if path == STANDARD_INPUT:
        yield from sys.stdin.buffer
        return
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; name a file of JSON lines, or -") from error


def _read(number: int, line: bytes) -> BatchLine | str:
    """A line's request, or what is wrong with it and what to do."""
    if not line.strip():
        return f"line {number}: is blank; remove it, or write a JSON object"
    try:
        return BatchLine.model_validate(json.loads(line.decode("utf-8"), parse_int=parse_long_int))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        return f"line {number}: {f'key {key!r}: ' if key else ''}{message}; correct the line"
    except UnicodeDecodeError:
        return f"line {number}: is no UTF-8 text; write it in UTF-8"
    except RecursionError:
        return f"line {number}: is nested too deeply to be read; flatten it"
    except ValueError as error:
        return f"line {number}: is no JSON: {error}; write one JSON object a line"
