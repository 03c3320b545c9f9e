"""The steps by which a forked process shuts itself in before it touches a job.

Everything here is plain system calls through libc, because it runs once per job and must take well
under a millisecond. Linux only.
"""

import ctypes
import os
import resource
import socket
from pathlib import Path
from typing import Any, NamedTuple

libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 4, 36, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION_3 = 0x20080522

JOB_FOLDER = "/job"


class Limits(NamedTuple):
    """What one process of a job may use, and all of them together: memory_bytes, processes, threads; disk_bytes per
    folder. Address space is no memory: threads with large stacks reserve much and touch little."""

    cpu_seconds: int = 30
    memory_bytes: int = 2 << 30
    address_bytes: int = 8 << 30
    file_bytes: int = 256 << 20
    processes: int = 48
    threads: int = 160
    open_files: int = 128
    disk_bytes: int = 64 << 20


def check(result: int, what: str) -> None:
    """Raise OSError for a libc call that returned an error."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """mount(2)."""
    kind_bytes = kind.encode() if kind else None
    check(libc.mount(source.encode(), target.encode(), kind_bytes, flags, data.encode()), f"mount {target}")


def fresh_namespaces(limits: Limits, shown: dict[str, str]) -> None:
    """Give this process its own mounts, IPC, network and host name, and empty writable folders.

    `shown` maps paths below those folders to where the worker holds them, read-only. The process is
    already the first of its own PID namespace, so that the kernel kills everything it started when it
    ends. /proc is read-only: a job that keeps root's user id could else change the kernel's settings.
    """
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS), "unshare")
    options = f"mode=1777,size={limits.disk_bytes},nr_inodes=4096"
    for folder in (JOB_FOLDER, "/tmp", "/dev/shm"):
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for path, held in shown.items():
        if Path(held).is_dir():
            Path(path).mkdir(parents=True, exist_ok=True)
        else:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).touch()
        mount(held, path, None, MS_BIND | MS_REC)
    mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def set_limits(limits: Limits) -> None:
    """Resource limits of this process and what it starts."""
    for name, value in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_AS, limits.address_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NPROC, limits.threads),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(name, (value, value))


def drop_privileges(user: int | None) -> None:
    """Become `user` (None stays who it is), with no capabilities and no way to gain any."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def keep_only(fds: list[int]) -> None:
    """Close every descriptor above 2 that is not in `fds`."""
    low = 3
    for fd in [*sorted(fds), 1 << 16]:
        os.closerange(low, fd)
        low = fd + 1


def receive(control: socket.socket, limit: int = 16) -> tuple[bytes, list[int]]:
    """One message and its descriptors; empty when the other side is gone."""
    message, fds, _, _ = socket.recv_fds(control, 1 << 16, limit)
    return message, fds


def read_all(fd: int) -> bytes:
    """All of an open file, from its beginning."""
    size = os.fstat(fd).st_size
    return os.pread(fd, size, 0) if size else b""


def memory(pid: int) -> int:
    """Bytes of anonymous and shared memory that a process holds; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def write_files(folder: str, files: dict[str, Any]) -> None:
    """Write the job's files; their paths were checked before they were sent."""
    for path, text in files.items():
        target = Path(folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", errors="surrogatepass")
