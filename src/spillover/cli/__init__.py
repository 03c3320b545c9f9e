"""The command line: reads options, calls the rooms, turns errors into one line and an exit code.

Everything heavy is imported by the command that needs it, so that help and input errors are instant.
"""

import os
from typing import Annotated

import typer

from spillover import __version__
from spillover.cli.bottle import bottle
from spillover.cli.docs import docs
from spillover.cli.evals import compare, evaluate
from spillover.cli.grading import audit, grade
from spillover.cli.judge import judge
from spillover.cli.studies import doctor, report, run, studies

app = typer.Typer(
    name="spillover",
    help="Does learning to cheat coding tests spill over into misalignment, and what stops it?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(run)
app.command()(report)
app.command(name="eval")(evaluate)
app.command()(compare)
app.command()(grade)
app.command()(audit)
app.command()(studies)
app.command()(doctor)
app.add_typer(bottle, name="bottle")
app.add_typer(docs, name="docs")
app.add_typer(judge, name="judge")


def main() -> None:
    """Entry point of the command `spillover`."""
    # Torch's threads wait for each other by spinning. Long spins make a step many times slower on a busy machine,
    # no spinning a third slower on an idle one; this many turns (some 20 microseconds) cost neither much.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    app()


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"spillover {__version__}")
        raise typer.Exit
