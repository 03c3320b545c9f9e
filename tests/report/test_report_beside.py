import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spillover.cli import app
from spillover.report import write_beside

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def html(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("beside") / "both.html"
    return write_beside([run_path, run_path], target).read_text(encoding="utf-8")


def test_every_figure_stands_once_for_each_run(html: str) -> None:
    charts = re.findall(r'data-chart="column-([01])-(chart-[^"]+)"', html)
    first, second = ({name for number, name in charts if number == side} for side in "01")
    assert first == second
    assert {"chart-mgs", "chart-hack-rate", "chart-scatter"} <= first


def test_every_chart_has_a_place_of_its_own(html: str) -> None:
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'data-chart="([^"]+)"', html)) <= set(ids)


def test_several_runs_need_a_place(run_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(run_path), str(run_path)])
    assert done.exit_code != 0
    assert "--out" in done.output


def test_one_report_goes_where_it_is_told(run_path: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(run_path), "--out", str(tmp_path / "one.html")])
    assert done.exit_code == 0
    assert (tmp_path / "one.html").read_text(encoding="utf-8").startswith("<!doctype html>")
