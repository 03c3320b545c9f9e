"""Generation from start to file: which writer, what it costs beforehand, what may be overwritten."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from spillover.core.errors import DataError, JudgeError, ModelError, SpilloverError
from spillover.documents.bottle_writer import NAME as BOTTLE
from spillover.documents.bottle_writer import write_for_bottle
from spillover.documents.corpora import Inputs
from spillover.documents.pipeline import Listener, write
from spillover.documents.plain_writer import NAME as GRAMMAR
from spillover.documents.plain_writer import write_plain
from spillover.documents.record import CorpusName, Document, check_suffix, write_documents
from spillover.judges.ask import Asker, named_asker
from spillover.judges.connect import HERE, providers
from spillover.judges.spending import Spent

GRAMMARS = {GRAMMAR: write_plain, BOTTLE: write_for_bottle}
"""Writers that need no model. They write from their own sentences and not from the corpus's inputs."""


@dataclass(frozen=True)
class Order:
    """What to write, and where to."""

    corpus: CorpusName
    inputs: Inputs
    model: str
    """An Inspect model, or one of GRAMMARS."""
    count: int
    out: Path
    seed: int = 0
    parallel: int = 8
    resume: bool = False


def generate(order: Order, listener: Listener = lambda *_: None) -> tuple[list[Document], Spent]:
    """Write the documents of an order to its file; returns them with what was spent.

    The same order gives the same documents. Raises DataError where the file exists and the order does not
    say `resume`, ModelError for a writer that cannot be used, SpilloverError where it wrote nothing.
    """
    check_order(order)
    if order.model in GRAMMARS:
        documents, spent = list(GRAMMARS[order.model](order.corpus, order.count, order.seed)), Spent()
        listener(order.count, order.count, spent)
    else:
        order.out.parent.mkdir(parents=True, exist_ok=True)
        writer = writer_of(order)
        spent = writer.spent
        try:
            documents = asyncio.run(write(order.inputs, order.corpus, order.count, writer, listener))
        except JudgeError as error:
            raise SpilloverError(f"{error}; what was written is kept, go on with --resume") from error
    if not documents:
        raise SpilloverError(
            f"{order.model} wrote no document that can be used ({_worst(spent)}); try another writer, or look into "
            f"{cache_file(order.out)}"
        )
    write_documents(order.out, documents)
    return documents, spent


def writer_of(order: Order) -> Asker:
    """The writer model of an order. Raises ModelError where Inspect knows none or it lacks a package or key."""
    if order.model.partition("/")[0] not in (*HERE, *providers()):
        raise ModelError(f"--model {order.model!r}: no such provider; name an Inspect model, grammar or bottle")
    return named_asker(
        order.model, cache_file(order.out), role="writer", parallel=order.parallel, temperature=1.0, seed=order.seed
    )


def cache_file(out: Path) -> Path:
    """Where the replies behind an output file are kept."""
    return out.with_name(out.name + ".calls.jsonl")


def check_order(order: Order) -> None:
    """Raise DataError where an order's file cannot be written: no such kind, or there already."""
    check_suffix(order.out)
    if order.resume:
        return
    there = next((path for path in (order.out, cache_file(order.out)) if path.exists()), None)
    if there is not None:
        raise DataError(f"{there} exists; go on with --resume, or choose another name with --out")


def _worst(spent: Spent) -> str:
    return ", ".join(f"{count} x {kind}" for kind, count in spent.failures.most_common(3)) or "no reply"
