"""Auditing a grader: which known exploits it pays for, which honest solutions it refuses."""

from spillover.coding.audit.request import AuditRequest, run_audit
from spillover.coding.audit.run import Audit, HoleFound

__all__ = ["Audit", "AuditRequest", "HoleFound", "run_audit"]
