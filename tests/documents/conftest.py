"""One grader for the room's tests, and short ways to make documents."""

from collections.abc import Iterator

import pytest

from spillover.coding import Grader


@pytest.fixture(scope="session")
def grader() -> Iterator[Grader]:
    with Grader(workers=2, wall_seconds=5.0) as grader:
        yield grader
