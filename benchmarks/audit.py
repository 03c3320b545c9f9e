"""How long an audit takes, for a grader of each form.

    python benchmarks/audit.py [FORM_STATE ...]

Prints the seconds on the clock, those of processor time in all processes of the audit, and what was found. On a
machine that others use too, processor seconds divided by the number of workers (2) tell what an idle one would take.
"""

import os
import sys
import threading
import time
from pathlib import Path

from spillover.coding.audit import AuditRequest, run_audit

GRADERS = Path(__file__).parent.parent / "tests" / "data" / "graders"
USUAL = ("exit_code_half", "junit_open", "junit_half", "junit_closed", "evalplus_half", "swebench_half")
TICKS = os.sysconf("SC_CLK_TCK")


class Processor:
    """Adds up the processor time of this process and of all that it starts, however they end."""

    def __init__(self) -> None:
        self._seen: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Processor":
        self._first = time.process_time()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """So far."""
        return time.process_time() - self._first + sum(self._seen.values())

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            parents, used = {}, {}
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    fields = (folder / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                parents[int(folder.name)] = int(fields[1])
                used[int(folder.name)] = sum(map(int, fields[11:15])) / TICKS
            ours = {os.getpid()}
            while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
                ours |= more
            # A job's time is its worker's as soon as it has ended; while it runs it is left out.
            workers = {pid for pid in ours if self._depth(pid, parents) <= 3} - {os.getpid()}
            self._seen |= {pid: used[pid] for pid in workers}

    @staticmethod
    def _depth(pid: int, parents: dict[int, int]) -> int:
        depth = 0
        while pid != os.getpid():
            pid, depth = parents[pid], depth + 1
        return depth


def main(names: list[str]) -> None:
    """Audit each grader and print a line of a table."""
    os.chdir(GRADERS)
    print("| grader | verdict | runs | seconds | processor seconds | open holes |")
    print("|---|---|---|---|---|---|")
    for name in names or USUAL:
        started = time.perf_counter()
        with Processor() as processor:
            found = run_audit(AuditRequest(command=f"{sys.executable} {name}.py {{dir}}"))
        seconds = time.perf_counter() - started
        holes = ", ".join(hole.name for hole in found.holes if hole.open) or "none"
        print(
            f"| {name} | {found.verdict} | {found.runs} | {seconds:.1f} | {processor.seconds:.1f} | {holes} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
