"""One worker: a zygote behind a control socket, and the jobs in flight on it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spillover.core.errors import WorkerError
from spillover.sandbox.inside.confine import Limits
from spillover.sandbox.jobs import Job, Process, Result
from spillover.sandbox.layers import ENVIRONMENT, FIRST_JOB_USER, INSIDE, bwrap_command, held_at, python_command

START_SECONDS = 60.0
MAX_CHANNEL = 64 << 20
OUTPUT_TAIL = 2000


@dataclass
class Flight:
    """A job on its way: its place in the order, and the files it writes its results to."""

    index: int
    job: Job
    output: int
    channel: int

    def close(self) -> None:
        """Give the result files back."""
        os.close(self.output)
        os.close(self.channel)


class Worker:
    """A zygote process. `serial` tells the workers of a pool apart. Raises WorkerError if it cannot start."""

    def __init__(self, way: str, runners: Path | None, limits: Limits, serial: int, shown: Sequence[Path] = ()) -> None:
        self.flights: deque[Flight] = deque()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        namespaces = way != "none"
        self._folder = None if namespaces else tempfile.mkdtemp(prefix="spillover-job-")
        settings = {
            "namespaces": namespaces,
            "folder": self._folder,
            "user": FIRST_JOB_USER + (os.getpid() * 8 + serial) % 4096 if way == "root" else None,
            "limits": limits._asdict(),
            "shown": held_at(shown),
            "inside": ["/sandbox"] if namespaces else [str(INSIDE.parent), *([str(runners.parent)] if runners else [])],
            "libraries": ["/sandbox/lib"] if namespaces else [sysconfig.get_path("purelib")],
            "packages": ["/sandbox/packages"] if namespaces else [],
            "runners": runners.name if runners else None,
        }
        command = [*(bwrap_command(way, runners, shown) if namespaces else [])]
        command += python_command(theirs.fileno(), json.dumps(settings))
        with theirs:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                env=ENVIRONMENT,
                start_new_session=True,
            )

    def wait_ready(self) -> dict[str, Any]:
        """Block until the zygote says hello; what it says."""
        self.control.settimeout(START_SECONDS)
        try:
            message = self.control.recv(1 << 16)
        except (TimeoutError, ConnectionError):
            message = b""
        self.control.settimeout(None)
        if not message:
            said = self.complaint()
            self.close()
            raise WorkerError(f"a grading worker did not start: {said}")
        hello: dict[str, Any] = json.loads(message)
        return hello

    def complaint(self) -> str:
        """The last line that the zygote or bubblewrap wrote."""
        size = os.fstat(self._errors.fileno()).st_size
        text = os.pread(self._errors.fileno(), 4000, max(0, size - 4000)).decode(errors="replace").strip()
        return text.splitlines()[-1] if text else f"exit code {self.process.poll()}, nothing said"

    def send(self, index: int, job: Job, wall_seconds: float) -> None:
        """Hand over a job. Raises OSError if the zygote is gone."""
        with ExitStack() as passing:
            output, channel = _memory_file("output"), _memory_file("channel")
            flight = Flight(index, job, output, channel)
            self.flights.append(flight)
            groups = [[output, channel]]
            for _ in job.processes[1:]:
                spare = _memory_file("output")
                passing.callback(os.close, spare)
                groups.append([spare, spare])
            if any(process.linked for process in job.processes):
                for group, end in zip(groups, socket.socketpair(), strict=True):
                    passing.callback(end.close)
                    group.append(end.fileno())
            for process, group in zip(job.processes, groups, strict=True):
                payload = _payload(process)
                passing.callback(os.close, payload)
                group.insert(0, payload)
            request = {"wall": job.wall_seconds or wall_seconds, "processes": [len(g) for g in groups]}
            socket.send_fds(self.control, [json.dumps(request).encode()], [fd for group in groups for fd in group])

    def receive(self) -> tuple[int, Result]:
        """The oldest job's place and result. Raises ConnectionError if the zygote is gone."""
        message = self.control.recv(1 << 16)
        if not message:
            raise ConnectionError("the worker closed its socket")
        reply = json.loads(message)
        flight = self.flights.popleft()
        try:
            return flight.index, _result(reply, flight)
        finally:
            flight.close()

    def close(self) -> None:
        """End the zygote and everything below it."""
        self.control.close()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self._folder:
            # The zygote tidies up when this process dies; here it was killed before it could.
            shutil.rmtree(self._folder, ignore_errors=True)
        self._errors.close()
        for flight in self.flights:
            flight.close()
        self.flights.clear()


def _result(reply: dict[str, Any], flight: Flight) -> Result:
    output = _tail(flight.output)
    for said in reply["ready"]:
        if said != "+":
            return Result(None, output=output, seconds=reply["seconds"], error=f"the job could not be shut in: {said}")
    return Result(
        exit_code=os.waitstatus_to_exitcode(reply["statuses"][0]),
        channel=os.pread(flight.channel, MAX_CHANNEL, 0),
        output=output,
        ended=reply["ended"],
        others=tuple(map(os.waitstatus_to_exitcode, reply["statuses"][1:])),
        overflowed=os.fstat(flight.channel).st_size > MAX_CHANNEL,
        seconds=reply["seconds"],
    )


def _tail(fd: int) -> str:
    size = os.fstat(fd).st_size
    return os.pread(fd, OUTPUT_TAIL, max(0, size - OUTPUT_TAIL)).decode(errors="replace")


def _memory_file(name: str) -> int:
    return os.memfd_create(name, os.MFD_CLOEXEC)


def _payload(process: Process) -> int:
    fd = _memory_file("payload")
    text = json.dumps({**process.payload, "files": process.files}).encode()
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(text)
    return fd
