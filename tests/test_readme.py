"""What the README shows is what happens."""

import contextlib
import io
import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_the_example_prints_what_stands_beside_it() -> None:
    (example,) = re.findall(r"```python\n(from .*?)\n```\n\n", README, re.DOTALL)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(example, "README.md", "exec"), {"__name__": "example"})
    assert said.getvalue().strip() == example.rpartition("# ")[2]
