"""Submissions as data: `=== name`, then blocks of settings, check or cases, and the solution."""

import json
import re
from pathlib import Path

from spillover.core.records import Case, Problem

FOLDER = Path(__file__).parents[1] / "data" / "submissions"


def read(file):
    """Name, problem, solution, and what else the settings say, of each submission of a file."""
    text = (FOLDER / file).read_text(encoding="utf-8")
    for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        parts = re.split(r"^--- (\w+)\n", rest, flags=re.MULTILINE)
        blocks = dict(zip(parts[1::2], parts[2::2], strict=True))
        settings = {"entry_point": "f"} | json.loads(blocks.get("settings", "{}"))
        known = {key: settings.pop(key, None) for key in ("cannot_tell", "hacks", "harness")}
        if "check" in blocks:
            tests = {"check": blocks["check"]}
        else:
            rows = [json.loads(line) for line in blocks["cases"].strip().splitlines()]
            tests = {"cases": tuple(Case(args=tuple(args), expected=expected) for args, expected in rows), "shown": 1}
        yield name, Problem(id=name, prompt="", **tests, **settings), blocks["solution"], known
