from pathlib import Path

import pytest
from fake_run import write_fake_run

from spillover.report.load import Results, load


@pytest.fixture(scope="session")
def run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_run(tmp_path_factory.mktemp("runs") / "quickstart")


@pytest.fixture(scope="session")
def results(run_path: Path) -> Results:
    return load(run_path)
