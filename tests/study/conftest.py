"""One small study for all tests that run it."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a study of seconds, its model and problems beside it."""
    from small_study import write_small_study

    return write_small_study(tmp_path_factory.mktemp("small"))
