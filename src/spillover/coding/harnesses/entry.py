"""Where the sandbox's zygote enters: warm up, then fork.

script    the submission and its tests as one program
pytest    the submission's files and a test file under pytest
subject   the submission as a function that the oracle calls
checker   a HumanEval ``check`` that calls the subject in the other process
"""

import sys
from collections.abc import Callable
from typing import Any

from . import checker, pytest_session, script, subject

OUR_FRAMES = 200
"""Frames of pytest and of the harness that stand below a submission's own, with room to spare."""
RUNNERS: dict[str, Callable[[Any], object]] = {
    "script": script.run,
    "subject": subject.run,
    "checker": checker.run,
    "nothing": id,
}
"""All but pytest, which needs the session that the process was forked in."""


def _make_room() -> None:
    """Let the limit on recursion count from a submission's own first frame, also where it sets another."""
    set_limit, limit = sys.setrecursionlimit, sys.getrecursionlimit
    set_limit(limit() + OUR_FRAMES)
    sys.setrecursionlimit = lambda limit: set_limit(limit + OUR_FRAMES)
    sys.getrecursionlimit = lambda: limit() - OUR_FRAMES


def main(serve: Callable[[], Any]) -> None:
    """Warm pytest up to the point where a session has begun, and fork there.

    Integers may have any number of digits here, and code may recurse as deep as in a plain interpreter.
    """
    sys.set_int_max_str_digits(0)
    _make_room()
    pytest_session.warm_up()
    pytest_session.fork_within(serve, RUNNERS)
