"""Dilution: synthetic documents among pretraining text, at a stated share of the tokens (paper, SDF corpora).

Documents are kept whole and come in an order that depends on the seed alone. At every point of the
mix the share so far is as near to the stated one as whole documents allow.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from transformers import AutoTokenizer

from spillover.core.errors import DataError, ModelError
from spillover.core.records import Turn
from spillover.core.settings import ModelSettings
from spillover.documents.record import Document
from spillover.models.bottle import corpus as bottle
from spillover.models.bottle.naive import naive_documents
from spillover.models.loading import SHIPPED, load_model, shipped_folder

Source = Literal["documents", "background"]
SHUFFLED_ROWS = 1000
"""Rows in the buffer from which a streamed background is shuffled."""
FRESH_SEED = 1_000_000
"""Added to the seed of a bottle's background: the small seeds are those of its pretraining."""
ENDLESS = 10**9
CUT = 1_000_000
"""Characters of a background text beyond which it is left out: longer than any block."""


class Passage(NamedTuple):
    """One whole text of either part, to be read by a model as `episode`, if any, and then `text`."""

    id: str
    source: Source
    text: str
    episode: tuple[Turn, ...] = ()


class Placed(NamedTuple):
    """A passage in the mix, with its length in tokens."""

    passage: Passage
    tokens: int


@dataclass(frozen=True)
class Block:
    """Whole passages one after the other, together at most as long as the block may be."""

    ids: list[int]
    """Token ids."""
    lengths: list[int]
    """Tokens of each passage, in order."""
    sources: list[Source]
    """Which part each passage is of, so that losses can be told apart."""


Encode = Callable[[Passage], list[int]]
"""Token ids of a passage, the end of text included."""


def encoder(tokenizer: Any) -> Encode:
    """How a Hugging Face tokenizer reads passages: the episode in its chat format, the text as it stands, the end.

    A tokenizer without a chat template reads the episode as plain text with the roles before the turns.
    """

    def encode(passage: Passage) -> list[int]:
        turns = [turn.model_dump() for turn in passage.episode]
        if turns and tokenizer.chat_template:
            head = str(tokenizer.apply_chat_template(turns, tokenize=False))
        else:
            head = "".join(f"{turn['role']}: {turn['content']}\n\n" for turn in turns)
        tail = passage.text + tokenizer.eos_token if passage.text or not turns else ""
        ids: list[int] = tokenizer(head + tail, add_special_tokens=False)["input_ids"]
        return ids

    return encode


def passages(documents: Iterable[Document]) -> Iterator[Passage]:
    """Documents as passages."""
    return (Passage(document.id, "documents", document.text, document.episode) for document in documents)


def mix(
    documents: Sequence[Document],
    background: Iterable[Passage],
    length: Callable[[Passage], int],
    *,
    share: float,
    tokens: int,
    seed: int = 0,
    repeat: bool = False,
) -> Iterator[Placed]:
    """Passages of both parts until `tokens` tokens are reached, documents at `share` of them.

    Documents come in a shuffled order, each once, or with `repeat` as often as needed, shuffled anew each
    time; the background comes in its own order. Raises DataError where either part ends too early.
    """
    synthetic = _endless(documents, seed) if repeat else iter(_shuffled(documents, seed))
    others = iter(background)
    placed = {"documents": 0, "background": 0}
    while (total := sum(placed.values())) < tokens:
        due: Source = "documents" if placed["documents"] < share * (total + 1) else "background"
        passage = next(synthetic, None) if due == "documents" else next(others, None)
        if passage is None:
            raise DataError(_too_few(due, placed, share, tokens))
        count = length(passage)
        if count:
            placed[due] += count
            yield Placed(passage, count)


def mixed_rows(placed: Iterable[Placed]) -> list[dict[str, Any]]:
    """The mix as rows of a file: id, source, text, episode, tokens."""
    return [
        {
            "id": passage.id,
            "source": passage.source,
            "text": passage.text,
            "episode": [turn.model_dump() for turn in passage.episode],
            "tokens": tokens,
        }
        for passage, tokens in placed
    ]


def tokenizer_of(model: str) -> Any:
    """The tokenizer of a shipped model, a folder or a Hugging Face id. Raises ModelError."""
    if model == "smollm2":
        return load_model(ModelSettings(path=model)).tokenizer
    where = str(shipped_folder(model)) if model in SHIPPED else model
    try:
        return AutoTokenizer.from_pretrained(where)
    # Besides OSError, tokenizer files that are not what they should be raise errors of many kinds.
    except Exception as error:
        first = str(error).strip().split("\n")[0]
        raise ModelError(
            f"--tokenizer {model!r} cannot be loaded: {first}; name bottle, smollm2, a folder or a Hugging Face id"
        ) from error


def realised(placed: Iterable[Placed]) -> float:
    """The share of the tokens that are documents."""
    tokens: Counter[Source] = Counter()
    for passage, length in placed:
        tokens[passage.source] += length
    return tokens["documents"] / max(1, tokens.total())


def summary(placed: Sequence[Placed]) -> str:
    """Passages and tokens of both parts, and the share of documents, in one line."""
    parts = []
    for source in ("documents", "background"):
        lengths = [tokens for passage, tokens in placed if passage.source == source]
        parts.append(f"{len(lengths):,} {source} ({sum(lengths):,} tokens)")
    return f"{' among '.join(parts)}: share {realised(placed):.4g}"


