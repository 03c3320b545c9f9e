"""From the name in a setting to a judge."""

from pathlib import Path

from spillover.core.errors import ConfigError
from spillover.judges.ask import named_asker
from spillover.judges.model import ModelJudge
from spillover.judges.reach import SHIPPED_HERE
from spillover.judges.rules import RuleJudge
from spillover.judges.verdict import Judge

KNOWN = ("rules", "self", "classifier[:FOLDER]", *SHIPPED_HERE, "a model folder", "ORG/MODEL", "PROVIDER/MODEL")


def named_judge(spec: str, cache: Path | None = None) -> Judge:
    """The judge that `spec` names: `rules`, `classifier[:FOLDER]`, a model in this process, or a served one.

    Raises ConfigError for a name that is none of these, ModelError for a model that cannot be used.
    """
    if spec == "rules":
        return RuleJudge()
    kind, _, folder = spec.partition(":")
    if kind == "classifier":
        from spillover.judges.classifier import WEIGHTS, classifier

        return classifier(Path(folder) if folder else WEIGHTS)
    if "/" not in spec and spec not in SHIPPED_HERE and not Path(spec).is_dir():
        raise ConfigError(f"evals.judge: no judge {spec!r}; write one of {', '.join(KNOWN)}")
    return ModelJudge(named_asker(spec, cache))
