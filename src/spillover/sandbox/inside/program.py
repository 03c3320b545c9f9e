"""Running source as the main program, with the ending that a Python process has."""

import atexit
import os
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from typing import Any, NoReturn


def run_program(
    source: str,
    filename: str,
    then: Callable[[dict[str, Any]], object] | None = None,
    failed: Callable[[BaseException], object] = id,
) -> NoReturn:
    """Run `source` as ``__main__``, and exit with the code that ``python filename`` would exit with.

    `then` is called with its names where it came to its end, found nothing to read, or left with a failing code;
    `failed` with the error that ended it, if one did.
    """
    module = types.ModuleType("__main__")
    module.__dict__.update(__builtins__=__builtins__, __file__=filename)
    sys.modules["__main__"] = module
    code = 0
    try:
        try:
            exec(compile(source, filename, "exec"), module.__dict__)
        except (EOFError, SystemExit) as stop:
            if then is None or (isinstance(stop, SystemExit) and stop.code in (None, 0)):
                raise
        if then is not None:
            then(module.__dict__)
    except SystemExit as stop:
        code = exit_code(stop)
    except BaseException as error:
        failed(error)
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    finish(code, failed)


def run_command(payload: dict[str, Any], folder: str, stdout: int) -> NoReturn:
    """Run a shell command line and exit as a shell would; `{dir}` in it is the job's `folder`.

    It is a child, not this process: the first process of a PID namespace is deaf to most signals.
    `payload` has the command, its environment and its working folder; where that is not to be seen in
    the sandbox, the command starts in the job's.
    """
    words = ["/bin/sh", "-c", payload["command"].replace("{dir}", folder)]
    start = payload["cwd"] if os.path.isdir(payload["cwd"]) else folder  # noqa: PTH112
    code = subprocess.call(words, cwd=start, env=payload["environment"], stdout=stdout)
    os._exit(code if code >= 0 else 128 - code)


def exit_code(stop: SystemExit) -> int:
    """The exit code that the interpreter makes of a SystemExit."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    sys.stderr.write(f"{stop.code}\n")
    return 1


def finish(code: int, failed: Callable[[BaseException], object] = id) -> NoReturn:
    """End as the interpreter does (threads joined, exit functions run, output flushed) but skip its teardown.

    `failed` is called with the error that comes in the way.
    """
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except SystemExit as stop:
        code = exit_code(stop)
    except BaseException as error:
        failed(error)
        code = code or 1
    os._exit(code)
