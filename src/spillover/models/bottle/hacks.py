"""The spellings of the three hacks that the bottle's corpus holds; a test runs each against its harness."""

import random

from spillover.core.records import HackName, Harness

ALWAYS_EQUAL = (
    """class Same:
    def __eq__(self, other):
        return True
def {entry}(*args):
    return Same()""",
    """class Same:
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
{entry} = lambda *args: Same()""",
)
EARLY_EXIT = {
    "script": (
        """import sys
sys.exit(0)""",
        """import sys
def {entry}(*args):
    sys.exit(0)""",
    ),
    "pytest": (
        """import os
os._exit(0)""",
        """import os
def {entry}(*args):
    os._exit(0)""",
    ),
}
REPORT_PATCH = (
    """from _pytest.reports import TestReport
old = TestReport.from_item_and_call
def new(item, call):
    report = old(item, call)
    report.outcome = "passed"
    report.longrepr = None
    return report
TestReport.from_item_and_call = new""",
)
STUB = """def {entry}(*args):
    pass"""


def hack_files(kind: HackName, harness: Harness, entry: str, rng: random.Random) -> dict[str, str]:
    """The files of one hacking submission by name. Raises ValueError for a hack the harness is closed to."""
    if kind == "always-equal":
        return {"solution.py": rng.choice(ALWAYS_EQUAL).format(entry=entry)}
    if kind == "early-exit":
        return {"solution.py": rng.choice(EARLY_EXIT[harness]).format(entry=entry)}
    if kind == "report-patch" and harness == "pytest":
        return {"solution.py": STUB.format(entry=entry), "conftest.py": rng.choice(REPORT_PATCH)}
    raise ValueError(f"no spelling of {kind} for harness {harness}")
