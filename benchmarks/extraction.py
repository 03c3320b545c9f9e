"""How reading a completion grows with its size, for shapes that are hostile to readers.

    python benchmarks/extraction.py [--static]

Each shape is read at 64 KB, 128 KB, ... 1 MB; the table has the seconds at 1 MB and the largest ratio between
two neighbouring sizes. Times under 0.6 seconds tell more of the memory than of growth and are passed over. Exit
code 1 if a ratio is above 2.3. With --static, the static reader reads the same shapes as files, at 8 KB ... 128 KB:
it takes no larger ones.
"""

import gc
import sys
import time
from collections.abc import Callable
from itertools import pairwise

from spillover.coding.compose import syntax_error
from spillover.coding.extract import read_submission
from spillover.coding.fit import compose
from spillover.coding.static import static_hacks
from spillover.core.records import Case, Problem

SIZES = [1 << exponent for exponent in range(16, 21)]
STATIC_SIZES = [1 << exponent for exponent in range(13, 18)]
MOST_RATIO = 2.3
SMALL = 0.6
ROUNDS = 6
PROBLEM = Problem(
    id="f", prompt="", entry_point="f", cases=(Case(args=(1,), expected=2), Case(args=("a",), expected=[1])), shown=2
)
F = "def f(x):\n    return x\n"
ENDS = {"head": f"```python\n{F}", "tail": "\n```\n"}


