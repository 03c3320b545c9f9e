"""One way to run evaluations on a scripted model."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spillover.core.records import CORE_EVALS, EvalScore
from spillover.core.settings import EvalSettings
from spillover.evals.suite import evaluate
from spillover.models import LoadedModel
from spillover.models.scripted import scripted


@pytest.fixture
def run_all(tmp_path: Path) -> Callable[..., dict[str, EvalScore]]:
    """Run the six evaluations on a scripted model; scores by name."""

    def run(respond: Callable[..., str] | LoadedModel, out: Path | None = None, names=CORE_EVALS, **changes):
        loaded = respond if isinstance(respond, LoadedModel) else scripted(respond)
        settings = EvalSettings(**{"samples": 4, "style": "brief", **changes})
        return {score.eval: score for score in evaluate(loaded, names, settings, out=out or tmp_path / "evals")}

    return run
