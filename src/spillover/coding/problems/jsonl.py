"""Problems from a JSON-lines file in the stable form (docs: problem files)."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from spillover.core.errors import DataError
from spillover.core.records import Problem


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
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; name a file of JSON lines") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text; write the problems as JSON lines in UTF-8") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def _problem(path: Path, number: int, line: str) -> Problem:
    try:
        return Problem.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        where = f"{path}, line {number}: {f'key {key!r}: ' if key else ''}"
        raise DataError(f"{where}{message}; correct the line") from error
