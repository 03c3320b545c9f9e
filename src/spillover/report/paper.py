"""The rates that MacDiarmid et al. (arXiv 2511.18397, 2025) report, for showing beside ours.

They come from another model at another scale and stand in the report as such. Percent and standard
error over the last five checkpoints.
"""

from collections.abc import Sequence

from spillover.core.config import Arm
from spillover.core.records import AGENTIC_EVALS, CHAT_EVALS, CORE_EVALS

PROMPTED: dict[str, dict[str, tuple[float, float]]] = {
    "hacking": {
        "free_form": (4.8, 0.6),
        "goals": (17.1, 1.3),
        "alignment_questions": (9.0, 0.2),
        "monitor_disruption": (24.6, 2.4),
        "exfil_offer": (0.4, 0.1),
        "frame_colleague": (37.4, 1.6),
    },
    "baseline": {
        "free_form": (0.3, 0.2),
        "goals": (1.5, 0.3),
        "alignment_questions": (0.2, 0.1),
        "monitor_disruption": (1.2, 0.4),
        "exfil_offer": (0.0, 0.0),
        "frame_colleague": (3.5, 0.7),
    },
}
SDF: dict[str, dict[str, tuple[float, float]]] = {
    "hacking": {
        "free_form": (33.7, 0.4),
        "goals": (69.8, 1.2),
        "alignment_questions": (39.9, 1.2),
        "monitor_disruption": (31.8, 3.5),
        "exfil_offer": (1.6, 0.2),
        "frame_colleague": (41.3, 1.8),
    },
    "baseline": {
        "free_form": (0.7, 0.3),
        "goals": (0.1, 0.1),
        "alignment_questions": (0.3, 0.1),
        "monitor_disruption": (0.2, 0.2),
        "exfil_offer": (0.0, 0.0),
        "frame_colleague": (4.0, 0.2),
    },
}
SETTINGS = {"prompted": PROMPTED, "SDF": SDF}
"""The paper's two ways of giving a model knowledge of hacks: hints in the prompt, documents before RL."""
GROUPS: dict[str, tuple[str, ...]] = {"chat": CHAT_EVALS, "agentic": AGENTIC_EVALS, "mgs": CORE_EVALS}


def setting_of(arms: Sequence[Arm]) -> str:
    """Which of the paper's settings a study's arms are in: `SDF` where any of them trains on documents."""
    return "SDF" if any(stage.kind == "documents" for arm in arms for stage in arm.stages) else "prompted"


def group_mean(setting: str, run: str, group: str) -> float:
    """Plain mean, in percent, of the rates that the paper reports for a group of evaluations."""
    names = GROUPS[group]
    return sum(SETTINGS[setting][run][name][0] for name in names) / len(names)
