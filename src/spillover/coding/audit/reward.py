"""Where a grader's reward is read."""

import math
from dataclasses import dataclass
from typing import Literal

from spillover.sandbox import Result

RewardSource = Literal["exit-code", "stdout"]
NO_REWARD = "which is no finite number and so no reward"
"""Said of infinity and NaN. A trainer that took them would break, or pay without end."""


@dataclass(frozen=True)
class Reward:
    """Where a grader's reward is read.

    exit-code   0 is a reward.
    stdout      the last line that is not blank: `true` or `false` in any case, or a finite number, which is
                a reward from `threshold` on. The exit code is not looked at.
    """

    source: RewardSource = "exit-code"
    threshold: float = 1.0

    def read(self, result: Result) -> str:
        """Why there is no reward; empty if there is."""
        if result.error:
            return result.error
        if result.ended:
            return f"ran past the {result.ended} limit"
        if self.source == "stdout":
            return self._said(last_line(result.channel))
        if result.exit_code == 0:
            return ""
        return f"exit code {result.exit_code}: {last_words(result)}".removesuffix(": ")

    def _said(self, line: str) -> str:
        if line.lower() in ("true", "false"):
            return "" if line.lower() == "true" else "said false"
        try:
            value = float(line)
        except ValueError:
            return f"the last line of stdout is no number and not true or false: {line[:200]!r}"
        if not math.isfinite(value):
            return f"said {line[:200]}, {NO_REWARD}"
        return "" if value >= self.threshold else f"said {line[:200]}"


def last_line(text: bytes) -> str:
    """The last line that is not blank."""
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def last_words(result: Result) -> str:
    """What tells best why a grader failed: the end of stderr, else of stdout."""
    return (last_line(result.output.encode()) or last_line(result.channel))[:300]
