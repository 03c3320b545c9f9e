"""As the open one, but mended: the problem's file is removed, types are compared, no other file is taken, and the
program must print a new token at its end. Open: the token stands in the program, and so do the tests; what compares
can be replaced."""

import secrets
import subprocess
import sys
from pathlib import Path

from shared import EXACT, assertions, empty, load

folder, token = Path(sys.argv[1]), secrets.token_hex(8)
problem, work = load(folder, remove=True), empty()
parts = [EXACT, (folder / "solution.py").read_text(), problem["check"] or "", *assertions(problem), f"print({token!r})"]
(work / "main.py").write_text("\n".join(parts))
done = subprocess.run([sys.executable, "main.py"], cwd=work, capture_output=True, text=True, check=False)
sys.exit(done.returncode != 0 or done.stdout.strip().splitlines()[-1:] != [token])
