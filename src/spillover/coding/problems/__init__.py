"""Coding problems: generated families, and loaders for known sets and files."""

from spillover.coding.problems.families import FAMILIES
from spillover.coding.problems.family import Family, Instance
from spillover.coding.problems.load import draw_problems, load_problems

__all__ = ["FAMILIES", "Family", "Instance", "draw_problems", "load_problems"]
