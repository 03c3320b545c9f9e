"""The script harness: submission and asserts in one program; the reward is its exit code."""

import json
import os
from typing import Any

from inside.program import run_program  # type: ignore[import-not-found]  # its name inside the sandbox


def run(job: Any) -> None:
    """Run the program. Once it came to its end, and not before, the token goes to the channel."""
    token: str = job.payload["token"]
    channel: int = job.channels[0]

    def completed() -> None:
        os.write(channel, json.dumps({"token": token, "completed": True}).encode() + b"\n")

    run_program(job.payload["program"], "main.py", completed)
