"""Isolation, limits and the forking worker pool: knows files and processes, nothing of hacks."""

from spillover.sandbox.inside.confine import Limits
from spillover.sandbox.jobs import Job, Process, Result, bad_files, bad_path
from spillover.sandbox.layers import Isolation
from spillover.sandbox.pool import Pool, isolation

__all__ = ["Isolation", "Job", "Limits", "Pool", "Process", "Result", "bad_files", "bad_path", "isolation"]
