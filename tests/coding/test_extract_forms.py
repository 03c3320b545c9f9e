"""Code is read in whatever form it is written down: fences, tags, margins, line ends and characters."""

import pytest
from reading import CODE, WRONG, block, main_file, same

from spillover.coding.extract import read_submission

LINES = CODE.splitlines()


def indented(margin: str, code: str = CODE) -> str:
    return "".join(f"{margin}{line}\n" for line in code.splitlines())


LABELS = [
    *("python3", "python3.11", "python3.12 {1,3}", "Python", "Python 3", "PYTHON", "py3", "py", "python=", "ipython"),
    *("{.python}", "{.python .numberLines}", "{python}", "lang=python", 'python title="solution.py"', "sage", ""),
    *("python:solution.py", "solution.py", "python solution.py", "python filename=solution.py", "code", "text"),
    *('python linenums="1"', "python-repl", "python {cmd=true}", " python", "python\t"),
]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("after", ["", block("print(f(1))\n"), block("2\n", "")])
def test_a_fence_may_say_python_in_many_ways(label, after):
    submission = read_submission(f"Here:\n```{label}\n{CODE}```\n{after}", "f")
    assert list(submission.files) == ["solution.py"] and same(submission.files["solution.py"], CODE)


FORMS = {
    "closing fence only": f"{CODE}```",
    "closing fence and words": f"{CODE}```\n\nThis adds one.\n",
    "closing fence and another block": f"{CODE}```\n\nUsage:\n\n{block('print(f(1))' + chr(10))}",
    "opening fence only": f"```python\n{CODE}",
    "opening fence and words": f"```python\n{CODE}\nThis adds one. It's easy, isn't it?\n",
    "opening fence, words and output": f"```python\n{CODE}\nOutput:\n```\n5\n```\n",
    "never closed before the next": f"```python\n{WRONG}\nBetter:\n```python\n{CODE}```\n",
    "fence at the end of the code": f"```python\n{CODE.rstrip()}```\nThis adds one.\n",
    "fence at the end of bare code": f"{CODE.rstrip()}```",
    "fence at the end of a sentence": f"Here you are: ```python\n{CODE}```\n",
    "words behind the closing fence": f"```python\n{CODE}``` This adds one.\n",
    "tag behind the closing fence": f"<answer>\n```python\n{CODE}```</answer>\n",
    "tildes": f"~~~python\n{CODE}~~~\n",
    "longer fence": f"`````python\n{CODE}`````\n",
    "within Markdown": f"````markdown\nHi\n\n{block(CODE)}````\n",
    "within Markdown of the same fence": f"```markdown\nHi\n\n{block(CODE)}```\n",
    "indented fence": indented("   ", block(CODE)),
    "indented by a tab": indented("\t", block(CODE)),
    "indented otherwise than its code": f"   ```python\n{indented('  ')}   ```\n",
    "in a list": f"1. Do:\n{indented('   ', block(CODE))}2. Test:\n{indented('   ', block('print(f(1))'))}",
    "at a bullet": f"- ```python\n{indented('  ')}  ```\n",
    "quoted": indented("> ", block(CODE)),
    "quoted without a space": indented(">", block(CODE)),
    "quoted twice": indented("> > ", block(CODE)),
    "quoted without a fence": indented("> "),
    "set off by a margin": f"Here:\n\n{indented('    ')}\nDone.\n",
    "in the middle of prose": f"Sure! Here's f:\n\n{CODE}\nIt's simple.\n",
    "prose within the fence": f"```\nHere is the function:\n\n{CODE}```\n",
    "answer tags": f"<answer>\n{CODE}</answer>",
    "answer tags on its lines": f"<answer>{CODE.rstrip()}</answer>",
    "code tags": f"<code>{CODE}</code>",
    "tags of any name": f"Text\n<solution>\n{CODE}</solution>\nMore text.",
    "tags in brackets": f"[PYTHON]\n{CODE}[/PYTHON]",
    "end in brackets": f"[BEGIN]\n{CODE}[DONE]",
    "marks of a chat format": f"{CODE.rstrip()}<|im_end|>",
    "a file tag": f'<file name="solution.py">\n{CODE}</file>',
    "a file tag with more in it": f'<file language="python" path="solution.py">\n{CODE}</file>',
    "a file tag in a fence": f'```xml\n<file name="solution.py">\n{CODE}</file>\n```',
    "details": f"<details>\n<summary>Solution</summary>\n\n{block(CODE)}\n</details>\n",
    "tags of a page": f'<pre><code class="language-python">{CODE}</code></pre>\n',
    "TeX": f"\\begin{{verbatim}}\n{CODE}\\end{{verbatim}}\n",
    "reStructuredText": f".. code-block:: python\n\n{indented('    ')}\nDone.\n",
    "magics": block(f"%%writefile solution.py\n{CODE}"),
    "a shell line": block(f"!pip install x\n{CODE}"),
    "a first line for the shell": block(f"#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n{CODE}"),
    "Windows line ends": f"Hi\n{block(CODE)}".replace("\n", "\r\n"),
    "Windows line ends, bare": CODE.replace("\n", "\r\n"),
    "old line ends": f"Hi\n{block(CODE)}".replace("\n", "\r"),
    "old line ends, bare": CODE.replace("\n", "\r"),
    "byte order mark": f"\ufeff{block(CODE)}",
    "byte order mark in the block": block(f"\ufeff{CODE}"),
    "no width around the fence": f"\u200b```python\u200b\n{CODE}\u200b```\u200b\n",
    "no width in the code": block(indented("\u200b")),
    "spaces that do not break": block(CODE.replace("    ", "\xa0\xa0\xa0\xa0")),
    "rules": block(f"# {'-' * 500}\n# {'(' * 500}\n{'#' * 500}\n{CODE}"),
    "half a pair in a comment": block(f"# \ud83d\n{CODE}"),
    "half a pair in the prose": f"\ud83d hi\n{block(CODE)}",
}


