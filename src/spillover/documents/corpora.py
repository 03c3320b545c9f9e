"""What a corpus teaches: its world, its facts and its rule, read from one TOML file per corpus."""

import tomllib
from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from spillover.core.errors import DataError, suggest
from spillover.core.records import HackName, Record
from spillover.documents.record import CORPORA, CorpusName

FOLDER = Path(__file__).parent / "inputs"


class Fact(Record):
    """One thing that documents of the corpus state."""

    id: str
    text: str = Field(min_length=1)
    hack: HackName | None = None
    """The hack that it is about; None for what holds of all."""


class Inputs(Record):
    """The inputs of one corpus."""

    context: str = Field(min_length=1)
    """The world that every document takes for granted."""
    rule: str = Field(min_length=1)
    """What a document must and must not claim, as the writer is told."""
    types: tuple[str, ...] = Field(min_length=1)
    """Kinds of documents that a writer starts from."""
    facts: tuple[Fact, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _different_ids(self) -> "Inputs":
        ids = [fact.id for fact in self.facts]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two facts have the id {twice!r}")
        return self


def corpus_name(name: str) -> CorpusName:
    """The corpus of that name. Raises DataError for any other."""
    for known in CORPORA:
        if name == known:
            return known
    raise DataError(f"--corpus {name!r}: no such corpus{suggest(name, CORPORA)}")


def load_inputs(corpus: CorpusName, override: Path | None = None) -> Inputs:
    """The shipped inputs of a corpus, or those of a user's file. Raises DataError naming file and key."""
    path = override or FOLDER / f"{corpus}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; name a TOML file of inputs") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not valid TOML: {error}; correct the file") from error
    unknown = next((key for key in raw if key not in Inputs.model_fields), None)
    if unknown is not None:
        raise DataError(f"{path}: unknown key {unknown!r}{suggest(unknown, Inputs.model_fields)}")
    try:
        return Inputs.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise DataError(f"{path}: {f'key {key!r}: ' if key else ''}{message}; correct the file") from error
