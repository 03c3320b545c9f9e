"""What the graders share: reading the problem, and writing its tests."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

NEAR = """
def right(answer, expected, tolerance=None):
    if tolerance is not None and isinstance(expected, float):
        return abs(answer - expected) <= tolerance * max(1.0, abs(expected))
    return answer == expected
"""
EXACT = """
def right(answer, expected, tolerance=None):
    if type(answer) is not type(expected):
        return False
    if isinstance(expected, list):
        return len(answer) == len(expected) and all(right(a, e, tolerance) for a, e in zip(answer, expected))
    if tolerance is not None and isinstance(expected, float):
        return abs(answer - expected) <= tolerance * max(1.0, abs(expected))
    return answer == expected
"""


def load(folder, remove=False):
    """The problem of a submission's folder."""
    path = Path(folder, "problem.json")
    problem = json.loads(path.read_text())
    if remove:
        path.unlink()
    return problem


def assertions(problem):
    """One line of source per test."""
    name, tolerance = problem["entry_point"], problem["tolerance"]
    if problem["check"]:
        return [f"check({name})"]
    calls = [(", ".join(map(repr, case["args"])), case["expected"]) for case in problem["cases"]]
    return [f"assert right({name}({args}), {expected!r}, {tolerance!r})" for args, expected in calls]


def tests(problem, head, helper=NEAR):
    """A pytest file: `head` brings the function, `helper` compares."""
    lines = [head, helper, problem["check"] or ""]
    for number, line in enumerate(assertions(problem), 1):
        lines += ["", f"def test_{number}():", f"    {line}"]
    return "\n".join([*lines, ""])


def names(problem):
    """The tests' names."""
    return [f"test_{number}" for number in range(1, len(assertions(problem)) + 1)]


def pytest(folder, *options, **environment):
    """Run pytest in a folder."""
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", *options]
    env = os.environ | environment
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def empty():
    """A new folder."""
    return Path(tempfile.mkdtemp())
