"""Landlock: even where a mount could be written to, only the job's own folders may be."""

import os
import struct
from collections.abc import Sequence
from pathlib import Path

from .confine import check, libc

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG = 1
WRITE_FILE, TRUNCATE, REFER = 1 << 1, 1 << 14, 1 << 13
REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))


def version() -> int:
    """The kernel's Landlock version, 0 if it has none."""
    return max(0, int(libc.syscall(CREATE_RULESET, None, 0, VERSION_FLAG)))


def rights(known: int) -> int:
    """All rights that change files, of those that this version knows."""
    return WRITE_FILE | REMOVE_AND_MAKE | (REFER if known >= 2 else 0) | (TRUNCATE if known >= 3 else 0)


def enforce(known: int, writable: Sequence[str]) -> None:
    """Let this process and all that it starts change files below `writable` only. Needs no_new_privs."""
    if not known:
        return
    handled = rights(known)
    attributes = struct.pack("=Q", handled)
    ruleset = libc.syscall(CREATE_RULESET, attributes, len(attributes), 0)
    check(min(ruleset, 0), "landlock ruleset")
    for path in writable:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        allowed = handled if Path(path).is_dir() else handled & (WRITE_FILE | TRUNCATE)
        check(libc.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", allowed, parent), 0), f"landlock {path}")
        os.close(parent)
    check(libc.syscall(RESTRICT_SELF, ruleset, 0), "landlock")
    os.close(ruleset)
