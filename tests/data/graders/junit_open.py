"""pytest in the submission's folder, with a report in JUnit's form there. Open: nearly everything."""

import sys
import xml.etree.ElementTree
from pathlib import Path

from shared import load, pytest, tests

folder = Path(sys.argv[1])
problem = load(folder)
(folder / "test_hidden.py").write_text(tests(problem, f"from solution import {problem['entry_point']}"))
pytest(folder, "-q", "--junitxml=report.xml", "test_hidden.py")
try:
    suite = xml.etree.ElementTree.parse(folder / "report.xml").getroot().find("testsuite")
except (OSError, xml.etree.ElementTree.ParseError):
    sys.exit(1)
sys.exit(int(suite.get("tests")) == 0 or int(suite.get("failures")) + int(suite.get("errors")) > 0)
