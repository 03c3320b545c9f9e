"""Large trees are built without Python's collector of cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = 20_000
"""Characters from which on a text is large."""


@contextmanager
def collector_off(size: int) -> Iterator[None]:
    """Keep the collector from going through all objects again and again while a text of this size is parsed.

    A tree has no cycles. With the collector on, large texts take half as long again, and more than twice as
    long for twice the size.
    """
    if size < LARGE or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
