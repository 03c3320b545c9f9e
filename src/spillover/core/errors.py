"""Every error a user can meet.

SpilloverError                exit code 1: the work failed
├── DiskFullError             nothing more can be written; what was written stays
├── WorkerError               a grading worker could not be kept alive
├── HackRateError             after a stage the model hacks too rarely for RL to find it
├── StagesError               several stages of a study failed, the rest of it is done
├── JudgeError                a judge that gives no answer at all: unreachable, or not let in
├── DetectorError             a penalty of whose detector no verdict could be read
└── UserError                 exit code 2: the input was wrong
    ├── ConfigError           a study file or an override
    ├── ModelError            a model that cannot be found or used
    ├── DataError             a problem set, a question file, a batch file
    ├── RunDirError           the run directory exists, is missing or belongs to another study
    └── IsolationError        this machine offers no isolation for model-written code

A message is one line: what is wrong, where, and the mend.
"""

import errno
from collections.abc import Iterable
from difflib import get_close_matches


class SpilloverError(Exception):
    """The work failed for a reason that the message explains in one line."""

    exit_code = 1


class DiskFullError(SpilloverError):
    """No space left while writing."""


class WorkerError(SpilloverError):
    """A grading worker died and could not be replaced."""


class HackRateError(SpilloverError):
    """What RL is to reward happens too rarely for RL to start."""


class StagesError(SpilloverError):
    """Several stages failed; what does not start from them is done."""


class JudgeError(SpilloverError):
    """A judge's model that could not be asked. What it answers, however odd, is data and no error."""


class DetectorError(SpilloverError):
    """A step of which the detector could tell nothing: its penalty would be none, and the arm another one."""


class UserError(SpilloverError):
    """The user's input was wrong."""

    exit_code = 2


class ConfigError(UserError):
    """A study file, a key or a value that cannot be used."""


class ModelError(UserError):
    """A model path, adapter or chat template that cannot be used."""


class DataError(UserError):
    """A data file that is missing or does not have the form it should."""


class RunDirError(UserError):
    """The run directory does not fit what was asked."""


class IsolationError(UserError):
    """Model-written code cannot be isolated here."""


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known word nearest to `word`, or the list of known words."""
    names = sorted(known)
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else f" (known: {', '.join(names)})"


# How libraries that write files outside Python word a full disk.
DISK_FULL_WORDS = ("No space left on device", "Disk quota exceeded", "PytorchStreamWriter failed writing")


def disk_full(error: BaseException) -> DiskFullError | None:
    """The clear form of an error that came from a full disk, wherever it was raised; None for any other."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            where = cause.filename or "the disk"
            break
        if any(words in str(cause) for words in DISK_FULL_WORDS):
            where = "the disk"
            break
        cause = cause.__cause__ or cause.__context__
    else:
        return None
    return DiskFullError(f"{where}: no space left; what was written stays. Free some space, then go on with --resume")
