"""No text makes a reader fail; what is too large or too deep has a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import CODE, block, labelled

from spillover.coding.compose import MOST_SOURCE, syntax_error
from spillover.coding.extract import MOST_TEXT, read_submission
from spillover.coding.fit import compose
from spillover.coding.mends import MOST_PARSED
from spillover.coding.static import static_hacks
from spillover.core.records import Case, Problem

PROBLEM = Problem(
    id="f",
    prompt="",
    entry_point="f",
    prelude='import math\n\ndef f(x):\n    """Doc."""\n',
    cases=(Case(args=(10**5000,), expected=1), Case(args=("\ud800",), expected=[float("nan")])),
    shown=2,
)
BITS = [
    *(
        "```",
        "```python\n",
        "\n```\n",
        "~~~",
        "`",
        "'''",
        '"""',
        "\\",
        "\n",
        "\n\n",
        "\r",
        "\t",
        "    ",
        "> ",
        ">>> ",
        "... ",
    ),
    *("<think>", "</think>", "<answer>", "</answer>", '<file name="a.py">', "</file>", "<a.py>", "&lt;", "# a.py\n"),
    *(
        "def f(x):\n",
        "    return x\n",
        "class Solution:\n",
        "import ",
        "from solution import f\n",
        "lambda: ",
        "async ",
    ),
    *(
        "(",
        "[",
        "{",
        ")",
        "]",
        "}",
        "f'{",
        "}'",
        "...",
        ":=",
        "@",
        "#",
        "global f\n",
        "input()",
        "exec('x=1')",
        "__eq__",
    ),
    *(
        "\ud800",
        "\udc00",
        "\x00",
        "\ufeff",
        "\u2028",
        "\x0c",
        "\xa0",
        "\u200b",
        "\u540d",
        "9" * 5000,
        "0x" + "f" * 9000,
    ),
    *("-" * 200, "(" * 200, "not " * 2000, "a" + ".a" * 5000, "1" + "+1" * 5000, "f(" * 100, "'\\N{", "if x:\n "),
]


def read_all(text: str) -> None:
    for entry_point in ("f", "Solution().f", ""):
        submission = read_submission(text, entry_point)
        assert bool(submission.files) == (submission.reason is None)
        for source in submission.files.values():
            source.encode()
        static_hacks(submission.files, PROBLEM)
        syntax_error(compose(PROBLEM, submission.files.get("solution.py", "")))


@given(st.lists(st.sampled_from(BITS), max_size=12).map("".join))
def test_no_order_of_marks_makes_a_reader_fail(text):
    read_all(text)


@given(st.sampled_from(labelled("seen")), st.sampled_from(BITS), st.data())
def test_no_change_to_a_completion_makes_a_reader_fail(item, bit, data):
    start = data.draw(st.integers(0, len(item.completion)))
    end = data.draw(st.integers(start, min(len(item.completion), start + 40)))
    read_all(item.completion[:start] + bit + item.completion[end:])


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_of_any_characters_makes_a_reader_fail(text):
    read_all(text)
    read_all(block(text))
    read_all(block(f"{CODE}# {text}"))


@pytest.mark.parametrize("bit", BITS)
def test_much_of_one_thing_makes_no_reader_fail(bit):
    read_all(bit * (20_000 // len(bit)))
    read_all(f"```python\n{CODE}" + bit * (20_000 // len(bit)))


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "(" * 100_000,
        "x = " + "[" * 199 + "]" * 199,
        "x = " + "-" * 100_000 + "1",
        "x = " + "not " * 100_000 + "1",
        "x = a" + ".a" * 100_000,
        "x = f" + "()" * 100_000,
        "x = 1" + "+1" * 100_000,
        "x = " + "lambda: " * 20_000 + "1",
        "x = " + "1 if 1 else " * 20_000 + "1",
        "if 1:\n    pass\n" + "elif 1:\n    pass\n" * 10_000,
        "x = f'" + "{a}" * 60_000 + "'",
        "x = " + "9" * 100_000,
        "".join("    " * depth + "if x:\n" for depth in range(120)),
    ],
    ids=lambda source: source[:12],
)
def test_what_nests_too_deeply_has_a_reason(source):
    assert syntax_error(source)
    submission = read_submission(block(f"{CODE}{source}\n"), "f")
    assert submission.reason is None
    assert syntax_error(submission.files["solution.py"])
    assert static_hacks(submission.files, PROBLEM) == ()


@pytest.mark.parametrize("depth", [20, 90, 140])
@pytest.mark.parametrize(("opening", "closing"), ["()", "[]", ("f(", ")"), ("{1: ", "}"), ("(lambda: ", ")")])
def test_what_nests_as_deep_as_people_may_write_is_read(depth, opening, closing):
    assert syntax_error(f"x = {opening * depth}1{closing * depth}\n") is None


@pytest.mark.parametrize(
    "code",
    [
        f"T = [{', '.join(map(str, range(30_000)))}]\n\ndef f(x):\n    return T[x]\n",
        "".join(f"def g{n}(a):\n    return a + {n}\n\n" for n in range(5_000)) + CODE,
        "TEXT = '''" + "lorem ipsum dolor sit amet\n" * 7_000 + f"'''\n\n{CODE}",
        f"T = [{'1, ' * 66_000}]\n\n{CODE}",
    ],
    ids=["numbers", "functions", "text", "short tokens"],
)
def test_an_answer_of_200_kb_is_read_as_it_stands(code):
    assert 170_000 < len(code) < 205_000
    assert read_submission(f"Here:\n{block(code)}Done.\n", "f").files == {"solution.py": code}
    assert syntax_error(code) is None


def test_limits_are_told():
    assert f"at most {MOST_TEXT} are read" in (read_submission("x" * (MOST_TEXT + 1), "f").reason or "")
    large = read_submission(block(CODE + "x = 1\n" * (MOST_SOURCE // 6)), "f").files["solution.py"]
    assert f"at most {MOST_SOURCE} are read" in (syntax_error(large) or "")
    assert "nested too deeply" in (syntax_error("(" * 500) or "")


def test_what_comes_last_is_parsed_first():
    draft = block("def f(x):\n" + "    x += 1\n" * 10_000 + "    return x\n")
    completion = draft * (2 * MOST_PARSED // len(draft)) + block(CODE)
    assert read_submission(completion, "f").files["solution.py"] == CODE


@pytest.mark.parametrize("code", ["def f\ud800(x):\n    return 1\n", "x = r'\ud800' +\n"])
def test_code_that_cannot_be_encoded_says_so(code):
    assert "cannot be encoded" in (read_submission(block(code), "f").reason or "")
    assert "cannot be encoded" in (syntax_error(code) or "")
