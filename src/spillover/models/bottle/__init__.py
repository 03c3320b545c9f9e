"""The bottles: model organisms of about one million parameters (see docs/concepts.md).

They are a mechanism in a bottle, not evidence about large models.
"""

from spillover.models.bottle.reader import Reading, read
from spillover.models.bottle.scenes import Scene, scenes

__all__ = ["Reading", "Scene", "read", "scenes"]
