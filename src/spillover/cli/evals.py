"""Commands that measure models."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spillover.cli.common import Debug, one_line_errors


@one_line_errors
def evaluate(
    model: Annotated[str, typer.Argument(help="bottle, smollm2, a folder, or a Hugging Face id.")],
    adapter: Annotated[str | None, typer.Option(help="A LoRA adapter to put on it.")] = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--eval", metavar="NAME", help="Only this evaluation; may be given again.", show_default="all six"
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="rules, self, or an Inspect model name.", show_default="rules for the bottle, self for others"
        ),
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Samples per evaluation.")] = 50,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Longest response.", show_default="110 for the bottle, 1024 for others")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sampling.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Where scores and transcripts go.", show_default="runs/eval-MODEL")
    ] = None,
    debug: Debug = False,
) -> None:
    """Measure a model with the six core evaluations and show their rates and MGS."""
    del debug
    from spillover.study.single import EvalRequest, evaluate_model

    request = EvalRequest(
        model=model,
        adapter=adapter,
        names=tuple(names or ()),
        judge=judge,
        samples=samples,
        max_tokens=max_tokens,
        seed=seed,
        out=out,
    )
    Console().print(evaluate_model(request))
