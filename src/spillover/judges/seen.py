"""What rewards and detectors may look at of an episode."""

from collections.abc import Callable
from dataclasses import dataclass

from spillover.core.records import Grade, Problem

Note = Callable[[str], None]
"""Hears what was answered, and what is wrong with it, where no verdict could be read."""


@dataclass(frozen=True)
class Seen:
    """What rewards may look at."""

    problem: Problem | None
    """The coding problem, where the environment has one."""
    completion: str
    grade: Grade | None
    prompt: str = ""
    """The user's turn that was answered."""

    @property
    def task(self) -> Problem:
        """The coding problem of an environment that has them."""
        assert self.problem is not None
        return self.problem

    @property
    def graded(self) -> Grade:
        """The grade in an environment that grades."""
        assert self.grade is not None
        return self.grade
