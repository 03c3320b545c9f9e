"""Commands that run a study and show what it found."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spillover.cli.common import Debug, Unsandboxed, one_line_errors
from spillover.core.config import load_study, shipped_studies
from spillover.core.errors import ConfigError

INTERRUPTED = 130


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

    A study that was stopped goes on with --resume and, on the same machine, ends with the numbers it would have had.
    """
    del debug
    resolved = load_study(study, overrides or [])
    folder = out or Path("runs") / resolved.name
    if dry_run:
        from spillover.study.plan import describe
        from spillover.study.preflight import check_study

        check_study(resolved)
        typer.echo(resolved.model_dump_json(indent=2))
        for line in [*describe(resolved), f"run directory: {folder}"]:
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


@one_line_errors
def report(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="A run directory, or a folder of `eval`; or several run directories."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where it goes.", show_default="DIR/report/index.html")
    ] = None,
    debug: Debug = False,
) -> None:
    """Write the report of a run, or of one evaluated model, as one HTML file that opens offline.

    Several run directories give one page with a column each, the prompted setting beside SDF for instance.
    """
    del debug
    from spillover.report import write_beside, write_report

    if len(folders) == 1:
        typer.echo(write_report(folders[0], out))
    elif out is None:
        raise ConfigError("several runs on one page need a place for it; add --out FILE.html")
    else:
        typer.echo(write_beside(folders, out))


@one_line_errors
def studies() -> None:
    """List the studies that come with the package."""
    for name, path in shipped_studies().items():
        typer.echo(f"{name:16} {load_study(str(path)).title}")


@one_line_errors
def doctor() -> None:
    """Show what this machine offers: isolation layers, versions, cores, disk."""
    from spillover.study.doctor import facts

    for name, value in facts():
        typer.echo(f"{name:14} {value}")
