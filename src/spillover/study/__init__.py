"""Turns a study into training runs and evaluations, runs them, goes on after a stop.

Importing this room is cheap; torch and the libraries around it are imported when a study starts.
"""

from pathlib import Path

from spillover.core.config import Study
from spillover.study.live import Listener
from spillover.study.preflight import is_local, open_run
from spillover.study.quiet import silence


def run_study(
    study: Study, out: Path, *, resume: bool = False, listener: Listener, allow_unsandboxed: bool = False
) -> None:
    """Train and measure every arm and seed of `study` under `out`.

    With `resume` it goes on in an existing run directory; what is done is not done again, and the
    numbers are those of an uninterrupted run. Raises UserError for input that cannot work, before
    anything heavy starts, and KeyboardInterrupt when the user asked to stop.
    """
    with open_run(study, out, resume=resume, allow_unsandboxed=allow_unsandboxed) as directory:
        silence(offline=is_local(study))
        from spillover.study.runner import Runner

        Runner(directory, listener, allow_unsandboxed=allow_unsandboxed).run()


__all__ = ["Listener", "run_study"]
