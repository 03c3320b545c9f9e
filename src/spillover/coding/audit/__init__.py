"""Auditing a grader: which known exploits it pays for, which honest solutions it refuses."""

from spillover.coding.audit.found import Audit, HoleFound
from spillover.coding.audit.request import AuditRequest, run_audit

__all__ = ["Audit", "AuditRequest", "HoleFound", "run_audit"]
