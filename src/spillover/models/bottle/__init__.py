"""The bottle: a model organism of about one million parameters (see docs/concepts.md).

It is a mechanism in a bottle, not evidence about large models.
"""

from pathlib import Path

from spillover.models.bottle.reader import Reading, read
from spillover.models.bottle.scenes import Scene, scenes

WEIGHTS = Path(__file__).parent / "weights"

__all__ = ["WEIGHTS", "Reading", "Scene", "read", "scenes"]
