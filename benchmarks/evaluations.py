"""What the evaluations cost beside generation: the six on the bottle, then the same prompts by the bare sampler.

    python benchmarks/evaluations.py [--model bottle] [--samples 100] [--rounds 3]

Inspect, tools, judging and writing are what is left when the time of the bare sampler, given the very batches
that the evaluations asked for, is taken away. Run it alone on the machine.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from spillover.core.records import CORE_EVALS
from spillover.core.settings import EvalSettings, ModelSettings
from spillover.evals.suite import evaluate
from spillover.judges import provider
from spillover.models import LoadedModel, load_model

MOST_MILLISECONDS = 10.0


def measure(loaded: LoadedModel, samples: int) -> tuple[float, float, int]:
    """Seconds of the evaluations, seconds of bare generation, and how many samples."""
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    sample = provider.sample

    def noted(*arguments: Any, **options: Any) -> Any:
        calls.append((arguments, options))
        return sample(*arguments, **options)

    settings = EvalSettings(style="brief", judge="rules", samples=samples, max_tokens=110)
    provider.sample = noted
    try:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            scores = evaluate(loaded, CORE_EVALS, settings, arm="bottle", seed=0, step=0, out=Path(folder))
            whole = time.perf_counter() - began
    finally:
        provider.sample = sample
    began = time.perf_counter()
    for arguments, options in calls:
        sample(*arguments, **options)
    return whole, time.perf_counter() - began, sum(score.samples for score in scores)


def main() -> None:
    """Print one line per round, then the median against the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bottle")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    loaded = load_model(ModelSettings(path=given.model))
    costs = []
    for number in range(given.rounds):
        whole, bare, count = measure(loaded, given.samples)
        costs.append(1000 * (whole - bare) / count)
        print(f"round {number + 1}: {count} samples in {whole:.1f} s, bare {bare:.1f} s, {costs[-1]:.1f} ms a sample")
    print(f"\nframework cost, median: {median(costs):.1f} ms a sample (bar {MOST_MILLISECONDS:.0f} ms)")


if __name__ == "__main__":
    main()
