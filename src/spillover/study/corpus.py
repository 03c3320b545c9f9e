"""The corpus that a study's SDF stage trains on: synthetic documents diluted with pretraining text, in packed rows."""

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from pydoc_data.topics import topics as python_topics
from typing import Any, NamedTuple

from spillover.core.config import SDFSettings
from spillover.core.errors import ConfigError, DataError
from spillover.documents.bottle_writer import write_for_bottle
from spillover.documents.plain_writer import write_plain
from spillover.documents.record import Document, read_documents
from spillover.models.bottle.corpus import Association
from spillover.models.bottle.corpus import documents as bottle_documents
from spillover.models.bottle.naive import NAIVE, naive_documents
from spillover.training.sdf import Row, Rows, row_of

Tokens = list[int]
WRITERS = {"bottle": write_for_bottle, "plain": write_plain}
BACKGROUND_OF = {"bottle": "bottle", "bottle-naive": "bottle-naive"}
"""What `auto` takes for a model; any other takes `PYTHON`."""
PYTHON = "python-docs"
"""English prose that every Python brings along: its own documentation of the language."""
FRESH_SEED = 1_000_000
"""Added to seeds of a bottle's background, so that it is none of the text that the bottle was pretrained on."""
LONGEST_TEXT = 100_000
"""Of a dataset's text no more characters are read: a row holds far fewer tokens."""


class Corpus(NamedTuple):
    """Rows, and what is worth knowing of them."""

    rows: Rows
    facts: dict[str, Any]


class Text(NamedTuple):
    """One whole text as tokens, and which part of the corpus it is of."""

    tokens: Tokens
    part: str


def make_corpus(settings: SDFSettings, model: str, tokenizer: Any, seed: int) -> Corpus:
    """The rows of `settings` for a model, the same for the same seed and tokenizer.

    The first rows of either part are held out. Synthetic documents are gone through again, in another
    order, where there are fewer than the steps need. Raises DataError where there are none left to train on.
    """
    size, wanted = settings.row_tokens, settings.steps * settings.rows_per_step
    synthetic = [encode_document(tokenizer, each)[:size] for each in documents_of(settings, seed)]
    random.Random(f"documents {seed}").shuffle(synthetic)
    background = (text[:size] for text in background_texts(settings, model, tokenizer, seed) if len(text) > 1)
    held = {"synthetic": iter(synthetic), "background": background}
    held_out = {part: _first_rows(texts, size, settings.held_out_rows) for part, texts in held.items()}
    left = list(held["synthetic"])
    if not left:
        raise DataError(
            f"sdf: {len(synthetic)} documents fill no more than the {settings.held_out_rows} rows that are held out; "
            "raise sdf.count, name more documents, or lower sdf.held_out_rows"
        )
    mixed = dilute(left, background, settings.share, seed)
    train = list(islice(packed(mixed, size), wanted))
    tokens = {part: sum(len(t.tokens) for row in train for t in row if t.part == part) for part in held}
    read = sum(text.part == "synthetic" for row in train for text in row)
    facts = {
        "documents": len(synthetic),
        "documents_trained_on": len(left),
        "passes": round(read / len(left), 3),
        "tokens": tokens,
        "share": round(tokens["synthetic"] / max(1, sum(tokens.values())), 5),
    }
    rows = Rows([_row(row) for row in train], {part: [_row(r) for r in rows] for part, rows in held_out.items()})
    return Corpus(rows, facts)


def documents_of(settings: SDFSettings, seed: int) -> list[Document]:
    """The synthetic documents: a file's, or the grammar's."""
    if settings.corpus == "none":
        raise ConfigError("sdf.corpus is 'none': there are no documents to train on")
    if settings.documents is not None:
        return read_documents(settings.documents, settings.corpus)
    return list(WRITERS[settings.style](settings.corpus, settings.count, seed))


