"""What the pool is given and what it gives back."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

MAX_FILES = 64
MAX_PATH = 200
MAX_TOTAL = 4 << 20


@dataclass(frozen=True)
class Process:
    """One process of a job: the files in its work folder and a payload for the runner, JSON both.

    `linked` gives it one end of a socket pair whose other end the job's other process holds.
    """

    files: dict[str, str]
    payload: dict[str, Any] = field(default_factory=dict)
    linked: bool = False


@dataclass(frozen=True)
class Job:
    """Processes that run together (one or two); the first leads: when it ends, the other is killed."""

    processes: tuple[Process, ...]
    wall_seconds: float | None = None
    """None takes the pool's limit."""


@dataclass(frozen=True)
class Result:
    """How a job went. Everything in it but the exit code is bytes that the job may have forged."""

    exit_code: int | None
    """Of the first process: as Python's subprocess has it (negative for a signal); None with `error`."""
    channel: bytes = b""
    """What the first process wrote to its private channel."""
    output: str = ""
    """The end of the first process's stdout and stderr."""
    ended: str = ""
    """The limit at which the job was ended: `time`, `memory` or `processes`; empty if it ended by itself."""
    seconds: float = 0.0
    error: str | None = None
    """Why the job could not be run at all; never the job's own doing."""
    others: tuple[int, ...] = ()
    """Exit codes of the other processes, which are killed when the first ends."""
    overflowed: bool = False
    """Whether more was written to the channel than is read of it."""

    @property
    def timed_out(self) -> bool:
        """Whether it ran into its wall-clock limit."""
        return self.ended == "time"


def bad_path(path: str) -> str | None:
    """Why a relative file path of a job cannot be accepted; None if it can."""
    parts = PurePosixPath(path).parts
    if not path or not parts or len(path) > MAX_PATH or not path.isprintable() or "\\" in path:
        return "not a usable file name"
    if path.startswith("/") or ".." in parts or "~" in path:
        return "leaves the work folder"
    if any(len(part.encode(errors="replace")) > 100 for part in parts) or len(parts) > 8:
        return "too long or too deep"
    return None


def bad_files(files: dict[str, str]) -> str | None:
    """Why a job's files cannot be accepted; None if they can."""
    if len(files) > MAX_FILES:
        return f"{len(files)} files; at most {MAX_FILES} are accepted"
    for path in files:
        if why := bad_path(path):
            return f"file name {path[:60]!r}: {why}"
    total = sum(len(text) for text in files.values())
    if total > MAX_TOTAL:
        return f"{total} characters in files; at most {MAX_TOTAL} are accepted"
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents}
    if clash := folders & {str(PurePosixPath(path)) for path in files}:
        return f"file name {min(clash)[:60]!r} is a folder too"
    return None
