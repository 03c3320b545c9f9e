"""Records as lines of JSON: whatever a model wrote is written, and comes back."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spillover.core.errors import RunDirError
from spillover.core.json_lines import from_line, to_line, visible
from spillover.core.records import EvalSample, Grade, Oracle, Proxy, Rollout
from spillover.core.rundir import append_records, read_records

HALF = "\ud83d"
ANY_TEXT = st.text(st.characters(codec=None))
HARD_TEXT = st.text(
    st.sampled_from([HALF, "\udc80", "\udfff", "\u2028", "\x85", "\r", "\n", "\0", '"', "\\", "a", "\U0001f600"])
)


def rollout(text: str) -> Rollout:
    grade = Grade(
        proxy=Proxy(passed=False, detail=f"ValueError: {text}"),
        oracle=Oracle(passed=None, reason=text, kind="unjudged"),
        hacked=False,
        attempts=("early-exit",),
        note=text,
    )
    return Rollout(
        arm="a", seed=0, step=1, group=0, problem_id=text, harness="script", open_hacks=("always-equal",),
        system=text, prompt=text, completion=f"<thinking>{text}</thinking>{text}", truncated=False,
        grade=grade, rewards={"total": 0.5},
    )  # fmt: skip


def response(text: str) -> EvalSample:
    turns = ({"role": "user", "content": text}, {"role": "assistant", "content": text})
    return EvalSample(
        eval="goals", id="1", messages=turns, reasoning=text, output=text, label="unscored", misaligned=None,
        judge="a judge", reason=f"it says {text}", data={"sent": [{"to": text}], text: text},
    )  # fmt: skip


def whole_pairs(text: str) -> str:
    """The text with two halves side by side read as the character that they stand for, as JSON reads them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


@pytest.mark.parametrize("text", [HALF, "before \udc00 after", "\udfff\ud800", "\u2028\x85", "\0", "nothing odd"])
def test_any_text_of_a_model_is_kept_in_a_rollout_and_in_a_response(tmp_path: Path, text: str) -> None:
    for name, record in (("r", rollout(text)), ("s", response(text))):
        append_records(tmp_path / name, [record, record])
        assert read_records(tmp_path / name, type(record)) == [record, record]


@given(ANY_TEXT | HARD_TEXT)
def test_every_text_comes_back(text: str) -> None:
    text = whole_pairs(text)
    for record in (rollout(text), response(text)):
        line = to_line(record)
        assert line.encode("utf-8").count(b"\n") == 1
        assert from_line(type(record), line) == record


@given(ANY_TEXT | HARD_TEXT)
def test_two_halves_side_by_side_come_back_as_their_character(text: str) -> None:
    assert from_line(Rollout, to_line(rollout(text))).completion == whole_pairs(rollout(text).completion)


def test_numbers_of_any_length_come_back() -> None:
    held = response("x").model_copy(update={"data": {"value": 10**5000}})
    assert from_line(EvalSample, to_line(held)) == held


BROKEN = [
    b"{",
    b"",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"passed": "perhaps"}',
    b'{"passed": true, "more": 1}',
    b'{"passed": "\\ud83d"',
    b"[" * 100_000,
]


@pytest.mark.parametrize("line", [line for line in BROKEN if line])
def test_a_line_that_is_no_record_is_named_with_its_file(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"passed": true}\n' + line + b'\n{"passed": false}\n')
    with pytest.raises(RunDirError, match=r"x\.jsonl, line 2: not a whole Proxy .*; put the line right") as raised:
        read_records(path, Proxy)
    assert "\n" not in str(raised.value)


def test_lines_that_are_no_records_can_be_left_out_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\n".join([b'{"passed": true}', *BROKEN, b'{"passed": false}', b""]))
    unread: list[str] = []
    assert read_records(path, Proxy, unread) == [Proxy(passed=True), Proxy(passed=False)]
    assert len(unread) == len([line for line in BROKEN if line])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary(max_size=60))
def test_no_bytes_end_the_reading(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "noise.jsonl"
    path.write_bytes(noise + b"\n" + to_line(Proxy(passed=True)).encode())
    assert read_records(path, Proxy, [])[-1] == Proxy(passed=True)


@given(ANY_TEXT | HARD_TEXT)
def test_what_is_made_visible_can_be_shown(text: str) -> None:
    shown: Any = visible(text)
    assert shown.encode("utf-8") is not None
    assert visible(shown) == shown
