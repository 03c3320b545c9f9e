"""One grader for the room's tests: starting it is the dear part."""

from collections.abc import Iterator

import pytest

from spillover.coding import Grader


@pytest.fixture(scope="session")
def grader() -> Iterator[Grader]:
    with Grader(workers=2, wall_seconds=3.0) as grader:
        yield grader
