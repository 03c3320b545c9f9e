"""One pool for the room's tests: starting it is the dear part."""

from collections.abc import Callable, Iterator

import pytest

from spillover.sandbox import Job, Pool, Process, Result

Run = Callable[[str], Result]


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    with Pool(workers=1, wall_seconds=2.0) as pool:
        yield pool


@pytest.fixture
def run(pool: Pool) -> Run:
    """Run one program; its result."""

    def run_source(source: str, wall_seconds: float | None = None) -> Result:
        return pool.run([Job((Process({"main.py": source}),), wall_seconds)])[0]

    return run_source
