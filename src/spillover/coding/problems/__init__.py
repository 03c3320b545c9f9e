"""Coding problems: generated families, and loaders for known sets and files."""

from spillover.coding.problems.families import FAMILIES
from spillover.coding.problems.family import Family, Instance

__all__ = ["FAMILIES", "Family", "Instance"]
