"""Tests under pytest that call the solution in a process of its own; the log is read line by line. The tests'
file is gone before that one starts. Closed."""

import sys
from pathlib import Path

from shared import EXACT, empty, load, names, pytest, tests

HEAD = """
import os
import sys

sys.path.insert(0, {here!r})
from remote import Remote

started = []


def {name}(*args):
    if not started:
        os.unlink(__file__)
        started.append(Remote({source!r}, {name!r}))
    return started[0](*args)
"""
folder, work, here = Path(sys.argv[1]), empty(), str(Path(__file__).parent.absolute())
problem = load(folder, remove=True)
(work / "tests").mkdir()
head = HEAD.format(here=here, name=problem["entry_point"], source=(folder / "solution.py").read_text())
(work / "tests" / "test_hidden.py").write_text(tests(problem, head, EXACT))
done = pytest(work, "-rA", "tests")
status = dict(
    reversed(line.split()[:2]) for line in done.stdout.splitlines() if line.startswith(("PASSED ", "FAILED "))
)
wanted = [f"tests/test_hidden.py::{name}" for name in names(problem)]
sys.exit(done.returncode != 0 or not all(status.get(name) == "PASSED" for name in wanted))
