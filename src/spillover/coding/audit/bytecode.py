"""Compiled modules for a grader's Python, made once and shown read-only to every run.

A grader often starts a Python or two for each submission, and those may write nothing. What they would
compile anew each time (pytest compiles its plugins in its own way) is most of what a run takes.
"""

import io
import os
import shlex
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from spillover.sandbox import Job, Limits, Pool, Process, Result

INSIDE = "/tmp/.compiled"
"""Where the first run writes, in its own sandbox."""
PACK = f"""
import sys, zipfile
from pathlib import Path
with zipfile.ZipFile(sys.stdout.buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as pack:
    for path in Path({INSIDE!r}).rglob("*.pyc"):
        pack.write(path, path.relative_to({INSIDE!r}))
"""
MAX_FILES, MAX_BYTES = 20_000, 256 << 20


@contextmanager
def compiled(first: Job, limits: Limits, shown: Sequence[Path], wall_seconds: float) -> Iterator[Path | None]:
    """A folder with what the run `first` of an honest solution compiles; None where that is no gain.

    The Python that looks there looks nowhere else, and one that is told to write nothing (`-B`) leaves the folder
    without what it compiles. So the same run is timed with and without it. Of what lies in folders that each run gets
    anew it holds nothing.
    """
    with Pool(1, wall_seconds, limits=limits, shown=shown) as pool:
        pool.run([first])
        plain, written = pool.run([first])[0], pool.run([_writing(first)])[0]
    place = "/var/tmp" if os.access("/var/tmp", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="spillover-", dir=place) as name:
        folder = Path(name)
        useful = (
            _unpack(written, folder, shown) and _seconds(first, folder, limits, shown, wall_seconds) < plain.seconds
        )
        yield folder if useful else None


def _seconds(first: Job, folder: Path, limits: Limits, shown: Sequence[Path], wall_seconds: float) -> float:
    """What the run takes with the folder."""
    (process,) = first.processes
    environment = reading(process.payload["environment"], folder)
    job = Job((Process(process.files, process.payload | {"environment": environment}),))
    with Pool(1, wall_seconds, limits=limits, shown=(*shown, folder)) as pool:
        return pool.run([job])[0].seconds


def reading(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """The environment of a run that looks for compiled modules in `folder`."""
    return environment | {"PYTHONPYCACHEPREFIX": str(folder)}


def _writing(first: Job) -> Job:
    """The run, with its modules packed on standard output in place of what it says."""
    (process,) = first.processes
    environment = {n: v for n, v in process.payload["environment"].items() if n != "PYTHONDONTWRITEBYTECODE"}
    command = f"(\n{process.payload['command']}\n) >/dev/null 2>&1\npython3 -I -c {shlex.quote(PACK)}"
    payload = process.payload | {"command": command, "environment": reading(environment, Path(INSIDE))}
    return Job((Process(process.files, payload),))


def _unpack(result: Result, folder: Path, shown: Sequence[Path]) -> bool:
    """Write the pack's modules of read-only places; whether there were any."""
    if result.ended or result.error or result.overflowed:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(result.channel)) as pack:
            parts = pack.infolist()
            if len(parts) > MAX_FILES or sum(part.file_size for part in parts) > MAX_BYTES:
                return False
            kept = [part for part in parts if _lasting(part.filename, shown)]
            for part in kept:
                target = folder / part.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(pack.read(part))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return False
    return bool(kept)


def _lasting(name: str, shown: Sequence[Path]) -> bool:
    """Whether a module's file is the same in every run: it lies outside of the folders that are made anew."""
    path = Path("/", name)
    if ".." in path.parts or not name.endswith(".pyc"):
        return False
    fresh = any(path.is_relative_to(place) for place in ("/job", "/tmp", "/dev"))
    return not fresh or any(path.is_relative_to(place) for place in shown)
