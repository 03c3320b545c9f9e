"""What asking a model costs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple


class Prices(NamedTuple):
    """Per million tokens, in any currency; None where it is not known."""

    input: float | None = None
    output: float | None = None

    def cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """What so many tokens cost; None where a price is missing."""
        if self.input is None or self.output is None:
            return None
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


@dataclass
class Spent:
    """What has been spent and what went wrong. Cached replies cost nothing."""

    paid: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """Replies that could not be used, by kind and reason."""

    def line(self, prices: Prices) -> str:
        """All of it in one line."""
        cost = prices.cost(self.input_tokens, self.output_tokens)
        parts = [f"{self.paid} calls ({self.cached} cached)", f"{self.input_tokens:,} + {self.output_tokens:,} tokens"]
        parts += [f"cost {cost:.2f}"] if cost is not None else []
        parts += [f"{count} x {kind}" for kind, count in sorted(self.failures.items())]
        return ", ".join(parts)
