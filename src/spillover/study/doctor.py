"""What this machine offers."""

import os
import platform
from importlib import metadata
from pathlib import Path

from spillover import __version__
from spillover.core.errors import IsolationError
from spillover.core.rundir import REPORTED_PACKAGES, free_bytes
from spillover.sandbox import isolation


def facts() -> list[tuple[str, str]]:
    """Names and values, for people to read."""
    return [
        ("spillover", __version__),
        ("python", platform.python_version()),
        *((name, _version(name)) for name in REPORTED_PACKAGES),
        ("cores", str(os.cpu_count())),
        ("free disk", f"{free_bytes(Path.cwd()) / 1e9:.1f} GB here"),
        ("isolation", _isolation()),
    ]


def _isolation() -> str:
    try:
        return str(isolation())
    except IsolationError as error:
        return f"none: {error}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
