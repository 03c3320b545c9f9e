"""What the tests of extraction share: short ways to write completions and to compare code."""

import ast
from pathlib import Path
from typing import NamedTuple

from spillover.coding.extract import read_submission

COMPLETIONS = Path(__file__).parents[1] / "data" / "completions"
CODE = "def f(x):\n    return x + 1\n"
WRONG = "def f(x):\n    return 0\n"


class Labelled(NamedTuple):
    """A completion written by hand in some model's style, and the main file that a person would read out of it."""

    title: str
    entry_point: str
    completion: str
    main: str


def labelled(part: str) -> list[Labelled]:
    """The completions of one part, `seen` or `unseen`."""
    found: list[list[str]] = []
    for section in f"\n{(COMPLETIONS / part).with_suffix('.txt').read_text()}".split("\n%%%%% ")[1:]:
        head, _, body = section.partition("\n")
        if head == "main":
            found[-1].append(body + "\n")
        else:
            title, _, entry_point = head.rpartition(" | ")
            found.append([title, entry_point.strip(), body])
    return [Labelled(*fields) for fields in found]


def block(code: str, label: str = "python") -> str:
    return f"```{label}\n{code}```\n"


def main_file(completion: str, entry_point: str = "f") -> str:
    """The main file of a completion that must have one."""
    submission = read_submission(completion, entry_point)
    assert submission.reason is None
    return submission.files["solution.py"]


def same(source: str, wanted: str) -> bool:
    """Whether two sources are the same code, layout and comments apart."""
    try:
        return ast.dump(ast.parse(source)) == ast.dump(ast.parse(wanted))
    except SyntaxError:
        return source.strip() == wanted.strip()
