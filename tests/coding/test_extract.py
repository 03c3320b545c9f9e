"""Submissions are read leniently, and an unreadable completion says why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.coding.extract import read_submission
from spillover.coding.hacks import as_completion

CODE = "def f(x):\n    return x\n"
PATCH = "import pytest\n"


@pytest.mark.parametrize(
    "completion",
    [
        f"```python\n{CODE}```",
        f"Here it is:\n\n```python\n{CODE}```\nHope it helps.",
        f"```\n{CODE}```",
        f"```py\n{CODE}```",
        f"~~~python\n{CODE}~~~",
        f"````python\n{CODE}````",
        f"```python\n{CODE}",
        f"  ```python\n{CODE}  ```",
        f"> ```python\n{CODE}> ```",
        f"<thinking>```python\nwrong = 1\n```</thinking>\n```python\n{CODE}```",
        f"wrong\n```python\nwrong = 1\n```</thinking>\n```python\n{CODE}```",
        f"```bash\npip install x\n```\n```python\n{CODE}```",
        f"```python\n{CODE}```\nIt prints:\n```\n5\n```",
        f"```python\n{CODE}```\nUse it so:\n```python\nprint(f(1))\n```",
        f"```python\ndef f(x):\n    return None\n```\nBetter:\n```python\n{CODE}```",
        f"```python solution.py\n{CODE}```",
        f"### solution.py\n```python\n{CODE}```",
        f"```python\n# solution.py\n{CODE}```",
        f'<file name="solution.py">\n{CODE}</file>',
        f'<file path="solution.py">```python\n{CODE}```</file>',
        f"<solution.py>\n{CODE}</solution.py>",
        f"<solution.py>\n{CODE}",
        f"Sure!\n{CODE}",
        CODE,
        f"**main.py**\n```python\n{CODE}```",
        CODE.replace("\n", "\r\n").join(["```python\r\n", "```"]),
        f"\ufeff```python\n{CODE}```",
        "1. So:\n\n   ```python\n   def f(x):\n       return x\n   ```\n",
        "> ```python\n> def f(x):\n>     return x\n> ```\n",
        f"```python\n{CODE}\nThis returns what it is given.\n",
        f"{CODE}\nThis returns what it is given.\n",
        f"<answer>\n{CODE}</answer>",
        f"<code>\n{CODE}</code>\n",
        f"<answer>\n```python\n{CODE}```\n</answer>",
    ],
)
def test_a_solution_is_found(completion):
    submission = read_submission(completion)
    assert submission.reason is None
    source = submission.files["solution.py"]
    assert source.replace("# solution.py\n", "").replace("> ", "").strip() == CODE.strip()


@pytest.mark.parametrize(
    "named",
    [
        f"```python conftest.py\n{PATCH}```",
        f"```python:conftest.py\n{PATCH}```",
        f'```python title="conftest.py"\n{PATCH}```',
        f"```conftest.py\n{PATCH}```",
        f"```python\n# conftest.py\n{PATCH}```",
        f"```python\n# file: conftest.py\n{PATCH}```",
        f"```python\n# `conftest.py`\n{PATCH}```",
        f"### conftest.py\n```python\n{PATCH}```",
        f"### `conftest.py`\n\n```python\n{PATCH}```",
        f"**conftest.py**\n```python\n{PATCH}```",
        f"**conftest.py:**\n```python\n{PATCH}```",
        f"`conftest.py`:\n```python\n{PATCH}```",
        f"File: conftest.py\n```python\n{PATCH}```",
        f"2. `conftest.py`\n```python\n{PATCH}```",
        f'<file name="conftest.py">\n{PATCH}</file>',
        f"<conftest.py>\n{PATCH}</conftest.py>",
        f"```python\n# ./conftest.py\n{PATCH}```",
        f"```python {{file=conftest.py}}\n{PATCH}```",
        f"#### File: `conftest.py`\n```python\n{PATCH}```",
        f"- conftest.py\n```python\n{PATCH}```",
        f"```python\n# conftest.py\n{PATCH}",
    ],
)
def test_further_files_are_found_by_their_names(named):
    for completion in (f"```python\n{CODE}```\n\n{named}\n", f"{named}\n\n```python\n{CODE}```\n"):
        if named.count("```") == 1 and completion.startswith(named):
            continue  # A block that is never closed and one without a label behind it cannot be told apart.
        submission = read_submission(completion)
        assert submission.reason is None
        assert set(submission.files) == {"solution.py", "conftest.py"}
        assert PATCH in submission.files["conftest.py"] and CODE in submission.files["solution.py"]


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        ("", "empty"),
        ("  \n\t", "empty"),
        ("<thinking>I shall.</thinking>", "nothing follows"),
        (f"<thinking>never closed\n```python\n{CODE}```", "never ends"),
        (f"<think>never closed\n```python\n{CODE}", "never ends"),
        ("I cannot do that.", "no code block"),
        ("```python\n```", "empty"),
        ("```python\n\n```\n```\n```", "empty"),
        (f"```python\n{CODE}```\n```python\n# ../conftest.py\n{PATCH}```", "leaves the work folder"),
        (f"```python\n{CODE}```\n```python\n# /etc/cron.py\n{PATCH}```", "leaves the work folder"),
        ('{"files": []}\n```json config.json\n{}\n```', "no Python file"),
    ],
)
def test_an_unreadable_completion_says_why(completion, reason):
    submission = read_submission(completion)
    assert submission.files == {} and reason in (submission.reason or "")


def test_a_body_without_a_fence_is_read_as_it_stands():
    assert read_submission("    return x + 1\n").files["solution.py"].startswith("    return")


@given(st.text(alphabet=st.sampled_from('`~\n#<>/."= abconftest.pysolution:def()*')))
def test_no_text_makes_the_reader_fail(text):
    submission = read_submission(text)
    assert bool(submission.files) == (submission.reason is None)


MARKS = ["```", "```python", "# conftest.py", "<file name='a.py'>", "</file>", "def f(): pass", ""]
TAGS = ["<a.py>", "<thinking>", "</thinking>"]


@given(st.lists(st.sampled_from(MARKS + TAGS)))
def test_no_order_of_marks_makes_the_reader_fail(lines):
    submission = read_submission("\n".join(lines))
    assert bool(submission.files) == (submission.reason is None)


names = st.from_regex(r"[a-z][a-z_]{0,8}\.py", fullmatch=True).filter(lambda name: name != "solution.py")
sources = st.from_regex(r"(x = [0-9]+\n){1,4}", fullmatch=True)


@given(st.dictionaries(names, sources, max_size=3), sources)
def test_files_written_as_a_completion_are_read_back(files, solution):
    written = {"solution.py": f"def f():\n    pass\n{solution}"} | files
    read = read_submission(as_completion(written)).files
    assert set(read) == set(written)
    assert all(written[name].strip() in read[name] for name in written)


def test_a_block_that_was_never_closed_ends_where_the_next_begins():
    files = read_submission(f"```python\n{CODE}\n```python conftest.py\n{PATCH}```\n").files
    assert (files["solution.py"].strip(), files["conftest.py"].strip()) == (CODE.strip(), PATCH.strip())


def test_a_fence_in_a_docstring_is_part_of_the_code():
    code = 'def f(x):\n    """Like this:\n\n```python\nf(1)\n```\n    """\n    return x\n'
    assert read_submission(f"````python\n{code}````").files["solution.py"].strip() == code.strip()


def test_what_the_last_block_needs_is_taken_from_those_before_it():
    first = "```python\nimport math\n\ndef half(x):\n    return math.floor(x / 2)\n```\n"
    other = "```python\ndef unneeded():\n    pass\n```\n"
    source = read_submission(f"{first}{other}Then:\n```python\ndef f(x):\n    return half(x)\n```\n").files[
        "solution.py"
    ]
    assert "def half" in source and "def f" in source and "unneeded" not in source


def test_of_two_files_of_one_name_the_last_counts():
    files = read_submission(f"```python solution.py\nold = 1\n```\n```python solution.py\n{CODE}```\n").files
    assert files["solution.py"].strip() == CODE.strip()
