"""What every command shares: options, and errors as one line with an exit code."""

import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Annotated, NoReturn, ParamSpec

import typer

from spillover.core.errors import SpilloverError, disk_full

P = ParamSpec("P")

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Unsandboxed = Annotated[
    bool,
    typer.Option(
        "--allow-unsandboxed",
        help="Run model-written code even where this machine offers no isolation. Only in a throwaway machine.",
    ),
]


def one_line_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Let `command` end in one line on stderr and exit code 1 or 2; a traceback only with --debug."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if kwargs.get("debug"):
                traceback.print_exc()
            known = error if isinstance(error, SpilloverError) else disk_full(error)
            if known is not None:
                _fail(str(known), known.exit_code)
            _fail(f"unexpected {type(error).__name__}: {error} (run again with --debug for the traceback)", 1)

    return wrapped


def _fail(message: str, code: int) -> NoReturn:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(code)
