"""The warmed process that every job is forked from.

It holds no job's content: a request names only limits and carries descriptors, and the forked child
reads its payload itself. So no job can find another's tests in memory that it inherited.

    request   {"wall": seconds, "processes": [descriptor counts]} + descriptors
              each process gets: payload (JSON, read), output (stdout and stderr), then its channels
    reply     {"statuses": [wait statuses], "ready": ["+" or what went wrong], "ended": why, "seconds": float}

The first process leads: when it ends, all others are killed; at a limit that holds for
them together, all are (`ended` then says "time", "memory" or "processes").
"""

import contextlib
import gc
import importlib
import json
import os
import random
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from . import confine, landlock, seccomp
from .program import run_command, run_program

WRITABLE = ("/tmp", "/dev/shm", "/dev/null")
MEMORY_CHECK_SECONDS = 0.05


class Job(NamedTuple):
    """What a forked child has in hand: its payload, its channels and its work folder (the cwd)."""

    payload: dict[str, Any]
    channels: list[int]
    folder: str


class Zygote:
    """Serves requests from a control socket until the other side closes it."""

    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self.control = control
        self.namespaces: bool = settings["namespaces"]
        self.user: int | None = settings["user"]
        self.limits = confine.Limits(**settings["limits"])
        self.shown: dict[str, str] = settings["shown"]
        self.packages: list[str] = settings["packages"]
        if self.namespaces:
            confine.mount("none", "/", None, confine.MS_REC | confine.MS_PRIVATE)
            self.own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            self.folder = confine.JOB_FOLDER
        else:
            self.folder = settings["folder"]
            os.chdir(self.folder)
            confine.libc.prctl(confine.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.landlock = landlock.version()
        self.own_memory = 0

    def serve(self) -> Job:
        """Fork a child for each request. Returns in the children only."""
        gc.collect()
        gc.freeze()
        self.own_memory = confine.memory(os.getpid())
        hello = {"seccomp": seccomp.supported(), "landlock": self.landlock}
        self.control.send(json.dumps(hello).encode())
        while True:
            message, fds = confine.receive(self.control)
            if not message:
                self._leave()
            request = json.loads(message)
            job = self._run(request, fds)
            if job is not None:
                return job

    def _run(self, request: dict[str, Any], fds: list[int]) -> Job | None:
        """Fork, supervise and reply; a Job in the child."""
        started = time.monotonic()
        Path(self.folder).mkdir(mode=0o700, exist_ok=True)
        pids: list[int] = []
        ready: list[int] = []
        rest = fds
        for count in request["processes"]:
            own, rest = rest[:count], rest[count:]
            ready_read, ready_write = os.pipe()
            pid = self._fork()
            if pid == 0:
                return self._enter(own, ready_write, request["wall"])
            os.close(ready_write)
            pids.append(pid)
            ready.append(ready_read)
        for fd in fds:
            os.close(fd)
        statuses, ended = self._supervise(pids, started + request["wall"])
        reply = {
            "statuses": statuses,
            "ready": [os.read(fd, 256).decode(errors="replace") for fd in ready],
            "ended": ended,
            "seconds": time.monotonic() - started,
        }
        for fd in ready:
            os.close(fd)
        if not self.namespaces:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.control.send(json.dumps(reply).encode())
        return None

    def _fork(self) -> int:
        if not self.namespaces:
            return os.fork()
        confine.check(confine.libc.unshare(confine.CLONE_NEWPID), "unshare pid")
        pid = os.fork()
        if pid:
            confine.check(confine.libc.setns(self.own_pids, confine.CLONE_NEWPID), "setns pid")
        return pid

    def _enter(self, fds: list[int], ready: int, wall: float) -> Job:
        """In the child: shut in, take the payload, write the files."""
        try:
            payload_fd, output, *channels = fds
            os.setsid()
            os.dup2(output, 1)
            os.dup2(output, 2)
            if self.namespaces:
                confine.fresh_namespaces(self.limits, self.shown)
            confine.keep_only([payload_fd, ready, *channels])
            payload = json.loads(confine.read_all(payload_fd))
            os.close(payload_fd)
            os.umask(0o077)
            confine.set_limits(self.limits._replace(cpu_seconds=int(wall) + 2))
            confine.drop_privileges(self.user)
            os.chdir(self.folder)
            landlock.enforce(self.landlock, (self.folder, *WRITABLE) if self.namespaces else (self.folder, "/dev/null"))
            seccomp.enforce()
            confine.write_files(self.folder, payload.pop("files", {}))
            sys.path.insert(0, self.folder)
            sys.path += self.packages if payload.pop("packages", False) else []
            random.seed(0)
        except BaseException as error:
            os.write(ready, f"{type(error).__name__}: {error}"[:200].encode())
            os._exit(1)
        os.write(ready, b"+")
        os.close(ready)
        return Job(payload, channels, self.folder)

    def _supervise(self, pids: list[int], deadline: float) -> tuple[list[int], str]:
        """Wait for the first process or a limit, then see that nothing is left."""
        watch = select.poll()
        lead = os.pidfd_open(pids[0])
        watch.register(lead, select.POLLIN)
        watch.register(self.control, select.POLLRDHUP)
        ended = ""
        while not ended:
            left = deadline - time.monotonic()
            events = dict(watch.poll(max(0.0, min(left, MEMORY_CHECK_SECONDS)) * 1000))
            if self.control.fileno() in events:
                for pid in pids:
                    self._kill(pid)
                self._leave()
            if lead in events:
                break
            ended = "time" if left <= 0 else self._excess()
        os.close(lead)
        for pid in pids if ended else pids[1:]:
            self._kill(pid)
        statuses = [os.waitpid(pid, 0)[1] for pid in pids]
        if not self.namespaces:
            self._sweep(pids)
        return statuses, ended

    def _excess(self) -> str:
        """The limit that the job's processes together have passed. Resource limits know single processes only,
        and do not count root's."""
        if not self.namespaces:
            return ""
        others = {int(folder.name) for folder in Path("/proc").glob("[0-9]*")} - {1, os.getpid()}
        if len(others) > self.limits.processes + 2:
            return "processes"
        held = sum(max(0, confine.memory(pid) - self.own_memory) for pid in others)
        return "memory" if held > self.limits.memory_bytes else ""

    def _leave(self) -> NoReturn:
        if not self.namespaces:
            shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(0)

    def _kill(self, pid: int) -> None:
        """End a job's process; with namespaces the kernel ends all that it started."""
        with contextlib.suppress(ProcessLookupError):
            if not self.namespaces:
                os.killpg(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)

    def _sweep(self, pids: list[int]) -> None:
        """Without namespaces: kill what outlived the job and was handed to us as the subreaper."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        while True:
            for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def run_main_file(serve: Callable[[], Job]) -> NoReturn:
    """The plain entry: run the job's command if it has one, else its `main.py`, and exit as it does."""
    job = serve()
    if "command" in job.payload:
        sys.path.remove(job.folder)
        run_command(job.payload, job.folder, job.channels[0])
    run_program(Path(job.folder, "main.py").read_text(encoding="utf-8"), "main.py")


def main() -> None:
    """Start from the command line: the control descriptor, then the settings as JSON."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(sys.argv[2])
    sys.argv = ["main.py"]
    sys.path[:] = [p for p in sys.path if p not in settings["inside"]] + settings["libraries"]
    zygote = Zygote(control, settings)
    entry: Callable[[Callable[[], Job]], object] = run_main_file
    if settings["runners"]:
        sys.path[:0] = settings["inside"]
        entry = importlib.import_module(settings["runners"] + ".entry").main
        del sys.path[: len(settings["inside"])]
    entry(zygote.serve)
