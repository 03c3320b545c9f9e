"""A model's reasoning is told from its answer, whatever marks it; a mark in code is code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.text import Said, split_reasoning

DRAFT = "Maybe\n```python\ndef f(n):\n    return 0\n```\nno."
OPEN_DRAFT = "Maybe\n```python\ndef f(n):\n    return 0"
PLAIN_OPEN_DRAFT = "Maybe\n```\ndef f(n):\n    return 0"
FENCED = "```python\ndef f(n):\n    return n\n```"
PLAIN_FENCED = "```\ndef f(n):\n    return n\n```"
BARE = "def f(n):\n    return n"
BODY = "    return n"
THOUGHTS = ("hm", DRAFT, OPEN_DRAFT, PLAIN_OPEN_DRAFT, "a\n\nb", 'it says "no" and I don\'t', "1. x\n2. `y`")
ANSWERS = (FENCED, PLAIN_FENCED, BARE, BODY, "yes", '{"a": "b"}', "Two parts.\n\n" + FENCED + "\nDone.")
WRITTEN = (
    "<think>\n{}\n</think>\n\n{}",
    "<thinking>\n{}\n</thinking>\n{}",
    "\n <Thinking>{}</Thinking>\n{}",
    "<THINK>{}\n</THINK>\n{}",
    "{}\n</think>\n\n{}",
    "{}</thinking>\n{}",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}<|return|>",
    "<|start|>assistant<|channel|>analysis<|message|>{}<|end|>\n<|start|>assistant<|channel|>final<|message|>{}",
    "{}<|end|><|start|>assistant<|channel|>final<|message|>{}",
    "analysis{}assistantfinal{}",
    "analysis\n{}\nassistantfinal\n{}",
)
CUT_OFF = (
    "<think>\n{}",
    "<thinking>{}",
    "Let me see.\n<think>\n{}",
    "Sure. <thinking>{}",
    "<|channel|>analysis<|message|>{}",
    "<|channel|>commentary<|message|>{}",
    "analysisWe need f. {}",
    "analysis{}assistantcommentary to=f json{{}}",
)
IN_CODE = (
    'def f(s):\n    return s.split("</think>")[-1]',
    "def f(s):\n    return s.split('</thinking>')[-1]",
    'import re\ndef f(s):\n    return re.sub(r"<think>.*?</think>", "", s, flags=re.S)',
    'FORM = """\n<think>\nhm\n</think>\n"""\ndef f(s):\n    return FORM + s',
    "END = '''\n</think>\n'''\ndef f(s):\n    return s + END",
    "def f(s):\n    # drops <think> and </think> from s\n    return s",
    "x = 1  # after </think> comes the answer\n",
    'def f(s):\n    return f"<think>{s}</think>"',
    'def f(s):\n    return s.split("<|channel|>final<|message|>")[-1]',
    'def f(s):\n    return s.split("assistantfinal")[-1]',
)


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("thought", THOUGHTS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_reasoning_and_answer_are_told_apart(written: str, thought: str, answer: str) -> None:
    assert split_reasoning(written.format(thought, answer)) == Said(thought.strip(), answer, marked=True)


@pytest.mark.parametrize("cut", CUT_OFF)
@pytest.mark.parametrize("thought", THOUGHTS)
def test_reasoning_that_never_ends_has_no_answer(cut: str, thought: str) -> None:
    said = split_reasoning(cut.format(thought))
    assert thought.strip().splitlines()[0] in said.reasoning
    assert said.answer in ("", "Let me see.", "Sure.")
    assert said.marked and not said.finished


@pytest.mark.parametrize("code", IN_CODE)
@pytest.mark.parametrize("frame", ["{}", "```python\n{}\n```", "Here:\n```\n{}\n```\nDone.", "~~~~py\n{}\n~~~~\n"])
def test_marks_in_code_are_code(code: str, frame: str) -> None:
    text = frame.format(code)
    assert split_reasoning(text) == Said("", text.rstrip())


@pytest.mark.parametrize("code", IN_CODE)
@pytest.mark.parametrize("frame", ["{}", "```python\n{}\n```", "Here:\n```\n{}\n```\nDone."])
@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("thought", ["hm", DRAFT])
def test_marks_in_the_code_of_an_answer_are_code_after_reasoning_too(
    code: str, frame: str, written: str, thought: str
) -> None:
    answer = frame.format(code).rstrip()
    assert split_reasoning(written.format(thought, answer)) == Said(thought, answer, marked=True)


@pytest.mark.parametrize("code", IN_CODE)
@pytest.mark.parametrize("written", WRITTEN)
def test_marks_in_the_code_of_a_draft_end_no_reasoning(code: str, written: str) -> None:
    thought = f"Maybe\n```python\n{code}\n```\nbetter not."
    assert split_reasoning(written.format(thought, FENCED)) == Said(thought, FENCED, marked=True)


def test_an_example_of_the_form_in_a_fence_is_no_reasoning() -> None:
    text = "Write it so:\n```\n<think>\nyour thoughts\n</think>\nyour answer\n```\nThat is all."
    assert split_reasoning(text) == Said("", text)
    assert split_reasoning(f"<think>\nhm\n</think>\n{text}") == Said("hm", text, marked=True)


@pytest.mark.parametrize(
    "text",
    [
        "I think inside <think> and </think> tags, as asked.",
        "The form is `<think>`, then `</think>`.",
        "Cut at </think> and keep the rest.",
        f"{FENCED}\nIt drops whatever stands between <think> and </think>, then strips.",
        "analysis of the two sums shows that they differ",
        "analysisResult = 3\nprint(analysisResult)",
        "commentary: none",
        "the assistantfinal token",
    ],
)
def test_a_mark_that_a_sentence_speaks_of_is_a_word(text: str) -> None:
    assert split_reasoning(text) == Said("", text)


@pytest.mark.parametrize(
    "thought",
    [
        "I must reason in <thinking> and </thinking> tags first.\nSo I do.",
        "I write <think></think> tags, then code.\nDone",
        "It must end with `</think>` and `</thinking>`.\nYes.",
        "The end is </think>, they say.\nYes.",
    ],
)
@pytest.mark.parametrize("written", WRITTEN)
def test_reasoning_may_speak_of_its_tags(thought: str, written: str) -> None:
    assert split_reasoning(written.format(thought, "yes")) == Said(thought, "yes", marked=True)


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>a</think>b\n<think>c</think>\nd", "a\nc", "b\n\nd"),
        ("<think>\na\n</think>\n<thinking>b</thinking>\nc", "a\nb", "c"),
        ("<think>a</think><thinking>b</thinking>c", "a\nb", "c"),
        ("Sure <thinking>a</thinking> b", "a", "Sure \nb"),
        ("Sure.\n<thinking>a</thinking>\nb", "a", "Sure.\n\nb"),
        ("it exits early</think>yes", "it exits early", "yes"),
        ("a\n<think>\nb\n</think>\nc\n</think>\nd", "a\nb\nc", "d"),
        ("<think>a</think>\nb\n</think>", "a", "b\n</think>"),
        ("<think>\n\n</think>\n\nyes", "", "yes"),
        ("<think>it exits early </think> yes", "it exits early", "yes"),
        ("<think>a</think>" + FENCED, "a", FENCED),
        ("b <think>a</think>" + FENCED, "a", "b \n" + FENCED),
        ("<think>a</think>\n\n" + BODY, "a", BODY),
        ("a</think>", "a", ""),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary to=functions.f "
            "<|constrain|>json<|message|>{}<|call|><|start|>assistant<|channel|>final<|message|>b",
            "a\n{}",
            "b",
        ),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|message|>b", "a", "b"),
        ("<|channel|>analysis<|message|>a<|end|>b", "a", "b"),
        ("<|channel|>final<|message|>b", "", "b"),
        ("<|channel|>final<|message|><thinking>a</thinking>\nb", "a", "b"),
        ("<|channel|>final<|message|>b<|return|><|start|>user<|message|>c<|end|>", "c", "b"),
        ("analysisa assistantcommentary to=f json{}assistantanalysisc assistantfinalb", "a\nto=f json{}\nc", "b"),
        ("It needs one loop.assistantfinalb", "It needs one loop.", "b"),
        ("assistantanalysis a assistantfinal b", "a", " b"),
    ],
)
def test_parts_in_any_number_and_order(text: str, reasoning: str, answer: str) -> None:
    assert split_reasoning(text) == Said(reasoning, answer, marked=True)


def test_what_was_said_before_unfinished_reasoning_stays_said() -> None:
    assert split_reasoning("yes\n<think>\nor") == Said("or", "yes", finished=False, marked=True)
    assert not split_reasoning("<|channel|>analysis").finished
    assert split_reasoning("<|channel|>analysis<|message|>a<|end|>").finished


@pytest.mark.parametrize("pair", [("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"), ("***", "***"), ("<T>", "<t/>")])
@pytest.mark.parametrize("thought", THOUGHTS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_models_own_tags_are_known_beside_the_usual(pair: tuple[str, str], thought: str, answer: str) -> None:
    opening, closing = pair
    said = Said(thought.strip(), answer, marked=True)
    assert split_reasoning(f"{opening}{thought}\n{closing}\n{answer}", [pair]) == said
    assert split_reasoning(f"<think>{thought}\n</think>\n{answer}", [pair]) == said
    assert not split_reasoning(f"{opening}\n{answer}", [pair]).finished


def test_pairs_may_share_a_tag_and_empty_ones_are_none() -> None:
    pairs = [("<a>", "<end>"), ("<b>", "<end>"), ("", "x"), ("y", "")]
    assert split_reasoning("<a>1<end>2\n<b>3<END>4", pairs) == Said("1\n3", "2\n4", marked=True)
    assert split_reasoning("x y", [("", "x"), ("y", "")]) == Said("", "x y")


MARKS = [
    "<think>",
    "</think>",
    "<thinking>",
    "</thinking>",
    "<|channel|>",
    "<|message|>",
    "<|end|>",
    "<|start|>",
    "<|constrain|>",
]
WORDS = [
    "```",
    "```python",
    "~~~~",
    '"""',
    "'",
    '"',
    "`",
    "#",
    "analysis",
    "final",
    "assistant",
    "assistantfinal",
    "word",
    "A.",
    "{",
    ">",
]
ODD = ("\ud800", "\u0130\u017f\u212a", "\r\n", "\u2028", "\x00", "\n", " ")
pieces = st.sampled_from([*MARKS, *WORDS, *ODD])
texts = st.lists(pieces | st.text(max_size=4), max_size=40).map("".join)


