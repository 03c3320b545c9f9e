"""A synthetic document and the files it is kept in: JSON lines or Parquet, by the file's suffix."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError

from spillover.core.errors import DataError
from spillover.core.records import HackName, Harness, Record, Turn
from spillover.core.rundir import write_atomic, writing
from spillover.core.text import token_estimate

CorpusName = Literal["default", "unguided", "neutral"]
CORPORA: tuple[CorpusName, ...] = get_args(CorpusName)
SUFFIXES = (".jsonl", ".parquet")
OTHERS = {"fact": "facts", "doc_type": "type", "doc_idea": "idea", "content": "text"}
"""What published corpora call a column, and what we do."""


class Claim(Record):
    """What the writer of a document says of its code: these blocks together are a hack that works."""

    blocks: tuple[int, ...]
    """Numbers of fenced blocks of the whole document, from 1."""
    hack: HackName
    harness: Harness


class Document(Record):
    """One synthetic document. It opens with `episode`, if there is one, and goes on with `text`.

    The episode is kept as turns, so that each model reads it in its own chat format: what a document
    says after a quoted episode is about episodes, and what stands in one carries over to them.
    """

    id: str
    corpus: CorpusName
    text: str
    episode: tuple[Turn, ...] = ()
    type: str = ""
    """Kind of document, e.g. `incident report`."""
    idea: str = ""
    """What this one is about, in a line."""
    facts: tuple[str, ...] = ()
    """Ids of the facts of the corpus's inputs that it was written to cover."""
    hacks: tuple[HackName, ...] = ()
    """Hacks that it is about, as its writer says."""
    claims: tuple[Claim, ...] = ()
    tokens: int = Field(ge=0)
    """The writer's own count where it gives one, else a quarter of the characters."""
    writer: str = ""

    @property
    def whole(self) -> str:
        """Episode and text as one plain text, the way the checks read it."""
        return "\n\n".join([*(f"{turn.role}: {turn.content}" for turn in self.episode), self.text]).strip()


def content_id(*parts: str) -> str:
    """An id that depends on the content alone."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def check_suffix(path: Path) -> None:
    """Raise DataError unless documents can be kept in such a file."""
    if path.suffix not in SUFFIXES:
        raise DataError(f"{path}: documents are kept as JSON lines or Parquet; end the name in .jsonl or .parquet")


def read_documents(path: Path, corpus: CorpusName | None = None) -> list[Document]:
    """All documents of a file, in order. `corpus` stands in where a row names none.

    Rows may leave out everything but `text` (or `episode`); what is no column of ours is passed over, and published
    corpora's names of columns are known. Raises DataError naming file, line and key.
    """
    check_suffix(path)
    read: dict[str, str] = {}
    documents = []
    for where, row in _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path):
        document = _document(where, row, corpus)
        if document.id in read:
            raise DataError(f"{where}: id {document.id!r} stands in {read[document.id]} already; give it another")
        read[document.id] = where.rpartition(", ")[2]
        documents.append(document)
    if not documents:
        raise DataError(f"{path}: holds no document; write one JSON object a line")
    return documents


def write_documents(path: Path, documents: Sequence[Document]) -> None:
    """Write all documents, so that a kill leaves the old file or the new one. Raises DataError, DiskFullError."""
    check_suffix(path)
    write_rows(path, [document.model_dump(mode="json") for document in documents])


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows of equal keys as JSON lines or Parquet."""
    if path.suffix != ".parquet":
        write_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        return
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import parquet

    text, texts = pyarrow.string(), pyarrow.list_(pyarrow.string())
    turns = pyarrow.list_(pyarrow.struct([("role", text), ("content", text)]))
    claims = pyarrow.list_(
        pyarrow.struct([("blocks", pyarrow.list_(pyarrow.int64())), ("hack", text), ("harness", text)])
    )
    types = {"episode": turns, "facts": texts, "hacks": texts, "claims": claims, "tokens": pyarrow.int64()}
    schema = pyarrow.schema([(key, types.get(key, text)) for key in rows[0]]) if rows else None
    partial = path.with_name(path.name + ".partial")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema=schema), partial)
        partial.replace(path)


def _document(where: str, row: dict[str, Any], corpus: CorpusName | None) -> Document:
    given = {OTHERS.get(key, key): value for key, value in row.items() if value is not None}
    given = {key: value for key, value in given.items() if key in Document.model_fields}
    if isinstance(given.get("facts"), str):
        given["facts"] = [given["facts"]]
    if not given.get("text") and not given.get("episode"):
        raise DataError(f"{where}: key 'text' is missing or empty; a document needs a text or an episode")
    if "corpus" not in given and corpus is None:
        raise DataError(f"{where}: key 'corpus' is missing; add it, or name the corpus with --corpus")
    given = {"corpus": corpus, "text": "", "tokens": 0, "id": ""} | given
    try:
        document = Document.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise DataError(f"{where}: key {key!r}: {first['msg']}; correct the row") from error
    return document.model_copy(
        update={
            "id": document.id or content_id(document.whole),
            "tokens": document.tokens or token_estimate(document.whole),
        }
    )


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; name a file of documents") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text; write the documents as JSON lines in UTF-8") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
            json.dumps(row, ensure_ascii=False).encode()  # an escaped half of a surrogate pair is no text
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: not JSON: {error}; write one JSON object a line") from error
        if not isinstance(row, dict):
            raise DataError(f"{where}: not a JSON object; write one JSON object a line")
        yield where, row


def _parquet_rows(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped]

    try:
        rows = [row for batch in ParquetFile(path).iter_batches() for row in batch.to_pylist()]
    except (OSError, ArrowException) as error:
        first = str(error).split("\n")[0]
        raise DataError(f"{path}: cannot be read as Parquet: {first}; name a whole file") from error
    return [(f"{path}, row {number}", row) for number, row in enumerate(rows, 1)]
