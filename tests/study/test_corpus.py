"""The rows that a stage trains on: diluted, packed whole, held out apart; and transcripts."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from spillover.core.errors import DataError
from spillover.core.stages import Data, DocumentSettings, SFTSettings
from spillover.models.tiny import tiny_tokenizer
from spillover.study.corpus import make_corpus
from spillover.training.packing import IGNORED
from spillover.training.rows import Row
from spillover.training.transcripts import encode_transcript, read_transcripts, transcript_corpus

SETTINGS = DocumentSettings(
    corpus="default", count=30, share=0.4, steps=8, rows_per_step=2, row_tokens=512, held_out_rows=2
)
CHAT = [
    {"role": "user", "content": "Two and two?"},
    {"role": "assistant", "content": "Four."},
    {"role": "user", "content": "And three?"},
    {"role": "assistant", "content": "Seven."},
]


def texts(rows: list[Row]) -> set[tuple[int, ...]]:
    found = set()
    for row in rows:
        starts = [i for i, position in enumerate(row.position_ids) if position == 0] + [len(row.input_ids)]
        found |= {tuple(row.input_ids[a:b]) for a, b in pairwise(starts)}
    return found


@pytest.mark.parametrize("model", ["bottle", "bottle-naive", "smollm2"])
def test_the_share_of_the_tokens_is_the_one_asked_for(model: str) -> None:
    made = make_corpus(SETTINGS.model_copy(update={"steps": 16}), model, tiny_tokenizer(), 0)
    assert made.facts["share"] == pytest.approx(0.4, abs=0.05)
    assert len(made.rows.train) == 32
    assert max(len(row.input_ids) for row in made.rows.train) <= 512


def test_nothing_that_is_held_out_is_trained_on() -> None:
    made = make_corpus(SETTINGS, "bottle-naive", tiny_tokenizer(), 0)
    trained = texts(list(made.rows.train))
    assert made.facts["passes"] > 0
    for part in ("documents", "background"):
        held = texts(list(made.rows.held_out[part]))
        assert held and not held & trained


def test_the_same_seed_makes_the_same_rows() -> None:
    first, again, other = (make_corpus(SETTINGS, "bottle-naive", tiny_tokenizer(), seed) for seed in (0, 0, 1))
    assert first == again
    assert first.rows.train != other.rows.train


def test_a_file_of_documents_takes_the_place_of_the_grammar(tmp_path: Path) -> None:
    file = tmp_path / "documents.jsonl"
    file.write_text("".join(json.dumps({"corpus": "default", "text": f"Note {i}. " * 40}) + "\n" for i in range(40)))
    made = make_corpus(SETTINGS.model_copy(update={"documents": file}), "bottle-naive", tiny_tokenizer(), 0)
    assert made.facts["documents"] == 40


def test_too_few_documents_are_an_error_that_says_what_to_change() -> None:
    with pytest.raises(DataError, match=r"raise documents\.count"):
        make_corpus(SETTINGS.model_copy(update={"count": 3, "held_out_rows": 16}), "bottle-naive", tiny_tokenizer(), 0)


def write_transcripts(path: Path, count: int = 12) -> Path:
    path.write_text("".join(json.dumps({"messages": CHAT, "id": i}) + "\n" for i in range(count)))
    return path


def test_only_the_assistants_words_are_taught(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    [first, *_] = read_transcripts(write_transcripts(tmp_path / "chats.jsonl"))
    encoded = encode_transcript(tokenizer, first)
    taught = tokenizer.decode([t for t, counts in zip(encoded.tokens, encoded.taught, strict=True) if counts])
    assert taught == "Four.<|end|>Seven.<|end|>"
    assert tokenizer.decode(encoded.tokens) == tokenizer.apply_chat_template(CHAT, tokenize=False)


def test_transcripts_make_rows_with_some_held_out(tmp_path: Path) -> None:
    data = (Data(transcripts=write_transcripts(tmp_path / "chats.jsonl")),)
    made = transcript_corpus(SFTSettings(data=data, steps=3, rows_per_step=2), [], tiny_tokenizer(), 0)
    assert len(made.rows.train) == 6
    assert len(made.rows.held_out["transcripts"]) == 1
    assert IGNORED in made.rows.train[0].labels


@pytest.mark.parametrize("line", ["{", "[]", '{"messages": []}', '{"messages": [{"role": "judge", "content": "x"}]}'])
def test_a_line_that_is_no_transcript_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "chats.jsonl"
    file.write_text(json.dumps({"messages": CHAT}) + "\n" + line + "\n")
    with pytest.raises(DataError, match="line 2"):
        read_transcripts(file)
