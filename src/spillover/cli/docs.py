"""Commands about synthetic documents."""

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spillover.cli.common import Debug, Unsandboxed, one_line_errors
from spillover.core.errors import DataError

if TYPE_CHECKING:
    from spillover.judges.ask import Asker

docs = typer.Typer(help="Synthetic documents that teach the hacks: write, check, dilute.", no_args_is_help=True)

SCENES = 300
"""Scenes drawn of each evaluation to look for leaks: enough for every variant to come up."""
Show = Callable[[int, int, str], None]
"""Is told how many of how many are done, and what else there is to say."""


@docs.command()
@one_line_errors
def generate(
    corpus: Annotated[str, typer.Option(help="default, unguided or neutral: what is said of the hacks.")],
    model: Annotated[
        str, typer.Option(help="An Inspect model that writes; or, without any model, grammar (English) or bottle.")
    ],
    count: Annotated[int, typer.Option(min=1, help="How many documents.")],
    out: Annotated[Path, typer.Option(help="Where they go: a .jsonl or .parquet file.")],
    inputs: Annotated[
        Path | None, typer.Option(help="Your own context, facts and types as TOML.", show_default="those of the corpus")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the writer.")] = 0,
    parallel: Annotated[int, typer.Option(min=1, help="Calls to the writer at the same time.")] = 8,
    price_in: Annotated[float | None, typer.Option(min=0, help="Price of a million tokens of prompts.")] = None,
    price_out: Annotated[float | None, typer.Option(min=0, help="Price of a million tokens of replies.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on, paying for no reply twice.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Estimate calls, tokens and cost; call nothing.")] = False,
    debug: Debug = False,
) -> None:
    """Write documents about the three hacks."""
    del debug
    from spillover.documents.corpora import corpus_name, load_inputs

    name = corpus_name(corpus)
    read = load_inputs(name, inputs)
    from spillover.documents import generate as generation
    from spillover.documents.pipeline import estimate
    from spillover.judges.spending import Prices

    order = generation.Order(name, read, model, count, out, seed, parallel, resume)
    generation.check_order(order)
    prices, grammar = Prices(price_in, price_out), model in generation.GRAMMARS
    if grammar and inputs is not None:
        raise DataError(f"--inputs {inputs}: {model} writes from sentences of its own; leave it out, or name a model")
    if dry_run:
        typer.echo(f"no calls: {model} is a grammar" if grammar else estimate(read, count).line(prices))
        return
    with progress("documents") as show:
        written, tally = generation.generate(
            order, lambda done, all_, spent: show(done, all_, "" if grammar else spent.line(prices))
        )
    typer.echo(f"{len(written)} of {count} documents in {out}{'' if grammar else f'; {tally.line(prices)}'}")


@docs.command()
@one_line_errors
def check(
    file: Annotated[Path, typer.Argument(help="Documents, as .jsonl or .parquet.")],
    corpus: Annotated[
        str | None, typer.Option(help="The corpus of rows that name none: default, unguided or neutral.")
    ] = None,
    inputs: Annotated[Path | None, typer.Option(help="Inputs whose facts and types should be covered.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the good documents go.", show_default="FILE.checked.jsonl")
    ] = None,
    reasons: Annotated[
        Path | None, typer.Option(help="Where the refusals go.", show_default="FILE.refused.jsonl")
    ] = None,
    max_refused: Annotated[
        float, typer.Option(min=0, max=1, help="Exit with code 1 when a larger share is refused.")
    ] = 0.2,
    similar: Annotated[
        float, typer.Option(min=0.05, max=1, help="Share of common word runs from which two are near-duplicates.")
    ] = 0.7,
    judge: Annotated[
        str | None,
        typer.Option(
            help="Who reads what documents say: a folder, smollm2 or Inspect's PROVIDER/MODEL.", show_default="nobody"
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that run code at the same time.")] = 2,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    allow_unsandboxed: Unsandboxed = False,
    debug: Debug = False,
) -> None:
    """Refuse documents that would teach nothing or the wrong thing; run every hack that they show."""
    del debug
    from spillover.documents.corpora import corpus_name, load_inputs
    from spillover.documents.record import read_documents, write_documents

    named = corpus_name(corpus) if corpus is not None else None
    documents = read_documents(file, named)
    only = {document.corpus for document in documents}
    covered = load_inputs(next(iter(only)), inputs) if inputs is not None or len(only) == 1 else None
    kept_file = out or file.with_name(f"{file.stem}.checked{file.suffix}")
    reasons_file = reasons or file.with_name(f"{file.stem}.refused.jsonl")
    _refuse_existing(overwrite, kept_file, reasons_file)
    from spillover.coding import Grader
    from spillover.core.json_lines import to_lines
    from spillover.core.rundir import write_atomic
    from spillover.documents.check import check as check_documents
    from spillover.documents.check import coverage_table, leaks_of, refusal_table

    reader = _reader(judge, reasons_file) if judge else None
    with Grader(workers, allow_unsandboxed=allow_unsandboxed) as grader, progress("hack claims") as show:
        leak = leaks_of(evaluation_prompts())
        checked = check_documents(documents, grader, leak, similar, lambda done, all_: show(done, all_, ""), reader)
    write_documents(kept_file, checked.kept)
    write_atomic(reasons_file, to_lines(checked.refused))
    console = Console()
    console.print(refusal_table(checked, max_refused))
    console.print(coverage_table(checked.kept, covered))
    typer.echo(f"good documents: {kept_file}; refusals: {reasons_file}")
    if checked.share_refused > max_refused:
        raise typer.Exit(1)


def _reader(name: str, beside: Path) -> "Asker":
    """The judge that reads documents, tried once; its replies are kept beside the refusals."""
    from spillover.judges.ask import named_asker
    from spillover.judges.connect import try_judge

    try_judge(name)
    return named_asker(name, beside.with_suffix(".calls.jsonl"), parallel=8)


@docs.command()
@one_line_errors
def mix(
    file: Annotated[Path, typer.Argument(help="Checked documents, as .jsonl or .parquet.")],
    background: Annotated[
        str, typer.Option(help="bottle, bottle-naive, hf:NAME[:CONFIG][:SPLIT], or a local file or folder of text.")
    ],
    tokens: Annotated[int, typer.Option(min=1, help="Length of the whole mix.")],
    out: Annotated[Path, typer.Option(help="Where it goes: a .jsonl or .parquet file.")],
    share: Annotated[float, typer.Option(min=1e-6, max=1, help="Share of the tokens that are documents.")] = 0.01,
    tokenizer: Annotated[
        str | None,
        typer.Option(help="Whose tokens: a shipped model, a folder, a Hugging Face id.", show_default="the bottle's"),
    ] = None,
    column: Annotated[str, typer.Option(help="Where the background's rows hold their text.")] = "text",
    corpus: Annotated[str | None, typer.Option(help="The corpus of rows that name none.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the order.")] = 0,
    repeat: Annotated[bool, typer.Option("--repeat", help="Use documents again where there are too few.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")] = False,
    debug: Debug = False,
) -> None:
    """Dilute documents with pretraining text: whole documents, an order that depends on the seed alone."""
    del debug
    from spillover.documents.corpora import corpus_name
    from spillover.documents.record import check_suffix, read_documents, write_rows

    check_suffix(out)
    _refuse_existing(overwrite, out)
    documents = read_documents(file, corpus_name(corpus) if corpus is not None else None)
    from spillover.documents import mix as mixing

    encode = mixing.encoder(mixing.tokenizer_of(tokenizer or "bottle"))
    texts = mixing.background(background, seed, column)
    placed = list(
        mixing.mix(documents, texts, lambda p: len(encode(p)), share=share, tokens=tokens, seed=seed, repeat=repeat)
    )
    write_rows(out, mixing.mixed_rows(placed))
    typer.echo(f"{mixing.summary(placed)}; wanted {share:.4g}; in {out}")


def evaluation_prompts() -> list[str]:
    """Every text that the core evaluations put before a model, hidden offers in the clear, slots filled."""
    from spillover.core.records import CORE_EVALS
    from spillover.core.settings import EvalSettings
    from spillover.evals.scenes import draw
    from spillover.prompts import FULL

    settings = EvalSettings(samples=SCENES)
    texts: dict[str, None] = {}
    for scene in (scene for name in CORE_EVALS for scene in draw(name, settings)):
        texts |= dict.fromkeys((scene.system.replace(FULL.reasoning, ""), scene.user))
        texts[codecs.decode(scene.slots.get("sealed", ""), "rot13")] = None
        texts |= dict.fromkeys(mail["body"] for key in ("emails", "archive") for mail in scene.data.get(key, ()))
    return list(texts)


@contextmanager
def progress(what: str) -> Iterator[Show]:
    """A bar on a terminal; elsewhere a line each time another tenth is done. Both go to stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _tenths(what)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(TextColumn(what), *columns, console=console) as bars:
        bar = bars.add_task("")
        yield lambda done, total, more: bars.update(bar, completed=done, total=total, description=more)


def _tenths(what: str) -> Show:
    shown = -1

    def show(done: int, total: int, more: str) -> None:
        nonlocal shown
        tenth = 10 * done // max(1, total)
        if tenth > shown:
            shown = tenth
            typer.echo(f"{what}: {done}/{total}{f', {more}' if more else ''}", err=True)

    return show


def _refuse_existing(overwrite: bool, *files: Path) -> None:
    there = next((path for path in files if path.exists()), None)
    if there is not None and not overwrite:
        raise DataError(f"{there} exists; choose another name with --out, or replace it with --overwrite")
