"""Commands about judges."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spillover.cli.common import Debug, one_line_errors
from spillover.core.errors import ConfigError

judge = typer.Typer(help="Judges: measure any of them, train the small one.", no_args_is_help=True)


@judge.command()
@one_line_errors
def check(
    name: Annotated[
        str,
        typer.Option("--judge", help="rules, classifier[:FOLDER], smollm2, a folder, or Inspect's PROVIDER/MODEL."),
    ] = "classifier",
    part: Annotated[
        str, typer.Option(help="tune (judges may be tuned on it), held-out (they may not), or all.")
    ] = "held-out",
    on: Annotated[
        str, typer.Option(help="transcripts of the six evaluations, or documents of synthetic corpora.")
    ] = "transcripts",
    cache: Annotated[
        Path | None, typer.Option(help="Keep a model's verdicts here, so that a second check asks for new ones only.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON in place of tables.")] = False,
    debug: Debug = False,
) -> None:
    """Measure a judge on the golden set: agreement with the labels, what it left unscored, where it disagrees."""
    del debug
    from spillover.study.judging import check_judge, check_reader, tables

    if on not in ("transcripts", "documents"):
        raise ConfigError(f"--on {on!r}: judges are measured on transcripts or on documents")
    found = (check_reader if on == "documents" else check_judge)(name, part, cache)
    if as_json:
        typer.echo(json.dumps(found.as_data(), indent=2))
        return
    for table in tables(found, part):
        Console().print(table)


@judge.command()
@one_line_errors
def train(
    out: Annotated[
        Path, typer.Option(help="Folder that takes the weights; classifier:FOLDER is then the judge.")
    ] = Path("runs/judge"),
    seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
    debug: Debug = False,
) -> None:
    """Train the judge `classifier` on the golden set's first part: same seed, same machine, same weights."""
    del debug
    from spillover.study.judging import train_classifier

    typer.echo(train_classifier(out, seed, typer.echo))
