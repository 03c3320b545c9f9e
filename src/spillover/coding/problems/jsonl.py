"""Problems from a JSON-lines file in the stable form (docs: problem files)."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from spillover.core.errors import DataError
from spillover.core.records import Problem
from spillover.core.source import parse_long_int


def read_problems(path: Path) -> list[Problem]:
    """All problems of a file, in order. Raises DataError naming file, line and key."""
    read: dict[str, int] = {}
    problems = []
    for number, line in lines(path):
        problem = _problem(path, number, line)
        if problem.id in read:
            raise DataError(f"{path}, line {number}: id {problem.id!r} stands in line {read[problem.id]} already")
        read[problem.id] = number
        problems.append(problem)
    if not problems:
        raise DataError(f"{path}: holds no problem; write one JSON object a line")
    return problems


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of every line that is not blank. Raises DataError where the file cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; name a file of JSON lines") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text; write the problems as JSON lines in UTF-8") from error


def _problem(path: Path, number: int, line: str) -> Problem:
    where = f"{path}, line {number}: "
    try:
        value = json.loads(line, parse_int=parse_long_int)
        if not isinstance(value, dict):
            raise DataError(f"{where}Input should be an object; write one JSON object a line")
        return Problem.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise DataError(f"{where}{f'key {key!r}: ' if key else ''}{message}; correct the line") from error
    except RecursionError as error:
        raise DataError(f"{where}is nested too deeply to be read; flatten it") from error
    except ValueError as error:
        raise DataError(f"{where}Invalid JSON: {error}; write one JSON object a line") from error
