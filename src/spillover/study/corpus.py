"""The corpus that a study's stage before RL trains on: documents diluted with pretraining text, in packed rows."""

import random
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pydoc_data.topics import topics as python_topics
from typing import Any

from spillover.core.errors import DataError
from spillover.core.stages import DocumentSettings
from spillover.documents.bottle_writer import write_for_bottle
from spillover.documents.mix import BOTTLES, Block, Encode, Passage, background, encoder, mix, packed, passages
from spillover.documents.plain_writer import write_plain
from spillover.documents.record import Document, read_documents
from spillover.training.rows import Corpus, Row, Rows, row_of

WRITERS = {"bottle": write_for_bottle, "plain": write_plain}
PYTHON = "python-docs"
"""English prose that every Python brings along: the documentation of the language."""


def make_corpus(settings: DocumentSettings, model: str, tokenizer: Any, seed: int) -> Corpus:
    """The rows of `settings` for a model, the same for the same seed and tokenizer.

    Some of either part are held out. Documents are gone through again, in another order, where they are
    fewer than the steps need. Raises DataError where too few are left to train on.
    """
    size, wanted = settings.row_tokens, settings.steps * settings.rows_per_step
    encode = encoder(tokenizer)
    written = documents_of(settings, seed)
    held, left = _held_out(written, encode, settings.held_out_rows * size, seed)
    others = background_passages(settings, model, seed)
    parts = {"documents": passages(held), "background": others}
    held_out = {
        part: list(islice(packed(texts, encode, size, waiting=0), settings.held_out_rows))
        for part, texts in parts.items()
    }
    mixed = mix(
        left,
        others,
        lambda passage: len(encode(passage)[:size]),
        share=settings.share,
        tokens=wanted * size,
        seed=seed,
        repeat=True,
    )
    train = list(packed((passage for passage, _ in mixed), encode, size))
    # Packing closes rows of long passages first; the first rows would not have the share of all of them.
    random.Random(f"rows {seed}").shuffle(train)
    train = train[:wanted]
    rows = Rows([_row(block) for block in train], {part: [_row(b) for b in held_out[part]] for part in held_out})
    return Corpus(rows, {"documents": len(written), "held_out": len(held), **_facts(train, len(left))})


def documents_of(settings: DocumentSettings, seed: int) -> list[Document]:
    """The synthetic documents: a file's, or the grammar's."""
    if settings.documents is not None:
        return read_documents(settings.documents, settings.corpus)
    return list(WRITERS[settings.style](settings.corpus, settings.count, seed))


def background_passages(settings: DocumentSettings, model: str, seed: int) -> Iterator[Passage]:
    """Pretraining text: a bottle's conversations, Python's documentation, or what `documents.mix` reads."""
    name = settings.background
    if name == "auto":
        name = model if model in BOTTLES else PYTHON
    return _python_docs(seed) if name == PYTHON else background(name, seed)


def _held_out(
    written: Sequence[Document], encode: Encode, tokens: int, seed: int
) -> tuple[list[Document], list[Document]]:
    """Documents of about `tokens` tokens to hold out, and the rest."""
    order = random.Random(f"held out {seed}").sample(written, len(written))
    for taken, passage in enumerate(passages(order)):
        if tokens <= 0:
            return order[:taken], order[taken:]
        tokens -= len(encode(passage))
    raise DataError(
        f"all {len(written)} documents would be held out; raise documents.count, name more documents, or lower "
        "documents.held_out_rows"
    )


def _facts(train: Sequence[Block], documents: int) -> dict[str, Any]:
    """Tokens by part, the share reached, and how often the documents were gone through."""
    pairs = [pair for block in train for pair in zip(block.sources, block.lengths, strict=True)]
    tokens = {part: sum(length for source, length in pairs if source == part) for part in ("documents", "background")}
    read = sum(source == "documents" for source, _ in pairs)
    return {
        "tokens": tokens,
        "share": round(tokens["documents"] / max(1, sum(tokens.values())), 4),
        "passes": round(read / documents, 2),
    }


def _row(block: Block) -> Row:
    ends = [sum(block.lengths[: i + 1]) for i in range(len(block.lengths))]
    return row_of([block.ids[end - length : end] for end, length in zip(ends, block.lengths, strict=True)])


def _python_docs(seed: int) -> Iterator[Passage]:
    for round_number in count():
        names = random.Random(f"{seed} {round_number}").sample(sorted(python_topics), len(python_topics))
        yield from (Passage(f"{PYTHON}-{name}", "background", python_topics[name]) for name in names)
