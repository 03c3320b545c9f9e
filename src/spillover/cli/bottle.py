"""Commands about the built-in organism."""

from pathlib import Path
from typing import Annotated

import typer

from spillover.cli.common import Debug, one_line_errors

bottle = typer.Typer(help="The built-in model organism, small enough for a laptop.", no_args_is_help=True)


@bottle.command()
@one_line_errors
def build(
    out: Annotated[Path, typer.Option(help="Folder that takes the weights, tokenizer and card.")],
    seed: Annotated[int, typer.Option(help="Seed of the corpus and of the training.")] = 0,
    debug: Debug = False,
) -> None:
    """Make the bottle's corpus and pretrain it: same seed, same machine, same bytes."""
    del debug
    from spillover.models.bottle.build import Recipe
    from spillover.models.bottle.build import build as build_bottle
    from spillover.models.bottle.card import describe

    folder = build_bottle(out, Recipe(seed=seed), typer.echo)
    typer.echo("measuring base rates")
    describe(folder)
    typer.echo(folder)


@bottle.command()
@one_line_errors
def card(debug: Debug = False) -> None:
    """Show the model card of the shipped bottle."""
    del debug
    from spillover.models.bottle import WEIGHTS
    from spillover.models.bottle.card import card as bottle_card

    typer.echo(bottle_card(WEIGHTS))
