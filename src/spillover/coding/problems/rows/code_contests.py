"""CodeContests: `description`, and lists under `public_tests`, `private_tests`, `generated_tests` and `solutions`."""

from spillover.coding.problems.rows.kept import Row, RowError, programs, slug, usable, with_programs
from spillover.core.records import Problem, StdinCase

PYTHON3 = 3
"""The set's number for the language."""


def code_contests_problem(row: Row) -> Problem:
    """A row of CodeContests: public tests are shown, private and generated ones held out.

    Raises RowError for problems on files or with pictures too.
    """
    if row.get("input_file") or row.get("output_file"):
        raise RowError("it works on files")
    if "<image>" in row["description"]:
        raise RowError("it needs a picture")
    solutions = row.get("solutions") or {"language": [], "solution": []}
    written = zip(solutions["solution"], solutions["language"], strict=True)
    reference, prelude = usable(source for source, language in written if language == PYTHON3)
    common = {
        "id": f"code-contests-{slug(row['name'])}",
        "family": "code_contests",
        "prompt": row["description"].strip(),
        "reference": reference,
        "prelude": prelude,
    }
    every = _cases(row, "public_tests", "private_tests", "generated_tests")
    return with_programs(common, every, len(_cases(row, "public_tests")))


def _cases(row: Row, *kinds: str) -> list[StdinCase]:
    tests = [row[kind] for kind in kinds if row[kind]]
    return programs([t for one in tests for t in one["input"]], [t for one in tests for t in one["output"]])