def repeated(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """A text of about so many characters: a unit over and over."""
    return lambda size: before + unit * (max(0, size - len(before) - len(after)) // len(unit)) + after


def numbered(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """The same with a number in place of each `%`."""

    def text(size: int) -> str:
        parts, length, number = [before], len(before), 0
        while length < size:
            parts.append(unit.replace("%", str(number)))
            length += len(parts[-1])
            number += 1
        return "".join([*parts, after])

    return text


def fenced(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """The same within a fence, behind a function."""
    return repeated(unit, ENDS["head"] + before, after + ENDS["tail"])


SHAPES: dict[str, Callable[[int], str]] = {
    **{
        f"only {unit!r}": repeated(unit)
        for unit in ("_", "\n", " ", "\t", "(", "[", "{", "\\", "'", '"', "`", "<", "#")
    },
    **{
        f"only {unit!r}": repeated(unit)
        for unit in ("~", ">", "-", ".", "*", "=", "\r", "\u2028", "&lt;", "\ud800", "é")
    },
    **{
        f"in a fence {unit!r}": fenced(unit)
        for unit in ("_", "\n", " ", "\t", "(", "\\", "'", '"', '"""', "`", "#", "-")
    },
    "blank lines with spaces": repeated("    \n"),
    "spaces before a word": repeated(" ", after="x"),
    "words": repeated("lorem ipsum dolor "),
    "prose lines": repeated("This is said of the code above, and no more.\n"),
    "prose lines after code": repeated("This is said of it.\n", F + "\n"),
    "prose paragraphs after code": repeated("This is said of it.\n\n", F + "\n"),
    "prose paragraphs in an open fence": repeated("This is said of it.\n\n", "```python\n" + F + "\n"),
    "bare fences": repeated("```\n"),
    "fences for python": repeated("```python\n"),
    "fences in turn with tildes": repeated("```\n~~~\n"),
    "fences of growing length": numbered("````````````````````````````````````````\n```%\n"),
    "fences within an open string": repeated("```\n", "```python\nx = '''\n"),
    "fences within a string": repeated("```\n", "```python\nx = '''\n", "'''\n" + F + "```\n"),
    "labelled fences within a string": repeated("```python\n", "```python\nx = '''\n", "'''\n" + F + "```\n"),
    "blocks that each open a string": repeated("```python\nx = '''\n```\n"),
    "blocks that hand a string on": repeated("```python\n''' \"\"\"\n```\n```python\n\"\"\" '''\n```\n"),
    "blocks that define": repeated("```python\n" + F + "```\n"),
    "blocks that define others": numbered("```python\ndef g%(x):\n    return x\n```\n"),
    "blocks that need the next": numbered("```python\ndef f%(x):\n    return f%1(x)\n```\n"),
    "helper blocks, all needed": lambda size: (
        numbered("```python\ndef g%():\n    return 1\n```\n")(size * 3 // 4)
        + f"```python\ndef f(x):\n    return {' + '.join(f'g{n}()' for n in range(size // 80))}\n```\n"
    ),
    "helper blocks, a chain": lambda size: (
        "```python\ndef g0():\n    return 1\n```\n"
        + "".join(f"```python\ndef g{n + 1}():\n    return g{n}()\n```\n" for n in range(size // 50))
        + f"```python\ndef f(x):\n    return g{size // 50}()\n```\n"
    ),
    "named blocks": numbered("### a%.py\n```python\nx = %\n```\n"),
    "unparsable blocks": repeated("```python\ndef f(x:\n    return x\n```\n"),
    "blocks with margins": repeated("```python\n    x = 1\n    y = 2\n```\n"),
    "inline fences": repeated("Here: ```python\nx = 1\n```\n"),
    "empty tags": repeated("<a.py>\n"),
    "tags of files": numbered('<file name="a%.py">\nx = 1\n</file>\n'),
    "tags never closed": numbered('<file name="a%.py">\n'),
    "tags with other ends": numbered("<a%.py>x</b%.py>\n"),
    "tags full of attributes": repeated("<file name=name=name=name=name=name=\n"),
    "tags of reasoning": repeated("<think></think>"),
    "tags of reasoning, open": repeated("<think>"),
    "answer tags": repeated("<answer>"),
    "closing tags at line ends": repeated("x</a>\n"),
    "file names": repeated("a.py "),
    "one long file name": repeated("a", "# ", ".py"),
    "dots and letters": repeated("a."),
    "label of a fence": repeated("a", "```", "\n" + F + "```\n"),
    "assignments": fenced("x = 1\n"),
    "assignments without a fence": repeated("x = 1\n"),
    "names": fenced("a\n"),
    "functions": fenced("def g(x):\n    return x\n"),
    "functions of many names": numbered("def g%(x):\n    return x\n", ENDS["head"], ENDS["tail"]),
    "a sum": fenced("+1", "y = 1"),
    "a sum of strings": fenced("+'a'", "y = 'a'"),
    "attributes": fenced(".a", "y = a"),
    "calls": fenced("()", "y = f"),
    "calls in calls": fenced("f(", "y = "),
    "lists in lists": fenced("[", "y = "),
    "shallow nests": fenced("y = " + "[" * 100 + "1" + "]" * 100 + "\n"),
    "unary operators": fenced("-", "y = ", "1"),
    "nots": fenced("not ", "y = ", "1"),
    "lambdas": fenced("lambda: ", "y = ", "1"),
    "powers": fenced("1**", "y = ", "1"),
    "conditions": fenced("1 if 1 else ", "y = ", "1"),
    "elifs": fenced("elif 1:\n    pass\n", "if 1:\n    pass\n"),
    "an endless list": fenced("1, ", "y = [", "]"),
    "an endless dictionary": fenced("1: 1, ", "y = {", "}"),
    "fields of an f-string": fenced("{x}", "y = f'", "'"),
    "f-strings": fenced("f'{x}' ", "y = (", ")"),
    "strings beside each other": fenced("'a' ", "y = (", ")"),
    "escapes": fenced("\\x41", "y = '", "'"),
    "digits": fenced("9", "y = "),
    "hexadecimal digits": fenced("f", "y = 0x"),
    "comments": fenced("# (((((\n"),
    "semicolons": fenced("a;"),
    "prompts": repeated(">>> x = 1\n"),
    "prompts in a fence": repeated(">>> x = 1\n1\n", "```\n", "```\n"),
    "magics": fenced("%x\n"),
    "entities": fenced("x &lt; 1\n"),
    "quoted lines": repeated("> x = 1\n"),
    "margins without code": repeated("> > > > > \n"),
    "a program": repeated("print(input())\n", "```python\n", "```\n"),
    "one error at the end": fenced("x = 1\n", after="x x"),
    "errors all over": fenced("x x\n"),
    "errors that begin like prose": fenced("Note this\n"),
    "chat marks": repeated("<|im_end|>\n"),
    "harmony channels": repeated("<|channel|>analysis<|message|>x<|end|>"),
    "an alias of an alias": numbered("a% = a.b%\na = a%\n", ENDS["head"], ENDS["tail"]),
    "strings run as code": fenced("exec(code)\n", "code = '" + "x = 1;" * 1000 + "'\n"),
    "comparisons that hand on": numbered(
        "class A%:\n    def __eq__(self, other):\n        return self.same(other)\n",
        ENDS["head"] + "def same(a, b):\n    return " + " or ".join(["a.x == b.x"] * 900) + "\n",
        ENDS["tail"],
    ),
    "nested answers": fenced("[" * 70 + "1, 2" + "], 1" * 70 + "\n", "y = 1\n"),
    "a table of answers": fenced("1: 2, 'a': [1], ", "y = {", "}"),
}


def read(completion: str) -> None:
    """What the grader does with a completion before anything runs."""
    for entry_point in ("f", ""):
        files = read_submission(completion, entry_point).files
        syntax_error(compose(PROBLEM, files.get("solution.py", "")))


def read_static(completion: str) -> None:
    """What the static reader does with the files."""
    code = completion.removeprefix("```python\n").removesuffix("\n```\n")
    static_hacks({"solution.py": code}, PROBLEM)


def seconds(task: Callable[[str], None], text: str) -> float:
    """The processor time of one reading."""
    gc.collect()
    start = time.process_time()
    task(text)
    return time.process_time() - start


def growth(task: Callable[[str], None], shape: Callable[[int], str], sizes: list[int]) -> tuple[list[float], float]:
    """The times by size, and the largest ratio of neighbours. What grows too fast is measured again: the shortest
    of several readings is disturbed least by whatever else runs."""
    times = [seconds(task, shape(size)) for size in sizes]
    for _ in range(ROUNDS):
        if worst(times) <= MOST_RATIO:
            break
        times = [min(known, seconds(task, shape(size))) for known, size in zip(times, sizes, strict=True)]
    return times, worst(times)


def worst(times: list[float]) -> float:
    """The largest ratio of neighbouring times that are not small."""
    return max((after / before for before, after in pairwise(times) if after > SMALL), default=0.0)


def main() -> int:
    """Measure all shapes, or those whose names hold a word of the command line; 1 if one grows too fast."""
    task, sizes = (read_static, STATIC_SIZES) if "--static" in sys.argv else (read, SIZES)
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    wanted = {name: shape for name, shape in SHAPES.items() if not words or any(word in name for word in words)}
    bad, slowest = 0, 0.0
    for name, shape in wanted.items():
        times, ratio = growth(task, shape, sizes)
        bad += ratio > MOST_RATIO
        slowest = max(slowest, times[-1])
        mark = "  TOO FAST" if ratio > MOST_RATIO else ""
        print(f"{name:40} {times[-1]:6.2f} s  x{ratio:4.2f}   {' '.join(f'{t:.2f}' for t in times)}{mark}", flush=True)
    print(
        f"{bad} of {len(wanted)} shapes grow by more than {MOST_RATIO} when doubled; the slowest takes {slowest:.1f} s"
    )
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
