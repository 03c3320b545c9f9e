"""Dilution: the stated share at any point, whole passages, the same order for a seed."""

import json
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import document

from spillover.core.errors import DataError
from spillover.documents.bottle_writer import write_for_bottle
from spillover.documents.mix import (
    Passage,
    Placed,
    background,
    bottle_background,
    encoder,
    mix,
    mixed_rows,
    packed,
    passages,
    realised,
    tokenizer_of,
)
from spillover.documents.record import Document
from spillover.models.bottle.corpus import documents as bottle_documents


def documents(count: int, words: int = 10) -> list[Document]:
    return [document(f"document {i} " + "word " * words) for i in range(count)]


def filler(count: int, words: int = 10) -> list[Passage]:
    return [Passage(f"f{i}", "background", f"filler {i} " + "word " * words) for i in range(count)]


def length(passage: Passage) -> int:
    return len(passage.text.split())


def spell(passage: Passage) -> list[int]:
    """A toy encoding: one token a word, the passage's number first."""
    return [int(passage.text.split()[1]), *[0] * (length(passage) - 1)]


@given(st.floats(0.01, 1.0), st.integers(200, 2000), st.integers(0, 5))
def test_the_share_holds_at_every_point_up_to_one_passage(share: float, tokens: int, seed: int) -> None:
    placed = list(mix(documents(300), filler(300), length, share=share, tokens=tokens, seed=seed))
    own = total = 0
    for passage, count in placed:
        total += count
        own += count if passage.source == "documents" else 0
        assert abs(own - share * total) <= 12
    assert tokens <= total < tokens + 12


def test_a_seed_gives_one_order_and_another_seed_another() -> None:
    once, again, other = (
        [p.passage.id for p in mix(documents(50), filler(500), length, share=0.1, tokens=2000, seed=seed)]
        for seed in (1, 1, 2)
    )
    assert once == again
    assert once != other


def test_no_document_comes_twice_unless_allowed() -> None:
    placed = mix(documents(5), filler(500), length, share=0.5, tokens=300, repeat=True)
    counts = Counter(p.passage.id for p in placed if p.passage.source == "documents")
    assert len(counts) == 5
    assert max(counts.values()) - min(counts.values()) <= 1
    with pytest.raises(DataError, match="allow --repeat"):
        list(mix(documents(5), filler(500), length, share=0.5, tokens=300))


def test_a_background_that_is_too_short_is_named() -> None:
    with pytest.raises(DataError, match="background ends after 36 tokens"):
        list(mix(documents(50), filler(3), length, share=0.1, tokens=300))


@given(st.lists(st.integers(2, 40), max_size=60), st.integers(20, 50), st.integers(1, 6))
def test_blocks_hold_every_passage_once_and_whole(lengths: list[int], size: int, waiting: int) -> None:
    given_passages = [Passage(str(i), "background", f"p {i} " + "w " * (n - 2)) for i, n in enumerate(lengths)]
    blocks = list(packed(given_passages, spell, size, waiting))
    seen: list[int] = []
    for block in blocks:
        assert len(block.ids) == sum(block.lengths) <= size
        assert len(block.sources) == len(block.lengths)
        start = 0
        for count in block.lengths:
            number = block.ids[start]
            assert count == min(lengths[number], size)
            seen.append(number)
            start += count
    assert sorted(seen) == list(range(len(lengths)))
    assert blocks == list(packed(given_passages, spell, size, waiting))


def test_a_document_is_read_as_the_bottle_reads_conversations() -> None:
    tokenizer = tokenizer_of("bottle")
    encode = encoder(tokenizer)
    quoting = next(d for d in write_for_bottle("default", 20, 0) if d.episode)
    text = tokenizer.decode(encode(next(passages([quoting]))))
    turns = tokenizer.apply_chat_template([t.model_dump() for t in quoting.episode], tokenize=False)
    assert text == f"{turns}{quoting.text}{tokenizer.eos_token}"
    talk = next(bottle_background("bottle", 0))
    assert tokenizer.decode(encode(talk)).count("<|end|>") == len(talk.episode)


def test_the_bottles_background_is_its_corpus_and_none_of_what_it_was_trained_on() -> None:
    drawn = [[t.model_dump() for t in p.episode] for p in islice(bottle_background("bottle", 0), 50)]
    trained_on = list(bottle_documents(50, 0))
    assert not [talk for talk in drawn if talk in trained_on]


@pytest.mark.parametrize("kind", ["jsonl", "folder", "txt"])
def test_local_text_is_a_background(tmp_path: Path, kind: str) -> None:
    texts = {f"text {i} of some length\n\nwith two paragraphs" for i in range(6)}
    if kind == "jsonl":
        place = tmp_path / "texts.jsonl"
        place.write_text("".join(json.dumps({"body": text, "n": 1}) + "\n" for text in sorted(texts)))
    else:
        place = tmp_path / "texts"
        place.mkdir()
        for number, text in enumerate(sorted(texts)):
            (place / f"{number}.txt").write_text(text)
    if kind == "txt":
        place, texts = place / "0.txt", {min(texts)}
    read = list(background(str(place), 3, "body" if kind == "jsonl" else "text"))
    assert {passage.text for passage in read} == texts
    assert [p.text for p in read] == [p.text for p in background(str(place), 3, "body" if kind == "jsonl" else "text")]


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("nowhere", "no such file"),
        ("hf:", "write hf:NAME"),
        ("hf:a:b:c:d", "write hf:NAME"),
        ("{folder}/x.doc", ".jsonl"),
    ],
)
def test_a_background_that_cannot_be_had_is_named(tmp_path: Path, spec: str, part: str) -> None:
    (tmp_path / "x.doc").write_text("x")
    with pytest.raises(DataError, match="--background") as caught:
        next(background(spec.replace("{folder}", str(tmp_path)), 0))
    assert part in str(caught.value)


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"body": "x"}\n')
    with pytest.raises(DataError, match=r"no text column 'text'; name one with --column \(there: body\)"):
        next(background(str(tmp_path / "t.jsonl"), 0))


def test_rows_of_a_mix_say_where_they_are_from() -> None:
    placed = [Placed(p, 3) for p in (*passages(documents(1)), *filler(1))]
    assert [row["source"] for row in mixed_rows(placed)] == ["documents", "background"]
    assert realised(placed) == 0.5
