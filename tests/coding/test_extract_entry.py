"""The last complete block that defines the entry point is the submission, with what it needs of the others."""

import pytest
from reading import CODE, WRONG, block, labelled, main_file, same

from spillover.coding.extract import read_submission

SOLUTION = "class Solution:\n    def f(self, x):\n        return x\n"
HELPER = "def h(x):\n    return x + 1\n"
USES = "def f(x):\n    return h(x)\n"


STYLES = [
    pytest.param(item, id=f"{part}-{item.title.replace(' ', '_')}")
    for part in ("seen", "unseen")
    for item in labelled(part)
]


@pytest.mark.parametrize("item", STYLES)
def test_a_completion_in_a_models_style_is_read_as_a_person_would(item):
    assert same(main_file(item.completion, item.entry_point), item.main)


OTHERS = {
    "test that imports": "from solution import f\n\nassert f(1) == 2\n",
    "test that imports the module": "import solution\n\nf = solution.f\nassert f(1) == 2\n",
    "test that imports all": "from solution import *\n\nassert f(1) == 2\n",
    "test from another module": "from your_module import f\n\nassert f(1) == 2\n",
    "unittest with its own copy": f"import unittest\n\n{WRONG}\nclass T(unittest.TestCase):\n    pass\n",
    "pytest with a fixture": "import pytest\n\n@pytest.fixture\ndef f():\n    return 1\n\ndef test_a(f):\n    pass\n",
    "asserts": "assert f(1) == 2\n",
    "usage": "print(f(1))\n",
    "file handle": "with open('x') as f:\n    print(f.read())\n",
    "loop variable": "for f in range(3):\n    print(f)\n",
    "number": "f = 3\nprint(f)\n",
    "other name": "def f_by_loop(x):\n    return x\n",
    "other class": "class F:\n    def f(self, x):\n        return 0\n",
    "nothing that parses": "def f(x):\n    return x +\n",
    "stub": "def f(x):\n    pass\n",
    "signature": "def f(x): ...\n",
    "left to do": "def f(x):\n    raise NotImplementedError\n",
    "shortened": "def f(x):\n    y = x\n    ...\n    return y\n",
    "shortened by a comment": "def f(x):\n    # ... as before\n    return x\n",
    "shortened in a loop": "def f(xs):\n    for x in xs:\n        ...\n    return x\n",
    "shortened to dots": "def f(x):\n    return ...\n",
    "the rest is missing": "def f(xs):\n    # as above\n    return total\n",
    "its own result": "f = f(3)\n",
    "nothing given back": "def f(x):\n    print(x)\n",
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_what_is_no_complete_definition_does_not_matter(other):
    assert same(main_file(f"{block(CODE)}And:\n\n{block(other)}"), CODE)
    assert same(main_file(f"{block(other)}And:\n\n{block(CODE)}"), CODE)


@pytest.mark.parametrize("label", ["bash", "console", "diff", "json", "js", "ruby", "text", ""])
@pytest.mark.parametrize("code", ["$ python solution.py\n2\n", "+def f(y):\n+    return y\n", '{"f": 1}\n', "2\n"])
def test_output_and_other_languages_do_not_matter(label, code):
    assert same(main_file(block(CODE) + block(code, label)), CODE)
    assert same(main_file(block(code, label) + "\n" + block(CODE)), CODE)


@pytest.mark.parametrize(
    "code",
    [
        "f = lambda x: x + 1\n",
        "async def f(x):\n    return x\n",
        "class f:\n    def __init__(self):\n        self.a = 1\n",
        "from math import sqrt as f\n",
        "from functools import partial\n\nf = partial(pow, 2)\n",
        "def g(x):\n    return x\n\nf = g\n",
        "from typing import Callable\n\nf: Callable = lambda x: x\n",
        "f, g = (lambda x: x), (lambda y: y)\n",
        "try:\n    from math import isqrt as f\nexcept ImportError:\n    def f(x):\n        return x\n",
        "if True:\n    def f(x):\n        return x\nelse:\n    def f(x):\n        return 1\n",
        "import functools\n\n@functools.cache\ndef f(x):\n    return x\n",
        "(f := lambda x: x)\n",
        "def f(xs):\n    xs.sort()\n",
        SOLUTION,
    ],
)
def test_every_way_to_define_the_entry_point_counts(code):
    assert same(main_file(f"{block(code)}Or:\n\n{block(HELPER)}Use:\n\n{block('print(f(1))' + chr(10))}"), code)


@pytest.mark.parametrize(
    ("entry_point", "other"),
    [
        ("Solution().f", "s = Solution()\nprint(s.f(2))\n"),
        ("Solution().f", "class Solution:\n    def g(self, x):\n        return x\n"),
        ("Solution().f", "class Other:\n    def f(self, x):\n        return 0\n"),
        ("Solution().f", WRONG),
        ("Solution().f", "class Solution:\n    def f(self, x):\n        pass\n"),
        ("f", "print(Solution().f(2))\n"),
        ("f", "class Solution:\n    def f(self, x): ...\n"),
    ],
)
def test_a_method_of_the_class_solution_is_found(entry_point, other):
    assert same(main_file(block(SOLUTION) + block(other), entry_point), SOLUTION)


def test_a_solution_without_a_fence_comes_before_a_test_that_redefines_it():
    test = f"import unittest\n\n{WRONG}\nclass T(unittest.TestCase):\n    pass\n"
    assert same(main_file(f"{CODE}\n{block(test)}"), CODE)
    assert same(main_file(block(test)), test)


@pytest.mark.parametrize(
    "code", ["def f(xs):\n    xs.sort()\n", "def f(xs):\n    xs[0] = 1\n", "def f(xs):\n    del xs[0]\n"]
)
def test_a_function_that_works_in_place_is_complete(code):
    assert same(main_file(block("def f(xs):\n    return xs\n") + block(code)), code)


def test_a_function_of_its_own_comes_before_a_method():
    assert same(main_file(block(CODE) + block(SOLUTION)), CODE)


def test_a_class_that_only_inherits_the_method_is_found():
    code = "class Base:\n    def f(self, x):\n        return x\n\nclass Solution(Base):\n    pass\n"
    assert same(main_file(block(code) + block("Solution().f(1)\n"), "Solution().f"), code)


@pytest.mark.parametrize(
    "rest",
    [
        "```python\ndef f(x):\n    y = [\n",
        "```python\ndef f(x):\n    total = 0\n    for i in range(3):\n        total += i",
        "```python\nimport math\n\ndef",
        "```python\ndef f(x):\n    '''A long",
    ],
)
def test_a_second_version_that_was_cut_off_leaves_the_first(rest):
    assert same(main_file(f"{block(CODE)}Better:\n{rest}"), CODE)


def test_a_function_is_read_where_only_what_follows_it_was_cut_off():
    assert same(main_file(f"```python\n{CODE}\nprint(f("), CODE)


def test_a_part_that_is_shown_again_is_no_new_version():
    whole = "def f(xs):\n    if not xs:\n        return []\n    first = xs[0]\n    return [first, xs]\n"
    part = "def f(xs):\n    if not xs:\n        return []\n"
    assert same(main_file(f"{block(whole)}The guard:\n{block(part)}"), whole)


def test_what_stands_in_answer_tags_comes_before_what_follows():
    assert same(main_file(f"<answer>\n{block(CODE)}</answer>\nNaive:\n{block(WRONG)}"), CODE)


TABLE = "T = {}\nfor i in range(3):\n    T[i] = i\n"
LOOKS_UP = "def f(x):\n    return T[x]\n"
FLOOR = "def f(x):\n    return math.floor(x)\n"
LISTED = "def f(x: List):\n    return x\n"
OVERLOADED = "from typing import overload\n@overload\ndef h(x: int): ...\n@overload\ndef h(x: str): ...\n" + HELPER
COUNTS = "def f(x):\n    global count\n    count += 1\n    return count\n"
SHADOWS = "def g(area):\n    return area\n\ndef f(x):\n    return area(x)\n"
DEEP = "def f(x):\n    return sys.maxsize\n"
CHAIN = ["import os\n", "def g():\n    return os\n", "def h(x):\n    return g()\n", USES]


@pytest.mark.parametrize(
    ("blocks", "wanted"),
    [
        ([HELPER, USES], [HELPER, USES]),
        ([USES, HELPER], [HELPER, USES]),
        (["MOD = 7\n", "def f(x):\n    return x % MOD\n"], ["MOD = 7\n", "def f(x):\n    return x % MOD\n"]),
        (["import math\n", FLOOR], ["import math\n", FLOOR]),
        ([FLOOR, "import math\n"], ["import math\n", FLOOR]),
        (["class A:\n    pass\n", "class f(A):\n    pass\n"], ["class A:\n    pass\n", "class f(A):\n    pass\n"]),
        (["from typing import List\n", LISTED], ["from typing import List\n", LISTED]),
        (CHAIN, CHAIN),
        ([f"{HELPER}{WRONG}print(f(2))\nassert f(1) == 7\n", USES], [HELPER, USES]),
        ([f"{TABLE}print(T)\n", LOOKS_UP], [TABLE, LOOKS_UP]),
        ([HELPER, "def h(x):\n    ...  # as above\n\n" + USES], [HELPER, USES]),
        ([HELPER.replace("1", "2"), HELPER, USES], [HELPER, USES]),
        (["from solution import h\ndef test_h():\n    pass\n", HELPER, USES], [HELPER, USES]),
        ([OVERLOADED, USES], [OVERLOADED, USES]),
        (["count = 0\n", COUNTS], ["count = 0\n", COUNTS]),
        (["def area(r):\n    return r\n", SHADOWS], ["def area(r):\n    return r\n", SHADOWS]),
        (["LIMIT = 5\n", "def f(x, n=LIMIT):\n    return n\n"], ["LIMIT = 5\n", "def f(x, n=LIMIT):\n    return n\n"]),
        (["import sys\nsys.setrecursionlimit(9000)\n", DEEP], ["import sys\nsys.setrecursionlimit(9000)\n", DEEP]),
        (["def unneeded():\n    pass\n", CODE], [CODE]),
    ],
)
def test_what_the_solution_lacks_comes_from_the_other_blocks(blocks, wanted):
    assert same(main_file("\nThen:\n\n".join(map(block, blocks))), "".join(wanted))


def test_imports_from_the_future_come_first():
    future = "from __future__ import annotations\n"
    source = main_file(block("from typing import List\n") + block(f"{future}def f(x: List):\n    return x\n"))
    compile(source, "solution.py", "exec")
    assert source.startswith(future)


PROGRAM = "n = int(input())\nprint(n * 2)\n"


@pytest.mark.parametrize(
    "code",
    [
        PROGRAM,
        "import sys\nfor line in sys.stdin:\n    print(line)\n",
        "print(sum(map(int, open(0).read().split())))\n",
        "import os\nprint(len(os.read(0, 100)))\n",
        "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())\n",
        "def main():\n    print(int(input()) + 1)\n\nif __name__ == '__main__':\n    main()\n",
        "import fileinput\nfor line in fileinput.input():\n    print(line)\n",
    ],
)
@pytest.mark.parametrize(
    "after",
    [
        "",
        block("3\n", ""),
        block("print(f(3))\n"),
        block("def g():\n    return 1\n"),
        "```python\nimport sys\nn = int(sys",
        block("import subprocess\nsubprocess.run(['python', 'solution.py'])\n"),
        block("n = int(input())\n"),
    ],
)
def test_without_an_entry_point_the_program_that_reads_wins(code, after):
    assert same(main_file(f"{block(code)}Then:\n{after}", ""), code)


@pytest.mark.parametrize("code", [PROGRAM, "for _ in range(int(input())):\n    print(input())\n", "print(input())"])
@pytest.mark.parametrize("form", ["{}", "{}\n```\n"])
def test_a_program_is_read_without_a_fence(code, form):
    assert same(main_file(form.format(code), ""), code)


def test_of_two_programs_the_last_counts():
    other = "import sys\nprint(2 * int(sys.stdin.readline()))\n"
    assert same(main_file(block(PROGRAM) + block(other), ""), other)


def test_a_program_takes_its_functions_from_an_earlier_block():
    solve = "def solve():\n    print(int(input()))\n"
    assert same(main_file(block(solve) + block("solve()\n"), ""), solve + "solve()\n")


@pytest.mark.parametrize(
    ("named", "files"),
    [
        ({"a.py": CODE, "b.py": "from a import f\nprint(f(1))\n"}, {"solution.py", "a.py", "b.py"}),
        ({"a.py": CODE, "b.py": "import a\nprint(a.f(1))\n"}, {"solution.py", "a.py", "b.py"}),
        ({"a.py": CODE, "b.py": HELPER}, {"solution.py", "b.py"}),
        ({"b.py": HELPER, "a.py": "from b import h\n\n" + USES}, {"solution.py", "b.py"}),
        ({"a.py": CODE, "test_a.py": "from a import f\ndef test():\n    pass\n"}, {"solution.py", "a.py", "test_a.py"}),
        ({"conftest.py": WRONG, "a.py": CODE}, {"solution.py", "conftest.py"}),
        ({"solution.py": "from a import f\n", "a.py": CODE}, {"solution.py", "a.py"}),
        ({"src/a.py": CODE}, {"solution.py"}),
        ({"src/a.py": CODE, "b.py": "from src import a\nprint(a.f(1))\n"}, {"solution.py", "src/a.py", "b.py"}),
    ],
    ids=lambda names: "+".join(sorted(names)),
)  # fmt: skip
def test_of_several_files_the_one_with_the_entry_point_is_the_solution(named, files):
    submission = read_submission("\n".join(f"### {name}\n{block(code)}" for name, code in named.items()), "f")
    assert set(submission.files) == files
    wanted = named.get("solution.py") or next(c for n, c in named.items() if n != "conftest.py" and "def f" in c)
    assert same(submission.files["solution.py"], wanted)


@pytest.mark.parametrize(
    ("completion", "wanted"),
    [
        (block("    return x + 1\n"), "return x + 1"),
        (block("return x + 1\n"), "return x + 1"),
        ("    return x + 1\n", "    return x + 1"),
        ("return x + 1", "return x + 1"),
        (block("    return x + 1\n") + block("print(f(1))\n"), "return x + 1"),
        ("y = x\n    if y:\n        y += 1\n    return y", "y = x\n    if y:\n        y += 1\n    return y"),
        ("    return x\n\n\ndef check():\n    assert f(1)\n", "    return x\n\n\ndef check():\n    assert f(1)"),
        ("Its body:\n\n    return x + 1\n\nDone.\n", "return x + 1"),
        ("    def g(y):\n        return y\n    return g(x)\n", "    def g(y):\n        return y\n    return g(x)"),
    ],
)
def test_the_body_of_the_function_is_read_where_nothing_defines_it(completion, wanted):
    assert same(main_file(completion), wanted)


def test_where_nothing_defines_the_entry_point_the_last_definition_counts():
    assert same(
        main_file(block("def a(x):\n    return 1\n") + block("def b(x):\n    return 1\n")), "def b(x):\n    return 1\n"
    )