@given(texts, st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), max_size=3))
def test_any_text_can_be_taken_apart(text: str, tags: list[tuple[str, str]]) -> None:
    said = split_reasoning(text, tags)
    assert said.reasoning == said.reasoning.strip()
    assert said.answer == said.answer.rstrip()
    assert said.marked or (said.finished and not said.reasoning)


@given(texts)
def test_letters_are_neither_lost_nor_made(text: str) -> None:
    said = split_reasoning(text)
    if not said.marked:
        assert said.answer.strip() == text.strip()
    for line in (said.reasoning + "\n" + said.answer).split("\n"):
        assert "channel|>" in text or line.strip() in text


plain = st.text(alphabet="abc .\n(){}[]:=#-", min_size=1, max_size=200)


@given(plain, plain)
def test_whatever_the_words_the_tags_decide(thought: str, answer: str) -> None:
    for text in (f"<think>\n{thought}\n</think>\n{answer}", f"{thought}\n</think>\n{answer}"):
        said = split_reasoning(text)
        assert (said.reasoning, said.answer.strip()) == (thought.strip(), answer.strip())


UNITS = (
    *(*MARKS, "x <think> ", "a <think> b </think> c\n", "<think>a </think> b\n", "```\n<think>\n", "`</think>"),
    *("<think>\n</think>\n```\n", "a\n</think>\n", '"""<think>\n', "'<think> ", "<|start|>analysis", " ", "[", "\n"),
    *("analysis", "assistantfinal", "```", "<think>\n</thinking>\n", "# <think>\n", "<think>      "),
)


@pytest.mark.parametrize("unit", UNITS)
def test_long_texts_of_one_kind_are_read(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    for whole in (text, text + '"</think>"', "analysis" + text, "<think>" + text, "```\n" + text):
        split_reasoning(whole)
