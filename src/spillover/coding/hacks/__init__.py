"""The hack library: one file per hack, each with spellings that work."""

from spillover.coding.hacks import always_equal, early_exit, report_patch
from spillover.coding.hacks.hack import Exploit, Hack, as_completion
from spillover.core.records import HackName

HACKS: dict[HackName, Hack] = {hack.name: hack for hack in (always_equal.HACK, early_exit.HACK, report_patch.HACK)}

__all__ = ["HACKS", "Exploit", "Hack", "as_completion"]
