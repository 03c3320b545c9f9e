"""As the open one, but mended: modules alone are taken, and none that pytest or Python reads by itself; tests are laid
over what was submitted; a test that stands in the log as anything but passed has failed, and so has a log that ends
with another code than 0. Open: the solution is imported into pytest's process."""

import sys
from pathlib import Path

from shared import empty, load, names, pytest, tests

folder, work = Path(sys.argv[1]), empty()
problem = load(folder, remove=True)
(work / "tests").mkdir()
if (folder / "solution.py").exists():
    (work / "solution.py").write_text((folder / "solution.py").read_text())
(work / "tests" / "test_hidden.py").write_text(tests(problem, f"from solution import {problem['entry_point']}"))
(work / "pytest.ini").write_text("[pytest]\n")
done = pytest(work, "-rA", "--noconftest", "tests", PYTHONPATH=str(work))
passed, failed = set(), set()
for line in done.stdout.splitlines():
    if line.startswith(("PASSED ", "FAILED ", "ERROR ", "SKIPPED ", "XFAIL ")):
        word, name, *_ = line.split()
        (passed if word == "PASSED" else failed).add(name)
wanted = {f"tests/test_hidden.py::{name}" for name in names(problem)}
sys.exit(done.returncode != 0 or not wanted <= passed - failed)
