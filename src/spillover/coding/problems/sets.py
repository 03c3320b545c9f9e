"""Hugging Face sets: streamed from the hub, or read from a local copy in the same row form."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from spillover.coding.problems.jsonl import lines
from spillover.coding.problems.rows import (
    Row,
    RowError,
    apps_problem,
    code_contests_problem,
    leetcode_problem,
    livecodebench_problem,
    mbpp_problem,
)
from spillover.core.errors import DataError
from spillover.core.records import Problem
from spillover.core.source import parse_long_int

SHUFFLED_ROWS = 500
"""Rows in the buffer from which a stream is shuffled; a CodeContests row can weigh megabytes."""


ODD = (TypeError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError)
"""Errors of rows that are not in the form of their set."""


@dataclass(frozen=True)
class HubSet:
    """Where a set is and how its rows become problems."""

    where: dict[str, Any] = field(repr=False)
    """Arguments of `datasets.load_dataset`."""
    convert: Callable[[Row], Problem]
    """Raises RowError for a row that cannot be graded here; KeyError, TypeError or ValueError for no row of the set."""


SETS = {
    "apps": HubSet(
        {"path": "json", "data_files": {"train": "hf://datasets/codeparrot/apps/train.jsonl"}, "split": "train"},
        apps_problem,
    ),
    "code_contests": HubSet({"path": "deepmind/code_contests", "split": "train"}, code_contests_problem),
    "leetcode": HubSet({"path": "newfacade/LeetCodeDataset", "split": "train"}, leetcode_problem),
    "livecodebench": HubSet(
        {
            "path": "json",
            "data_files": {"test": "hf://datasets/livecodebench/code_generation_lite/test*.jsonl"},
            "split": "test",
        },
        livecodebench_problem,
    ),
    "mbpp": HubSet(
        {"path": "google-research-datasets/mbpp", "name": "full", "split": "train+validation+test"}, mbpp_problem
    ),
}
"""APPS and LiveCodeBench are named by their data files: `datasets` no longer runs loading scripts like theirs."""


def stream_set(name: str, count: int, seed: int) -> list[Problem]:
    """The first `count` usable problems of a set shuffled by `seed`. Raises DataError where it cannot be had."""
    source = SETS[name]
    try:
        from datasets import load_dataset

        rows = load_dataset(**source.where, streaming=True).shuffle(seed=seed, buffer_size=SHUFFLED_ROWS)
        problems = list(islice(_usable(rows, source), count))
    # The hub's clients raise errors of many libraries; all mean that the set could not be had.
    except Exception as error:
        first = str(error).split("\n")[0]
        raise DataError(
            f"problems.source {name!r}: cannot be loaded from Hugging Face ({type(error).__name__}: {first}); "
            f"check the network, or name a local copy, written {name}:FILE"
        ) from error
    return _some(problems, f"problems.source {name!r}", Counter())


def read_set(name: str, path: Path) -> list[Problem]:
    """The usable problems of a local JSON-lines or Parquet copy. Raises DataError naming file and row.

    Rows that cannot be graded here are passed over; where none is left, the error tells why.
    """
    rows = _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)
    problems: dict[str, Problem] = {}
    refused = Counter[str]()
    for where, row in rows:
        try:
            problem = SETS[name].convert(row)
        except RowError as error:
            refused[str(error)] += 1
            continue
        except KeyError as error:
            raise DataError(f"{where}: no key {error.args[0]!r}; {name} rows have one") from error
        except ODD as error:
            raise DataError(f"{where}: not a row of {name}: {_said(error)}; correct or drop the row") from error
        problems.setdefault(problem.id, problem)
    return _some(list(problems.values()), str(path), refused)


def _usable(rows: Iterable[Row], source: HubSet) -> Iterator[Problem]:
    """Problems of a stream. A single odd row is passed over; one without a key means that the set has changed."""
    seen = set()
    for row in rows:
        try:
            problem = source.convert(row)
        except (RowError, *ODD):
            continue
        if problem.id not in seen:
            seen.add(problem.id)
            yield problem


def _json_rows(path: Path) -> Iterator[tuple[str, Row]]:
    for number, line in lines(path):
        where = f"{path}, line {number}"
        try:
            row = json.loads(line, parse_int=parse_long_int)
        except ValueError as error:
            raise DataError(f"{where}: not JSON: {error}; write one JSON object a line") from error
        if not isinstance(row, dict):
            raise DataError(f"{where}: not a JSON object; write one JSON object a line")
        yield where, row


def _parquet_rows(path: Path) -> Iterator[tuple[str, Row]]:
    from pyarrow import ArrowException  # type: ignore[import-untyped]
    from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped]

    try:
        batches = ParquetFile(path).iter_batches(batch_size=64)
        rows = (row for batch in batches for row in batch.to_pylist())
        for number, row in enumerate(rows, 1):
            yield f"{path}, row {number}", row
    except (OSError, ArrowException) as error:
        raise DataError(f"{path}: cannot be read as Parquet: {error}; name a whole file") from error


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
    return str(error).split("\n")[0]


def _some(problems: list[Problem], where: str, refused: Counter[str]) -> list[Problem]:
    if not problems:
        why = "".join(f" ({count} of {refused.total()} rows: {reason})" for reason, count in refused.most_common(1))
        raise DataError(f"{where}: holds no problem that can be graded here{why}; name another source")
    return problems
