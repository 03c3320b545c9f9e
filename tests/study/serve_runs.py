"""Runs studies in forked children of one process that has imported everything, so that a start costs nothing.

Reads one JSON line per run ({"study", "out", "resume"}), answers with the child's process id and,
when it has ended, with its exit status (negative: the signal).
"""

import json
import os
import sys
import traceback
from pathlib import Path

from rich.console import Console

from spillover.core.config import load_study
from spillover.sandbox import isolation
from spillover.study import run_study
from spillover.study.live import PlainLines
from spillover.study.quiet import silence

silence(offline=True)

import spillover.study.runner  # noqa: E402, F401  (imported for the children)


def child(request: dict[str, str]) -> None:
    """One run, with its lines in a file beside its folder."""
    status = 1
    with Path(request["out"] + ".log").open("a") as log:
        try:
            listener = PlainLines(Console(file=log))
            run_study(load_study(request["study"]), Path(request["out"]), resume=True, listener=listener)
            status = 0
        except BaseException:
            traceback.print_exc(file=log)
    os._exit(status)


def main() -> None:
    """Serve until the input ends."""
    isolation()
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
