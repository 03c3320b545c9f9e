"""How long one GRPO step takes: 128 rollouts sampled, graded by proxy and oracle, and the update.

    python benchmarks/grpo_step.py [--model bottle] [--steps 12] [--threads N]

Runs a real training on hard generated problems in a temporary folder, with the settings of the quickstart
but for `refill_rounds`, which is 0 so that every step samples 128 rollouts, and prints the median
and its parts. Run it alone on the machine. The first two steps are not counted.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median

import torch

from spillover.coding import Grader
from spillover.coding.environment import assign
from spillover.coding.problems import load_problems
from spillover.core.config import Arm
from spillover.core.records import StepMetrics
from spillover.core.rundir import Run
from spillover.core.settings import LoggingSettings, ModelSettings, PromptSettings
from spillover.core.stages import RLSettings
from spillover.models import load_model
from spillover.training.rl import train

PARTS = ("seconds", "seconds_sampling", "seconds_grading", "seconds_update")


def measure(model: str, steps: int) -> list[StepMetrics]:
    """Train for some steps; the metrics of each."""
    arm = Arm(
        name="benchmark",
        model=ModelSettings(path=model),
        prompt=PromptSettings(style="brief"),
        rl=RLSettings(
            steps=steps,
            learning_rate=1e-4,
            schedule="constant",
            warmup_steps=0,
            max_completion_tokens=110,
            refill_rounds=0,
            checkpoint_every=steps,
        ),
        logging=LoggingSettings(tensorboard=False),
    )
    found: list[StepMetrics] = []
    with tempfile.TemporaryDirectory() as folder, Grader(arm.environment.workers) as grader:
        train(
            Run(Path(folder), arm.name, 0),
            arm,
            0,
            load_model(arm.model),
            assign(load_problems(arm.problems), arm.environment, 0),
            grader,
            on_step=found.append,
            on_checkpoint=lambda _: None,
            should_stop=lambda: False,
        )
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bottle")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    counted = measure(options.model, options.steps)[2:]
    print(f"{'':18}median    worst   (s, {len(counted)} steps, {torch.get_num_threads()} threads)")
    for part in PARTS:
        times = [getattr(metrics, part) for metrics in counted]
        print(f"{part:18}{median(times):6.2f}   {max(times):6.2f}")
    print(f"rollouts a step   {median(m.rollouts for m in counted):6.0f}, trained on in whole groups of 16")


if __name__ == "__main__":
    main()