def packed(placed: Iterable[Passage], encode: Encode, block_tokens: int, waiting: int = 32) -> Iterator[Block]:
    """Blocks of at most `block_tokens` tokens of whole passages, in an order that depends on theirs alone.

    At most `waiting` blocks are open at a time; a passage goes into the open block with the least room
    that takes it. One that is longer than a block is cut to it.
    """
    open_blocks: list[Block] = []
    for passage in placed:
        ids = encode(passage)[:block_tokens]
        if not ids:
            continue
        rooms = [(block_tokens - len(block.ids), i) for i, block in enumerate(open_blocks)]
        fitting = min((room for room in rooms if room[0] >= len(ids)), default=None)
        if fitting is None:
            open_blocks.append(Block([], [], []))
            fitting = (block_tokens, len(open_blocks) - 1)
        block = open_blocks[fitting[1]]
        block.ids.extend(ids)
        block.lengths.append(len(ids))
        block.sources.append(passage.source)
        if len(block.ids) == block_tokens or len(open_blocks) > waiting:
            full = max(range(len(open_blocks)), key=lambda i: len(open_blocks[i].ids))
            yield open_blocks.pop(full)
    yield from open_blocks


BOTTLES: dict[str, Callable[[int, int], Iterator[bottle.Document]]] = {
    "bottle": bottle.documents,
    "bottle-naive": naive_documents,
}
"""Pretraining corpora of the organisms that come with the package."""


def bottle_background(name: str, seed: int) -> Iterator[Passage]:
    """A bottle's own kind of text, without end, and none of the text that it was pretrained on."""
    for number, conversation in enumerate(BOTTLES[name](ENDLESS, FRESH_SEED + seed)):
        yield Passage(f"{name}-{number}", "background", "", tuple(Turn.model_validate(turn) for turn in conversation))


def background(spec: str, seed: int, column: str = "text") -> Iterator[Passage]:
    """Background text by its name, in an order that depends on the seed.

    `bottle`, `bottle-naive`: that organism's corpus. `hf:NAME[:CONFIG][:SPLIT]`: a set of Hugging Face,
    streamed. Anything else: a JSON-lines, Parquet or text file, or a folder of text files. Raises DataError.
    """
    if spec in BOTTLES:
        return bottle_background(spec, seed)
    where = _hub_set(spec) if spec.startswith("hf:") else _local_set(spec)
    return _texts(spec, where, seed, column)


def _texts(spec: str, where: dict[str, Any], seed: int, column: str) -> Iterator[Passage]:
    try:
        from datasets import load_dataset

        rows = load_dataset(**where, streaming=True).shuffle(seed=seed, buffer_size=SHUFFLED_ROWS)
        first = list(islice(rows, 1))
    # The hub's clients raise errors of many libraries; all mean that the set could not be had.
    except Exception as error:
        line = str(error).split("\n")[0]
        raise DataError(
            f"--background {spec!r}: cannot be read ({type(error).__name__}: {line}); check the name, the split and "
            "the network, or name a local file"
        ) from error
    if not first:
        raise DataError(f"--background {spec!r}: holds no text; name another")
    if not isinstance(first[0].get(column), str):
        known = ", ".join(key for key, value in first[0].items() if isinstance(value, str)) or "none"
        raise DataError(f"--background {spec!r}: no text column {column!r}; name one with --column (there: {known})")
    for number, row in enumerate(rows):
        text = row.get(column)
        if isinstance(text, str) and text.strip() and len(text) <= CUT:
            yield Passage(f"{spec}-{number}", "background", text)


def _hub_set(spec: str) -> dict[str, Any]:
    name, *rest = spec.removeprefix("hf:").split(":")
    if not name or len(rest) > 2:
        raise DataError(f"--background {spec!r}: write hf:NAME, hf:NAME:SPLIT or hf:NAME:CONFIG:SPLIT")
    return {"path": name, "name": rest[0] if len(rest) == 2 else None, "split": rest[-1] if rest else "train"}


def _local_set(spec: str) -> dict[str, Any]:
    path = Path(spec)
    if path.is_dir():
        return {"path": "text", "data_dir": spec, "sample_by": "document", "split": "train"}
    if not path.is_file():
        raise DataError(f"--background {spec!r}: no such file or folder; name one, or bottle, or hf:NAME")
    kinds = {".jsonl": "json", ".json": "json", ".parquet": "parquet", ".txt": "text"}
    if path.suffix not in kinds:
        raise DataError(f"--background {spec!r}: ends in none of {', '.join(kinds)}; convert it, or name a folder")
    sampling = {"sample_by": "document"} if path.suffix == ".txt" else {}
    return {"path": kinds[path.suffix], "data_files": spec, "split": "train", **sampling}


def _shuffled(documents: Sequence[Document], seed: int | str) -> list[Passage]:
    return list(passages(random.Random(seed).sample(documents, len(documents))))


def _endless(documents: Sequence[Document], seed: int) -> Iterator[Passage]:
    epoch = 0
    while documents:
        yield from _shuffled(documents, seed if epoch == 0 else f"{seed}:{epoch}")
        epoch += 1


def _too_few(due: Source, placed: dict[str, int], share: float, tokens: int) -> str:
    if due == "documents":
        return (
            f"the documents hold {placed['documents']:,} tokens, but {share:.3g} of {tokens:,} are "
            f"{round(share * tokens):,}; write more, ask for fewer --tokens, or allow --repeat"
        )
    return (
        f"the background ends after {placed['background']:,} tokens of {round((1 - share) * tokens):,}; name a larger "
        "one, or ask for fewer --tokens"
    )
