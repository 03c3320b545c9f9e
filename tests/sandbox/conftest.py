"""One pool for the room's tests: starting it is the dear part."""

from collections.abc import Callable, Iterator
from pathlib import Path

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


@pytest.fixture(scope="session")
def descendants() -> Callable[[int], set[int]]:
    """The living processes below one, and itself, whatever sessions they made."""

    def found_below(pid: int) -> set[int]:
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        found = {pid} & set(parents)
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    return found_below
