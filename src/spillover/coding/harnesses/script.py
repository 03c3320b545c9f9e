"""The script harness: submission and asserts in one program; the reward is its exit code."""

import json
import os
from typing import Any

from inside.program import run_program  # type: ignore[import-not-found]  # its name inside the sandbox


def run(job: Any) -> None:
    """Run the submission, then its tests in the same names. Once they came to their end the token goes to the channel.

    A main part of the submission that finds nothing to read, or that leaves with a failing code, does not keep the
    tests from running.
    """
    token: str = job.payload["token"]
    channel: int = job.channels[0]

    def test(names: dict[str, Any]) -> None:
        exec(compile(job.payload["tests"], "tests.py", "exec"), names)
        os.write(channel, json.dumps({"token": token, "completed": True}).encode() + b"\n")

    run_program(job.payload["program"], "main.py", test)
