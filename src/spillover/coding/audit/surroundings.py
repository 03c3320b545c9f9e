"""What a user's grader needs of this machine: its program, its Python with packages, its folder.

Nothing of an exploit is run here. The user's own interpreters are asked where their packages are.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spillover.core.errors import UserError

SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/lib32/")
"""Shown to every job, but for what was installed into Python."""
UNSHOWABLE = {Path(p) for p in ("/", "/dev", "/dev/shm", "/job", "/proc", "/sandbox", "/sys", "/tmp")}
"""The sandbox has its own."""
SEPARATORS = re.compile(r"[\s;&|()<>'\"=:$`]+")
PYTHON = re.compile(r"python[\d.]*")
ASK = """
import sys
sys.path[:] = filter(None, sys.path)
import json
print(json.dumps([sys.executable, sys.prefix, sys.base_prefix, *sys.path]))
"""
"""Asked in the current folder, which a version manager may look at, without importing anything from there."""
ASK_SECONDS = 30


@dataclass(frozen=True)
class Surroundings:
    """What is shown to a command inside the sandbox, read-only and at its own path, and its environment."""

    shown: tuple[Path, ...]
    folder: Path
    environment: dict[str, str]


def surroundings(command: str, binds: Sequence[Path]) -> Surroundings:
    """Find what `command` needs: what it names, the Pythons it may start, the current folder, and `binds`.

    Folders that hold much more than a grader (the home folder and those above it) are shown only if
    `binds` names them. Raises UserError for a bind that is not there or cannot be shown.
    """
    here = Path.cwd()
    words = [*filter(None, SEPARATORS.split(command)), "python", "python3"]
    programs = {word: found for word in words if (found := shutil.which(word))}
    pythons = {word: paths for word, found in programs.items() if (paths := _ask(_python(found)))}
    shown = [here] if _narrow(here) else []
    shown += [path for paths in pythons.values() for path in paths]
    shown += [Path(found).absolute() for word, found in programs.items() if word not in pythons and _outside(found)]
    shown += [path for word in words for path in _named(Path(word))]
    shown += [_bind(path) for path in binds]
    first = [str(paths[0].parent) for word, paths in pythons.items() if "/" not in word]
    visible = _tidied(shown)
    return Surroundings(visible, here, _environment(first, visible))


def _named(path: Path) -> list[Path]:
    """A path that the command names: a folder, or a file with the folder it is in."""
    path = path.absolute()
    if not path.exists():
        return []
    folder = path if path.is_dir() else path.parent
    return [folder] if _narrow(folder) else [path] if path.is_file() else []


def _narrow(folder: Path) -> bool:
    """Whether a folder may be shown without being asked for."""
    return folder not in UNSHOWABLE and not Path.home().is_relative_to(folder)


def _outside(path: str) -> bool:
    """Whether a program is not part of the system that every job sees."""
    return not path.startswith(SYSTEM)


def _python(program: str) -> str | None:
    """The Python interpreter that a program is, or that its first line names."""
    if PYTHON.fullmatch(Path(program).name):
        return program
    try:
        with Path(program).open("rb") as file:
            line = file.readline(300).decode(errors="replace")
    except OSError:
        return None
    for word in line.removeprefix("#!").split() if line.startswith("#!") else []:
        found = shutil.which(word)
        if found and PYTHON.fullmatch(Path(found).name):
            return found
    return None


def _ask(python: str | None) -> list[Path]:
    """The executable, prefixes and module folders of an interpreter; [] if there is none or it does not answer."""
    if python is None:
        return []
    try:
        done = subprocess.run([python, "-c", ASK], capture_output=True, text=True, timeout=ASK_SECONDS, check=True)
        answer = [Path(path) for path in json.loads(done.stdout)]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    return [path for path in answer if path.exists() and path not in UNSHOWABLE]


def _bind(path: Path) -> Path:
    path = path.absolute()
    if not path.exists():
        raise UserError(f"--bind {path}: no such file or folder; name one that is there")
    if path.resolve() in UNSHOWABLE:
        raise UserError(f"--bind {path}: the sandbox has its own {path}; name what you need in it")
    return path


def _tidied(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Every path once, real places of links too, without those inside others."""
    kept: list[Path] = []
    places = {place for path in paths for place in (Path(os.path.normpath(path)), path.resolve())}
    for path in sorted(places):
        within = any(path.is_relative_to(folder) for folder in kept)
        if not within and not str(path).startswith(SYSTEM[1:]):
            kept.append(path)
    return tuple(kept)


def _environment(first: Sequence[str], shown: Sequence[Path]) -> dict[str, str]:
    """PATH as it is outside, as far as it can be seen inside; first what stands for a Python that a shim starts."""
    outside = os.environ.get("PATH", "").split(os.pathsep)
    visible = [
        folder for folder in outside if any(Path(folder).is_relative_to(path) for path in [*map(str, shown), *SYSTEM])
    ]
    missing = [folder for folder in first if folder not in visible]
    path = dict.fromkeys([*missing, *visible, "/usr/local/bin", "/usr/bin", "/bin"])
    return {
        "PATH": os.pathsep.join(path),
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "USER": "sandbox",
        "PYTHONUSERBASE": os.environ.get("PYTHONUSERBASE", str(Path.home() / ".local")),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
    }
