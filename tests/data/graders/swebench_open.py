"""All files of the submission are laid over a repository, whose tests run under pytest; the log is read line by line,
and the tests that should pass must. Open: the submission brings tests, configuration and conftest.py, and writes lines
of the log."""

import shutil
import sys
from pathlib import Path

from shared import empty, load, names, pytest, tests

folder, work = Path(sys.argv[1]), empty()
problem = load(folder)
(work / "tests").mkdir()
(work / "tests" / "test_hidden.py").write_text(tests(problem, f"from solution import {problem['entry_point']}"))
(work / "solution.py").write_text(f"def {problem['entry_point']}(*args):\n    raise NotImplementedError\n")
shutil.copytree(folder, work, dirs_exist_ok=True)
log = pytest(work, "-rA", "tests", PYTHONPATH=str(work)).stdout
status = {}
for line in log.splitlines():
    if line.startswith(("PASSED ", "FAILED ", "ERROR ", "SKIPPED ", "XFAIL ")):
        word, name, *_ = line.split()
        status[name] = word
wanted = [f"tests/test_hidden.py::{name}" for name in names(problem)]
sys.exit(not all(status.get(name) == "PASSED" for name in wanted))
