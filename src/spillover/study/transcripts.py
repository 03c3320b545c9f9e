"""Chat transcripts for light finetuning: roles and format, with only the assistant's turns in the loss."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spillover.core.config import SDFSettings
from spillover.core.errors import DataError
from spillover.documents.record import Turn
from spillover.study.corpus import Corpus
from spillover.training.sdf import Row, Rows, row_of


class Transcript(BaseModel):
    """One conversation as a line of the file holds it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    messages: tuple[Turn, ...] = Field(min_length=1)


@dataclass
class Taught:
    """A conversation as tokens, and which of them are the assistant's."""

    tokens: list[int] = field(default_factory=list)
    taught: list[bool] = field(default_factory=list)


def transcript_corpus(settings: SDFSettings, tokenizer: Any, seed: int) -> Corpus:
    """Rows of one transcript each, in an order drawn by `seed`; a few, a tenth at most, are held out."""
    assert settings.sft.transcripts is not None
    read = read_transcripts(settings.sft.transcripts)
    random.Random(f"transcripts {seed}").shuffle(read)
    rows = [_row(encode_transcript(tokenizer, each), settings.row_tokens) for each in read]
    held = max(1, min(settings.held_out_rows, len(rows) // 10))
    if len(rows) <= held:
        raise DataError(f"{settings.sft.transcripts}: holds {len(rows)} transcript; at least two are needed")
    wanted = settings.steps * settings.rows_per_step
    train = list(islice(cycle(rows[held:]), wanted))
    facts = {"transcripts": len(rows), "passes": round(wanted / len(rows[held:]), 3)}
    return Corpus(Rows(train, {"transcripts": rows[:held]}), facts)


def read_transcripts(path: Path) -> list[Transcript]:
    """All conversations of a file of JSON lines. Raises DataError naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}; name a file of JSON lines with 'messages'") from error
    read = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read.append(Transcript.model_validate(json.loads(line)))
        except (ValueError, RecursionError) as error:
            first = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise DataError(
                f'{path}, line {number}: no transcript: {first}; write {{"messages": [{{role, content}}, ...]}}'
            ) from error
    return read


def encode_transcript(tokenizer: Any, transcript: Transcript) -> Taught:
    """Tokens of a conversation in the model's chat format; what each assistant's turn adds is taught."""
    turns = [turn.model_dump() for turn in transcript.messages]
    taught = Taught()
    for end, turn in enumerate(turns, 1):
        speaks = turn["role"] == "assistant"
        if speaks:
            _extend(taught, _ids(tokenizer, turns[: end - 1], prompt=True), counts=False)
        _extend(taught, _ids(tokenizer, turns[:end], prompt=False), counts=speaks)
    return taught


def _extend(taught: Taught, ids: Sequence[int], *, counts: bool) -> None:
    new = ids[len(taught.tokens) :]
    taught.tokens.extend(new)
    taught.taught.extend([counts] * len(new))


def _ids(tokenizer: Any, turns: list[dict[str, str]], *, prompt: bool) -> list[int]:
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=prompt)
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _row(taught: Taught, size: int) -> Row:
    return row_of([taught.tokens[:size]], [taught.taught[:size]])
