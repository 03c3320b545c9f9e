"""Commands about graders."""

from pathlib import Path
from typing import Annotated

import typer

from spillover.cli.common import Debug, Unsandboxed, one_line_errors


@one_line_errors
def grade(
    batch: Annotated[Path, typer.Option(help="JSON lines, each with problem, completion and harness.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes that grade at the same time.")] = 2,
    wall_seconds: Annotated[float, typer.Option(min=0.1, help="Wall-clock limit of one graded run.")] = 10.0,
    allow_unsandboxed: Unsandboxed = False,
    debug: Debug = False,
) -> None:
    """Grade completions with the vulnerable grader and with the trusted one.

    Writes one JSON object a line, in the order of the input: what each grader says, whether the
    completion hacked, and how.
    """
    del debug
    from spillover.coding.batch import grade_batch

    for line in grade_batch(batch, workers=workers, wall_seconds=wall_seconds, allow_unsandboxed=allow_unsandboxed):
        typer.echo(line)
