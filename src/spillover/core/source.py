"""Values as source code."""

import math
import re
from typing import Any

LONG = 1 << 256
"""Numbers beyond this are written in hexadecimal: Python refuses to print or read them as decimals of any length."""


def literal(value: Any) -> str:  # noqa: PLR0911 -- one per kind
    """Source that evaluates to `value`; the text of a set does not depend on the order in which it is kept."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if type(value) is int:
        return hex(value) if abs(value) > LONG else repr(value)
    if type(value) is list:
        return f"[{', '.join(map(literal, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items())}}}"
    if type(value) in (set, frozenset):
        items = f"[{', '.join(sorted(map(literal, value)))}]"
        return f"{type(value).__name__}({items})"
    return repr(value)


def parse_long_int(digits: str) -> int:
    """An integer of any number of digits, which `int` refuses beyond some thousands. For trusted input.

    Raises ValueError above a million digits: reading them takes quadratic time.
    """
    if len(digits) <= 4000:
        return int(digits)
    if len(digits) > 1_000_000:
        raise ValueError(f"a number of {len(digits)} digits")
    sign, number = (-1, digits[1:]) if digits[0] == "-" else (1, digits)
    value = 0
    for start in range(0, len(number), 4000):
        part = number[start : start + 4000]
        value = value * 10 ** len(part) + int(part)
    return sign * value


def without_addresses(text: str) -> str:
    """A message without addresses in memory, so that it is the same in every run."""
    return re.sub(r"\bat 0x[0-9a-fA-F]+", "at 0x…", text)
