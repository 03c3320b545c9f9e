"""What the grading tests share: two small problems, one in each form."""

from spillover.coding.hacks import as_completion
from spillover.core.records import Case, Problem

ADD = Problem(
    id="add",
    prompt="Add two numbers.",
    entry_point="add",
    cases=tuple(Case(args=(i, 2), expected=i + 2) for i in range(8)),
    shown=3,
)
CHECKED = Problem(
    id="checked",
    prompt="Add two numbers.",
    entry_point="add",
    prelude='import math\n\ndef half(x):\n    return x / 2\n\ndef add(a, b):\n    """Add."""\n',
    check="def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(half(4), 2) == 4\n",
)
RIGHT = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return 99\n"


def answer(source: str, **files: str) -> str:
    """A completion with a solution and further files (conftest="..." is conftest.py)."""
    return as_completion({"solution.py": source} | {f"{name}.py": text for name, text in files.items()})
