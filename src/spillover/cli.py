"""The command line: reads options, calls the rooms, turns errors into one line and an exit code.

Everything heavy is imported by the command that needs it, so that help and input errors are instant.
"""

import os
import shlex
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, NoReturn, ParamSpec

import typer
from rich.console import Console

from spillover import __version__
from spillover.core.config import load_study, shipped_studies
from spillover.core.errors import SpilloverError, disk_full

P = ParamSpec("P")
INTERRUPTED = 130

app = typer.Typer(
    name="spillover",
    help="Does learning to cheat coding tests spill over into misalignment, and what stops it?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
bottle_app = typer.Typer(help="The built-in model organism, small enough for a laptop.", no_args_is_help=True)
app.add_typer(bottle_app, name="bottle")

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Unsandboxed = Annotated[
    bool,
    typer.Option(
        "--allow-unsandboxed",
        help="Run model-written code even where this machine offers no isolation. Only in a throwaway machine.",
    ),
]


def main() -> None:
    """Entry point of the command `spillover`."""
    # Torch's threads wait for each other by spinning. Long spins make a step many times slower on a busy machine,
    # no spinning a third slower on an idle one; this many turns (some 20 microseconds) cost neither much.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    app()


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


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"spillover {__version__}")
        raise typer.Exit


@app.command()
@one_line_errors
def run(
    study: Annotated[str, typer.Argument(help="A study file, or the name of a shipped study (see `studies`).")],
    out: Annotated[Path | None, typer.Option(help="Run directory.", show_default="runs/NAME")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on in an existing run directory.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting: rl.steps=20, arms.NAME.rl.steps=20."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the resolved study and the plan; run nothing.")] = (
        False
    ),
    allow_unsandboxed: Unsandboxed = False,
    debug: Debug = False,
) -> None:
    """Train and measure every arm of a study, then write its report.

    A study that was stopped goes on with --resume and ends with the numbers it would have had.
    """
    del debug
    resolved = load_study(study, overrides or [])
    folder = out or Path("runs") / resolved.name
    from spillover.study.plan import describe, plan

    if dry_run:
        typer.echo(resolved.model_dump_json(indent=2))
        for line in [*describe(plan(resolved)), f"run directory: {folder}"]:
            typer.echo(line, err=True)
        return
    from spillover.report import write_report
    from spillover.study import run_study
    from spillover.study.live import make_listener

    listener = make_listener(Console())
    try:
        run_study(resolved, folder, resume=resume, listener=listener, allow_unsandboxed=allow_unsandboxed)
        listener.study_finished(write_report(folder))
    except KeyboardInterrupt:
        listener.close()
        sets = [part for override in overrides or [] for part in ("--set", override)]
        where = ["--out", str(out)] if out else []
        again = shlex.join(["spillover", "run", study, *where, *sets, "--resume"])
        typer.echo(f"stopped; go on with: {again}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        listener.close()


@app.command()
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


@app.command()
@one_line_errors
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run directory.")],
    debug: Debug = False,
) -> None:
    """Write a run's report anew, as one HTML file that opens offline."""
    del debug
    from spillover.report import write_report

    typer.echo(write_report(folder))


@app.command(name="eval")
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


@app.command()
@one_line_errors
def studies() -> None:
    """List the studies that come with the package."""
    for name, path in shipped_studies().items():
        typer.echo(f"{name:16} {load_study(str(path)).title}")


@app.command()
@one_line_errors
def doctor() -> None:
    """Show what this machine offers: isolation layers, versions, cores, disk."""
    from spillover.study.doctor import facts

    for name, value in facts():
        typer.echo(f"{name:14} {value}")


@bottle_app.command()
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


@bottle_app.command()
@one_line_errors
def card(debug: Debug = False) -> None:
    """Show the model card of the shipped bottle."""
    del debug
    from spillover.models.bottle import WEIGHTS
    from spillover.models.bottle.card import card as bottle_card

    typer.echo(bottle_card(WEIGHTS))


def _fail(message: str, code: int) -> NoReturn:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(code)
