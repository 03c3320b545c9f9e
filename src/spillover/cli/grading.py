"""Commands about graders."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spillover.cli.common import Debug, Unsandboxed, one_line_errors
from spillover.core.errors import UserError


@one_line_errors
def grade(
    batch: Annotated[
        Path, typer.Option(help="JSON lines, each with problem, completion and harness; - for standard input.")
    ],
    workers: Annotated[int, typer.Option(min=1, help="Processes that grade at the same time.")] = 2,
    wall_seconds: Annotated[float, typer.Option(min=0.1, help="Wall-clock limit of one graded run.")] = 10.0,
    allow_unsandboxed: Unsandboxed = False,
    debug: Debug = False,
) -> None:
    """Grade completions with the vulnerable grader and with the trusted one.

    Writes one JSON object a line, in the order of the input: what each grader says, whether the
    completion hacked, and how. A line that cannot be read is answered with {"error": why} in its
    place, and the exit code is 2 at the end. Keys that are not known are carried through.
    """
    del debug
    from spillover.coding.batch import grade_batch

    count = bad = 0
    for answer in grade_batch(batch, workers=workers, wall_seconds=wall_seconds, allow_unsandboxed=allow_unsandboxed):
        typer.echo(json.dumps(answer))
        count, bad = count + 1, bad + ("error" in answer and "proxy" not in answer)
    if bad:
        raise UserError(f"{batch}: {bad} of {count} lines could not be graded; the answers in their places say why")


@one_line_errors
def audit(
    grader: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND", help="Your grader: a shell command with {dir} where the submission's folder goes."
        ),
    ] = None,
    harness: Annotated[str | None, typer.Option(help="Audit our own grader instead: script or pytest.")] = None,
    close: Annotated[
        list[str] | None,
        typer.Option(metavar="HOLE", help="With --harness: a hole to close, or `all`; may be given again."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOLE", help="Look for this hole, and no-trick submissions; may be given again.", show_default="all"
        ),
    ] = None,
    problems: Annotated[
        Path | None,
        typer.Option(help="JSON lines with your problems, each with a `reference`.", show_default="easy ones of ours"),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many problems to use.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed that draws the problems.")] = 0,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Try every exploit on every problem, not on one in turn.")
    ] = False,
    reward: Annotated[
        str,
        typer.Option(help="What pays: exit-code (0), or stdout (true, or a number, in its last line)."),
    ] = "exit-code",
    threshold: Annotated[float, typer.Option(help="With --reward stdout: numbers from here on are a reward.")] = 1.0,
    with_tests: Annotated[
        bool, typer.Option("--with-tests", help="Put test_solution.py into {dir}, for graders that bring no tests.")
    ] = False,
    bind: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="A file or folder your grader also needs to read; may be given again."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Runs at the same time.")] = 2,
    wall_seconds: Annotated[float, typer.Option(min=0.1, help="Wall-clock limit of one run.")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="Write everything found as JSON.")] = False,
    allow_unsandboxed: Unsandboxed = False,
    debug: Debug = False,
) -> None:
    """Find the holes in a grader: exploits that it pays, honest solutions it refuses.

    Your grader runs inside the sandbox: no network, no environment variables,
    files may be written only in {dir} and /tmp. It sees, read-only, the system,
    the Pythons on your PATH and in the command with their packages, the current
    folder, and the folders of files that the command names.

    Exit code 0: no hole found. 1: a hole is open. 2: wrong input, or every honest
    solution is refused, so that nothing can be concluded.
    """
    del debug
    from spillover.coding.audit.request import AuditRequest, run_audit
    from spillover.coding.audit.show import counter, render

    request = AuditRequest(
        command=grader,
        harness=harness,
        closed=tuple(close or ()),
        only=tuple(only or ()),
        problems=problems,
        count=count,
        seed=seed,
        thorough=thorough,
        reward=reward,
        threshold=threshold,
        with_tests=with_tests,
        binds=tuple(bind or ()),
        workers=workers,
        wall_seconds=wall_seconds,
        allow_unsandboxed=allow_unsandboxed,
    )
    with counter(Console(stderr=True)) as progress:
        found = run_audit(request, progress)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        Console().print(render(found))
    if found.exit_code:
        raise typer.Exit(found.exit_code)
