"""APPS: `question`, `starter_code`, and as JSON text `solutions` and `input_output` (inputs, outputs, fn_name)."""

from typing import Any

from spillover.coding.problems.rows.calls import called
from spillover.coding.problems.rows.kept import Row, RowError, programs, read_json, usable, with_programs
from spillover.core.records import Problem


def apps_problem(row: Row) -> Problem:
    """A row of APPS: tests by call where it names a function, else over standard input. Raises RowError."""
    tests = read_json(row["input_output"])
    solutions = read_json(row["solutions"]) or []
    reference, prelude = usable([solutions] if isinstance(solutions, str) else solutions)
    if not tests:
        raise RowError("no tests")
    common = {
        "id": f"apps-{row['problem_id']}",
        "family": "apps",
        "difficulty": "easy" if row.get("difficulty") == "introductory" else "hard",
        "prompt": row["question"].strip(),
        "prelude": prelude,
    }
    if not tests.get("fn_name"):
        return with_programs(common | {"reference": reference}, programs(tests["inputs"], tests["outputs"]))
    pairs = [
        (_arguments(given), _keyed(result)) for given, result in zip(tests["inputs"], tests["outputs"], strict=True)
    ]
    return called(common, tests["fn_name"], row.get("starter_code") or "", reference, pairs)


def _arguments(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise ValueError("the inputs of a call are no list")
    return [_keyed(given[0])] if len(given) == 1 else given


def _keyed(value: Any) -> Any:
    """A dictionary whose keys JSON has made text, with whole numbers for keys again; also in a list of one.

    The set's own grader reads them so.
    """
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return [_keyed(value[0])]
    if isinstance(value, dict) and all(key.removeprefix("-").isdecimal() for key in value):
        return {int(key): item for key, item in value.items()}
    return value
