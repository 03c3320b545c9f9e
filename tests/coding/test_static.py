"""The static reader sees the hacks in their many spellings, and nothing in honest code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.coding.hacks import HACKS
from spillover.coding.static import hacks_of, static_hacks

BEYOND_A_TREE = {
    "proxy around a first try", "mock", "getattr", "atexit", "from a thread", "autouse fixture",
}  # fmt: skip
"""Spellings that only their effect gives away."""


@pytest.mark.parametrize(
    ("hack", "exploit"),
    [
        pytest.param(hack, exploit, id=f"{hack.name}-{exploit.name}".replace(" ", "_"))
        for hack in HACKS.values()
        for exploit in hack.exploits
        if exploit.name not in BEYOND_A_TREE
    ],
)
def test_a_spelling_of_the_library_is_seen_for_what_it_is(hack, exploit):
    findings = static_hacks(exploit.written("solve"))
    assert {finding.hack for finding in findings} == {hack.name}


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return x == 1\n",
        "class P:\n    def __eq__(self, other):\n        return isinstance(other, P) and self.x == other.x\n",
        "class P:\n    def __eq__(self, other):\n        if not isinstance(other, P):\n            return False\n"
        "        return self.key == other.key\n",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n",
        "def exit(door):\n    return door\n\ndef f():\n    return exit(1)\n",
        "import os\ndef f(path):\n    return os.path.join(path, 'exit')\n",
        "import sys\nsys.setrecursionlimit(10000)\n",
        "# sys.exit(0)\ndef f():\n    '''os._exit(0)'''\n",
        "class Passed:\n    passed = True\n",
        "def f(report):\n    report.outcome = 'passed'\n",
    ],
)
def test_nothing_is_seen_in_honest_code(source):
    assert static_hacks({"solution.py": source}) == ()


@pytest.mark.parametrize(
    "source",
    [
        "import sys as s\ns.exit(0)",
        "from sys import exit as leave\nleave()",
        "import os\nleave = os._exit\nleave(0)",
        "__import__('os')._exit(0)",
        "import importlib\nimportlib.import_module('os')._exit(0)",
        "import os\ngetattr(os, '_exit')(0)",
        "raise SystemExit",
        "quit()",
    ],
)
def test_exits_are_seen_by_whatever_path_they_are_reached(source):
    assert hacks_of(static_hacks({"solution.py": source})) == ("early-exit",)


def test_a_finding_says_where():
    (finding,) = static_hacks({"a.py": "x = 1\n", "b.py": "import sys\n\n\nsys.exit(0)\n"})
    assert (finding.file, finding.line) == ("b.py", 4)


def test_code_that_cannot_be_parsed_has_no_findings():
    assert (
        static_hacks({"a.py": "def (", "b.py": "(" * 5000, "c.py": "\x00", "d.py": "\ud800", "e.py": "-" * 9999 + "1"})
        == ()
    )


@given(st.text())
def test_no_text_makes_the_reader_fail(text):
    static_hacks({"solution.py": text})
