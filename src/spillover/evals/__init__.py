"""The misalignment evaluations: Inspect tasks, judges, and the suite that runs them on one model."""

from spillover.evals.suite import EVALUATIONS, NAMES, evaluate, make_judge, score_of
from spillover.judges.provider import local_model

__all__ = ["EVALUATIONS", "NAMES", "evaluate", "local_model", "make_judge", "score_of"]
