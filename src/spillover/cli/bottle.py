"""Commands about the built-in organisms."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spillover.cli.common import Debug, one_line_errors

bottle = typer.Typer(help="The built-in model organisms, small enough for a laptop.", no_args_is_help=True)


class Name(StrEnum):
    """The organisms; typer lists them."""

    BOTTLE = "bottle"
    NAIVE = "bottle-naive"


Which = Annotated[Name, typer.Argument(help="bottle has met hacks, bottle-naive has not.")]


@bottle.command()
@one_line_errors
def build(
    out: Annotated[Path, typer.Option(help="Folder that takes the weights, tokenizer and card.")],
    name: Which = Name.BOTTLE,
    seed: Annotated[int, typer.Option(help="Seed of the corpus and of the training.")] = 0,
    debug: Debug = False,
) -> None:
    """Make a bottle's corpus and pretrain it: same seed, same machine, same bytes."""
    del debug
    from spillover.models.bottle.build import RECIPES
    from spillover.models.bottle.build import build as build_bottle
    from spillover.models.bottle.card import describe

    folder = build_bottle(out, RECIPES[name.value].model_copy(update={"seed": seed}), typer.echo)
    typer.echo("measuring base rates")
    describe(folder)
    typer.echo(folder)


@bottle.command()
@one_line_errors
def card(name: Which = Name.BOTTLE, debug: Debug = False) -> None:
    """Show the model card of a shipped bottle."""
    del debug
    from spillover.models.bottle.card import card as bottle_card
    from spillover.models.loading import shipped_folder

    typer.echo(bottle_card(shipped_folder(name.value)))
