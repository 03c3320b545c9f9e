"""Every error a user can meet.

SpilloverError                exit code 1: the work failed
├── DiskFullError             nothing more can be written; what was written stays
├── WorkerError               a grading worker could not be kept alive
├── MissingScoreError         a statistic was asked of scores that are not there
└── UserError                 exit code 2: the input was wrong
    ├── ConfigError           a study file or an override
    ├── ModelError            a model that cannot be found or used
    ├── DataError             a problem set, a question file, a batch file
    ├── RunDirError           the run directory exists, is missing or belongs to another study
    └── IsolationError        this machine offers no isolation for model-written code

A message is one line: what is wrong, where, and the mend.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SpilloverError(Exception):
    """The work failed for a reason that the message explains in one line."""

    exit_code = 1


class DiskFullError(SpilloverError):
    """No space left while writing."""


class WorkerError(SpilloverError):
    """A grading worker died and could not be replaced."""


class MissingScoreError(SpilloverError):
    """A mean over evaluations was asked for while one of them has no rate."""


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
