"""Coding problems, harnesses, hacks, and the two graders. Never imports torch."""

from spillover.coding.grader import Grader, grade
from spillover.coding.requests import HOLES, GradeRequest

__all__ = ["HOLES", "GradeRequest", "Grader", "grade"]