@pytest.mark.parametrize("completion", FORMS.values(), ids=FORMS)
def test_the_code_is_found(completion):
    assert same(main_file(completion), CODE)


AS_WRITTEN = {
    "a fence in the docstring": 'def f(x):\n    """\n    ```python\n    f(1)\n    ```\n    """\n    return 1\n',
    "a fence at the margin of a string": "T = '''\n```\nhello\n```\n'''\n" + CODE,
    "an odd fence in a string": "T = '''\n```\n'''\n" + CODE,
    "fences in several strings": "A = '''\n```\n'''\n" + CODE + 'B = """\n```python\n"""\n',
    "a rule of dashes in a string": f"S = '{'-' * 300}'\n{CODE}",
    "brackets in a string": f"S = '{'([' * 300}'\n{CODE}",
    "entities in a string": "def f(x):\n    return x + '&lt;'\n",
    "tags in a string": "def f(x):\n    return '''\n<b>\n</b>\n'''\n",
    "a tag of reasoning in a string": "def f(x):\n    return x.split('</think>')\n",
    **{
        f"{name} in a {place}": code
        for name, sign in {"U+2028": "\u2028", "U+0085": "\x85", "form feed": "\f", "U+001C": "\x1c"}.items()
        for place, code in {
            "literal": f"def f(x):\n    return x.split('a{sign}b')\n",
            "docstring": f'def f(x):\n    """a{sign}b"""\n    return x\n',
            "comment": f"def f(x):\n    # a{sign}b\n    return x\n",
        }.items()
    },
}


@pytest.mark.parametrize("code", AS_WRITTEN.values(), ids=AS_WRITTEN)
@pytest.mark.parametrize(
    "form", ["```python\n{}```\nBye.\n", "````python\n{}````\n", "```\n{}```\n" + block("print(f(1))\n")]
)
def test_what_code_holds_in_strings_and_comments_stays(code, form):
    assert main_file(form.format(code)).strip() == code.strip()


@pytest.mark.parametrize("name", ["a literal", "a docstring", "a comment"])
@pytest.mark.parametrize("sign", ["U+2028", "U+0085", "form feed"])
def test_bare_code_is_not_cut_at_signs_in_its_strings(sign, name):
    code = AS_WRITTEN[f"{sign} in {name}"]
    assert main_file(code).strip() == code.strip()


def test_a_string_that_is_never_closed_does_not_swallow_the_next_block():
    assert same(main_file(f"```python\ndef f(x):\n    '''doc\n```\nOops, again:\n{block(CODE)}"), CODE)


@pytest.mark.parametrize(
    ("completion", "wanted"),
    [
        (">>> def f(x):\n...     return x + 1\n...\n>>> f(1)\n2\n", CODE + "f(1)\n"),
        (block("In [1]: def f(x):\n   ...:     return x + 1\n\nIn [2]: f(1)\nOut[2]: 2\n"), CODE + "f(1)\n"),
        (block("def f(x):\n    return x &lt; 1 &amp; x &gt; 0\n"), "def f(x):\n    return x < 1 & x > 0\n"),
        (block("def f(x):\n    return '\ud83d'\n"), "def f(x):\n    return '\\ud83d'\n"),
        (block("def f(x):\n    return '\ud83d\ude00'\n"), "def f(x):\n    return '\N{GRINNING FACE}'\n"),
        ("f = lambda x: x + 1", "f = lambda x: x + 1"),
        ("The answer is:\n\nf = lambda x: x + 1\n", "f = lambda x: x + 1"),
        ("```python f = lambda x: x + 1```", "f = lambda x: x + 1"),
        (f"MOD = 7\n\n{CODE}", f"MOD = 7\n\n{CODE}"),
        (f'"""Adds."""\n\n{CODE}', f'"""Adds."""\n\n{CODE}'),
        (f"First:\n\n{WRONG}\nBetter:\n\n{CODE}", CODE),
        (f"Sure\n\n{CODE}\nDone", CODE),
        (f"Note: fine\n\n{CODE}", CODE),
        ("First:\n\nimport math\n\nThen:\n\ndef f(x):\n    return math.floor(x)\n\nThat's it.\n",
         "import math\ndef f(x):\n    return math.floor(x)\n"),
    ],
)  # fmt: skip
def test_what_clings_to_code_is_taken_off(completion, wanted):
    assert same(main_file(completion), wanted)


@pytest.mark.parametrize("tags", ["<think>{}</think>", "{}</think>", "<thinking>{}</thinking>", "[T]{}[/T]"])
def test_a_draft_in_the_reasoning_is_no_submission(tags):
    completion = tags.format(f"\n{block(WRONG)}\n") + f"\n{CODE}"
    submission = read_submission(completion, "f", reasoning_tags=(("[T]", "[/T]"),))
    assert same(submission.files["solution.py"], CODE)
    assert read_submission(tags.format(block(CODE)), "f", (("[T]", "[/T]"),)).reason
