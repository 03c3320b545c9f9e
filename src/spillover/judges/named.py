"""From the name in a setting to a judge."""

from pathlib import Path

from spillover.core.config import ModelSettings
from spillover.core.errors import ConfigError
from spillover.judges.model import ModelJudge
from spillover.judges.protocol import Judge
from spillover.judges.provider import local_model
from spillover.judges.reach import clients, local_name, served
from spillover.judges.rules import RuleJudge
from spillover.models import load_model
from spillover.models.loading import SHIPPED

HERE = (*SHIPPED, "smollm2")
KNOWN = ("rules", "self", "classifier", *HERE, "a model folder", "ORG/MODEL", "PROVIDER/MODEL")


def named_judge(spec: str, cache: Path | None = None) -> Judge:
    """The judge that `spec` names: `rules`, `classifier`, a model in this process, or one that Inspect reaches.

    Raises ConfigError for a name that is none of these, ModelError for a model that cannot be used.
    """
    if spec == "rules":
        return RuleJudge()
    if spec == "classifier":
        from spillover.judges.classifier import classifier

        return classifier()
    if "/" not in spec and spec not in HERE and not Path(spec).is_dir():
        raise ConfigError(f"evals.judge: no judge {spec!r}; write one of {', '.join(KNOWN)}")
    if served(spec):
        return ModelJudge(clients(spec), spec, cache)
    model = local_model(load_model(ModelSettings(path=local_name(spec))))
    return ModelJudge(lambda: model, spec, cache)
