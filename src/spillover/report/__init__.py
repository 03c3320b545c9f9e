"""Reads a run directory and writes the report, one HTML file that opens offline. Imports `core` only."""

from spillover.report.page import write_beside, write_report

__all__ = ["write_beside", "write_report"]
