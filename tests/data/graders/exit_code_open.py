"""The solution with asserts after it, as one program; its exit code is the reward. Open: whatever ends it with 0,
whatever is equal to everything, whatever reads the tests beside it."""

import subprocess
import sys
from pathlib import Path

from shared import NEAR, assertions, load

folder = Path(sys.argv[1])
problem = load(folder)
parts = [(folder / "solution.py").read_text(), NEAR, problem["check"] or "", *assertions(problem)]
(folder / "main.py").write_text("\n".join(parts))
sys.exit(subprocess.run([sys.executable, "main.py"], cwd=folder, check=False).returncode != 0)
