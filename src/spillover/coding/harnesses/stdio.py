"""A submission as a program: text on standard input, text from standard output."""

import contextlib
import os
import sys
import tempfile
import types
from typing import Any

MOST_OUTPUT = 64 << 20


@contextlib.contextmanager
def redirected(given: str) -> Any:
    """Descriptors and streams 0 and 1 lead to files while this lasts; yields what reads the output so far.

    Real descriptors, because programs read with `open(0)` and `os.read(0)` and write to `sys.stdout.buffer`.
    """
    streams, descriptors = (sys.stdin, sys.stdout), (os.dup(0), os.dup(1))
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(given.encode("utf-8", "surrogateescape"))
        source.flush()
        os.lseek(source.fileno(), 0, os.SEEK_SET)
        if sys.stdout is not None:
            sys.stdout.flush()
        os.dup2(source.fileno(), 0)
        os.dup2(target.fileno(), 1)
        sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
        try:
            yield lambda: _so_far(target.fileno())
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
            sys.stdin, sys.stdout = streams
            for number, kept in enumerate(descriptors):
                os.dup2(kept, number)
                os.close(kept)


def _so_far(fd: int) -> str:
    sys.stdout.flush()
    return os.pread(fd, MOST_OUTPUT, 0).decode("utf-8", "surrogateescape")


def printed(source: str, given: str) -> str:
    """What the program `source` prints when it reads `given`. An exit with code 0 is an ending like any other.

    Raises what the program raises, and SystemExit for a failing code.
    """
    module = types.ModuleType("__main__")
    module.__dict__.update(__builtins__=__builtins__, __file__="solution.py")
    kept = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        with redirected(given) as so_far:
            try:
                exec(compile(source, "solution.py", "exec"), module.__dict__)
            except SystemExit as stop:
                if stop.code not in (None, 0):
                    raise
            return str(so_far())
    finally:
        sys.modules["__main__"] = kept
