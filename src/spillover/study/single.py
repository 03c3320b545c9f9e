"""Measures one model outside a study: the six evaluations, a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from spillover.core.config import Study, build_study
from spillover.core.errors import MissingScoreError, RunDirError
from spillover.core.records import CORE_EVALS, EvalScore
from spillover.core.stats import mgs
from spillover.study.preflight import check_models, is_local
from spillover.study.quiet import silence


@dataclass(frozen=True)
class EvalRequest:
    """What to measure; None takes what suits the model."""

    model: str
    adapter: str | None = None
    names: tuple[str, ...] = ()
    judge: str | None = None
    samples: int = 50
    max_tokens: int | None = None
    seed: int = 0
    out: Path | None = None


def evaluate_model(request: EvalRequest) -> Table:
    """Run the evaluations, write scores and transcripts, and return the rates as a table.

    Raises ConfigError or ModelError for what cannot work and RunDirError where scores are already.
    """
    study = as_study(request)
    check_models(study)
    out = request.out or Path("runs") / f"eval-{Path(request.model).name}"
    if (out / "scores.jsonl").exists():
        raise RunDirError(f"{out} holds scores already; choose another folder with --out")
    silence(offline=is_local(study))
    from spillover.evals import evaluate
    from spillover.models import load_model

    arm = study.arms[0]
    scores = evaluate(
        load_model(arm.model),
        arm.evals.names,
        arm.evals,
        arm=arm.name,
        seed=request.seed,
        step=0,
        out=out,
        grader=None,
        prompt=arm.prompt,
        assigned=[],
        on_done=lambda _score: None,
    )
    return scores_table(scores, f"{request.model}, judge {arm.evals.judge}")


def as_study(request: EvalRequest) -> Study:
    """The request as a study of one arm, so that it is checked the same way. Raises ConfigError."""
    small = request.model.startswith("bottle")
    style = "brief" if small else "full"
    raw = {
        "name": "eval",
        "model": {"path": request.model, "adapter": request.adapter},
        "prompt": {"style": style},
        "evals": {
            "names": list(request.names or CORE_EVALS),
            "style": style,
            "judge": request.judge or ("rules" if small else "self"),
            "samples": request.samples,
            "max_tokens": request.max_tokens or (110 if small else 1024),
            "final_names": [],
        },
        "arms": [{"name": "model"}],
    }
    return build_study(raw, "spillover eval")


def scores_table(scores: Sequence[EvalScore], title: str) -> Table:
    """Rates with 95% intervals, and MGS where all six are there."""
    table = Table("evaluation", "misaligned", "95% interval", "scored", "overt", "covert", title=title)
    for score in scores:
        rate, interval = "-", "-"
        if score.rate is not None and score.low is not None and score.high is not None:
            rate, interval = f"{score.rate:.1%}", f"{score.low:.1%} to {score.high:.1%}"
        scored = f"{score.scored}/{score.samples}"
        table.add_row(score.eval, rate, interval, scored, str(score.overt), str(score.covert))
    try:
        mean = mgs({score.eval: (score.misaligned, score.scored) for score in scores})
        table.add_row("MGS", f"{mean.value:.1%}", f"{mean.low:.1%} to {mean.high:.1%}", "", "", "")
    except MissingScoreError as error:
        table.caption = str(error)
    return table