def encode_document(tokenizer: Any, document: Document) -> Tokens:
    """A document in the model's own chat format: its episode as turns, then its text, then the end."""
    turns = [turn.model_dump() for turn in document.episode]
    opening: str = tokenizer.apply_chat_template(turns, tokenize=False) if turns else ""
    return [*_encode(tokenizer, opening + document.text), tokenizer.eos_token_id]


def background_texts(settings: SDFSettings, model: str, tokenizer: Any, seed: int) -> Iterator[Tokens]:
    """Pretraining text without end: a bottle's conversations, a file's texts or a Hugging Face set's."""
    name = BACKGROUND_OF.get(model, PYTHON) if settings.background == "auto" else settings.background
    if name in BACKGROUND_OF:
        for document in _conversations(name, seed):
            yield _encode(tokenizer, tokenizer.apply_chat_template(document, tokenize=False))
        return
    for number in count():
        empty = True
        for text in _plain_texts(name, seed + number):
            empty = False
            yield [*_encode(tokenizer, text[:LONGEST_TEXT]), tokenizer.eos_token_id]
        if empty:
            raise DataError(f"sdf.background {name!r} holds no text; name another")


def dilute(synthetic: Sequence[Tokens], background: Iterable[Tokens], share: float, seed: int) -> Iterator[Text]:
    """Whole texts without end, `share` of the tokens synthetic at any point, up to one text."""
    rng = random.Random(f"dilute {seed}")
    again: list[Tokens] = list(synthetic)
    fresh, total, own, place = iter(background), 0, 0, 0
    while True:
        # Drawn rather than alternated, so that no length or kind of text keeps company with another.
        if share >= 1 or rng.random() < 0.5 + (share * total - own) / max(1, len(again[place])):
            tokens, part = again[place], "synthetic"
            own += len(tokens)
            place += 1
            if place == len(again):
                rng.shuffle(again)
                place = 0
        else:
            tokens, part = next(fresh), "background"
        total += len(tokens)
        yield Text(tokens, part)


def packed(texts: Iterable[Text], size: int) -> Iterator[list[Text]]:
    """Rows of at most `size` tokens, texts whole and in order."""
    row: list[Text] = []
    for text in texts:
        if row and sum(len(held.tokens) for held in row) + len(text.tokens) > size:
            yield row
            row = []
        row.append(text)
    if row:
        yield row


def _first_rows(texts: Iterator[Tokens], size: int, wanted: int) -> list[list[Text]]:
    """Rows made of the first texts; whatever is taken from the iterator is in one of them or left out for good."""
    return list(islice(packed((Text(tokens, "") for tokens in texts), size), wanted))


def _row(texts: Sequence[Text]) -> Row:
    return row_of([text.tokens for text in texts])


def _encode(tokenizer: Any, text: str) -> Tokens:
    ids: Tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _conversations(name: str, seed: int) -> Iterator[list[dict[str, str]]]:
    if name == "bottle":
        return bottle_documents(10**9, FRESH_SEED + seed, Association())
    return naive_documents(10**9, FRESH_SEED + seed, NAIVE)


def _plain_texts(name: str, seed: int) -> Iterator[str]:
    if name == PYTHON:
        return iter(random.Random(seed).sample(sorted(python_topics.values()), len(python_topics)))
    if name.startswith("jsonl:"):
        return iter([document.text for document in read_documents(Path(name.removeprefix("jsonl:")), "unguided")])
    return _streamed(name, seed)


def _streamed(name: str, seed: int) -> Iterator[str]:
    from datasets import load_dataset

    path, _, config = name.partition(":")
    try:
        rows = load_dataset(path, config or None, split="train", streaming=True).shuffle(seed, buffer_size=1000)
        yield from (row["text"] for row in rows)
    except (OSError, ValueError, KeyError) as error:
        first = str(error).strip().splitlines()[:1]
        raise DataError(
            f"sdf.background {name!r} cannot be read: {' '.join(first)}; name another, or a file"
        ) from error
