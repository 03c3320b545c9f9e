"""Runs a study: each training is made once, and every checkpoint measured once.

Nothing is held in memory that a later session would need: what is done is read off the run
directory, so a run goes on from wherever it was stopped, on the same machine with the numbers it
would have had. A training that fails takes what starts from it along; the rest of the study goes on.
"""

from contextlib import ExitStack

import torch

from spillover.coding import Grader
from spillover.core.errors import DiskFullError, SpilloverError, StagesError
from spillover.core.rundir import RunDir
from spillover.core.settings import EnvironmentSettings
from spillover.models import LoadedModel
from spillover.study.live import Listener
from spillover.study.plan import Unit, plan
from spillover.study.preflight import warn_of_little_space
from spillover.study.provenance import processor, weights_digest
from spillover.study.stopping import StopRequest
from spillover.study.work import Work


class Runner:
    """One session on a study."""

    def __init__(self, directory: RunDir, listener: Listener, *, allow_unsandboxed: bool = False) -> None:
        self.directory, self.listener, self.stop = directory, listener, StopRequest()
        self._study = directory.study
        self._allow_unsandboxed = allow_unsandboxed
        self._graders: dict[tuple[int, float], Grader] = {}
        self._failed: dict[tuple[str, int], SpilloverError] = {}
        self._open = ExitStack()

    def run(self) -> None:
        """All trainings, each after those that it needs; what failed is raised at the end."""
        units = plan(self._study)
        warn_of_little_space(self.directory.path, self.listener)
        if self._study.threads:
            torch.set_num_threads(self._study.threads)
        self.directory.note(threads=torch.get_num_threads(), processor=processor())
        self.listener.study_started(self._study, units)
        finished = False
        try:
            with self.stop, self._open:
                for unit in units:
                    self._run(unit)
            finished = not self._failed
        finally:
            self.directory.close_session(finished=finished)
        self._raise_failures()

    def _run(self, unit: Unit) -> None:
        """Train and measure one unit as far as that is not done; what fails is noted and ends this unit alone."""
        work = Work(self, unit)
        if any((node.key, unit.seed) in self._failed for node in (unit.node.start, *unit.node.uses) if node):
            self._fail(unit, work, MissingStartError(f"what {unit.node.key} starts from failed"))
            return
        self.listener.stage_started(unit, max(work.run.checkpoints(), default=0))
        try:
            work.go_on()
        except DiskFullError:
            raise
        except SpilloverError as error:
            self._fail(unit, work, error)
            return
        if "failed" in work.run.facts:
            work.run.note(failed=None)
        self.listener.stage_finished()

    def _fail(self, unit: Unit, work: Work, error: SpilloverError) -> None:
        self._failed[unit.node.key, unit.seed] = error
        work.run.note(failed=str(error))
        self.listener.note(f"{unit.label}: failed: {error}")

    def _raise_failures(self) -> None:
        """The one failure that there is, or all of them in one line; what only lacked its start is none."""
        roots = {at: error for at, error in self._failed.items() if not isinstance(error, MissingStartError)}
        if len(roots) == 1:
            raise next(iter(roots.values()))
        if roots:
            raise StagesError("; ".join(f"{key}, seed {seed}: {error}" for (key, seed), error in roots.items()))

    def note_model(self, unit: Unit, loaded: LoadedModel) -> None:
        """Put on record which weights the arms start from."""
        facts = {"path": loaded.path, "digest": weights_digest(loaded.path)}
        self.directory.note(models=self.directory.provenance.get("models", {}) | dict.fromkeys(unit.arms, facts))

    def grader(self, environment: EnvironmentSettings) -> Grader:
        """One grader for all with the same limits, so that verdicts are remembered across arms."""
        limits = (environment.workers, environment.wall_seconds)
        if limits not in self._graders:
            self._graders[limits] = self._open.enter_context(Grader(*limits, allow_unsandboxed=self._allow_unsandboxed))
        return self._graders[limits]


class MissingStartError(SpilloverError):
    """A stage that could not begin, since the one it starts from failed."""
