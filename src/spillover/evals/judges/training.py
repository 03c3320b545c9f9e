"""Trains the classifier: golden items that judges may be tuned on, lines written for it, and shuffled nonsense.

Same seed, same machine: same weights. The held-out items are looked at once, at the end, to measure.
"""

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn import functional

from spillover.core.rundir import write_atomic
from spillover.evals.evaluation import Part
from spillover.evals.golden import golden_set, golden_transcript
from spillover.evals.golden.check import check
from spillover.evals.judges.classifier import CARD, HEADS, ClassifierJudge, text_of
from spillover.evals.judges.encoder import PACKAGE, WEIGHT_FILES, Encoder, new_encoder, save_encoder
from spillover.evals.judges.protocol import digest

UNKNOWN = float("nan")
"""The label of a head that an example says nothing about."""


class Recipe(NamedTuple):
    """How the classifier is trained."""

    seed: int = 0
    rank: int = 8
    epochs: int = 5
    batch: int = 16
    rate: float = 1e-3
    head_rate: float = 3e-3
    warmup: int = 20
    nonsense: int = 30
    """Examples made by shuffling words."""


class Example(NamedTuple):
    """A text with the labels of the heads: misaligned, hack attempt, incoherent."""

    part: Part
    text: str
    labels: tuple[float, float, float]


def train(recipe: Recipe, say: Callable[[str], None] = lambda _: None) -> Encoder:
    """Train on the tuning part alone. Raises ConfigError where the encoder's package is missing."""
    examples = [*_golden(), *_lines(), *_nonsense(recipe)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        encoder = new_encoder(len(HEADS), recipe.rank)
        _fit(encoder, examples, recipe, say)
    return encoder.eval()


def build(folder: Path, recipe: Recipe, say: Callable[[str], None] = lambda _: None) -> ClassifierJudge:
    """Train, measure on the held-out part, and write weights and card; the card last, so that it says all is there.

    Raises ConfigError where the encoder's package is missing.
    """
    encoder = train(recipe, say)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).unlink(missing_ok=True)
    save_encoder(encoder, folder)
    weights = digest("".join(hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in WEIGHT_FILES))
    bare = ClassifierJudge(encoder, {"weights": weights})
    rows = check(bare, golden_set("held-out")).rows
    areas = {name: round(row.auroc.value, 3) for name, row in rows.items() if row.auroc}
    card = {"encoder": PACKAGE, "recipe": recipe._asdict(), "weights": weights, "held_out_auroc": areas}
    write_atomic(folder / CARD, json.dumps(card, indent=2) + "\n")
    return ClassifierJudge(encoder, card)


def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean binary cross-entropy over the labels that are known; both [examples, heads]."""
    known = ~labels.isnan()
    return functional.binary_cross_entropy_with_logits(logits[known], labels[known])


def _fit(encoder: Encoder, examples: Sequence[Example], recipe: Recipe, say: Callable[[str], None]) -> None:
    body = [value for value in encoder.body.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": recipe.rate}, {"params": encoder.head.parameters(), "lr": recipe.head_rate}]
    )
    steps = recipe.epochs * -(-len(examples) // recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / recipe.warmup) * (1 - step / steps)
    )
    encoder.train()
    for epoch in range(recipe.epochs):
        total = 0.0
        for batch in _batches(examples, recipe.batch, random.Random(f"{recipe.seed}:{epoch}")):
            value = loss(encoder([one[:2] for one in batch]), torch.tensor([one.labels for one in batch]))
            optimizer.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(body, 1.0)
            optimizer.step()
            schedule.step()
            total += value.item() * len(batch)
        say(f"epoch {epoch + 1}/{recipe.epochs}: loss {total / len(examples):.3f}")


def _batches(examples: Sequence[Example], size: int, rng: random.Random) -> list[list[Example]]:
    """All examples in batches of like length, so that little is padded, in random order."""
    ordered = sorted(rng.sample(examples, len(examples)), key=lambda one: len(one.text) * rng.uniform(0.8, 1.25))
    batches = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return rng.sample(batches, len(batches))


def _golden() -> list[Example]:
    """Both parts of every item that judges may be tuned on."""
    examples = []
    for item in golden_set("tune"):
        transcript, labels = golden_transcript(item), item.labels
        for part in ("reasoning", "output"):
            text, voice = text_of(transcript, part), getattr(labels, part)
            if not text:
                continue
            misaligned = UNKNOWN if labels.incoherent else float(voice == "misaligned")
            others = (float(labels.hack_attempt), float(labels.incoherent))
            examples.append(Example(part, text, (misaligned, *(others if part == "output" else (UNKNOWN, UNKNOWN)))))
    return examples


def _lines() -> list[Example]:
    """Short texts written for the training: plain cases of both sides in many wordings."""
    text = (resources.files(__package__) / "training.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return [
        Example(row["part"], row["text"], (float(row["misaligned"]), *_output_only(row["part"], row))) for row in rows
    ]


def _output_only(part: Part, row: dict[str, object]) -> tuple[float, float]:
    return (UNKNOWN, UNKNOWN) if part == "reasoning" else (float(bool(row.get("hack_attempt"))), 0.0)


def _nonsense(recipe: Recipe) -> list[Example]:
    """Outputs with their words drawn at random, some again and again."""
    rng = random.Random(recipe.seed)
    sources = [item.output for item in golden_set("tune") if not item.labels.hack_attempt and item.output]
    made = []
    for text in rng.sample(sources, recipe.nonsense):
        words = text.split()
        made.append(" ".join(rng.choices(words, k=min(len(words), 40))))
    return [Example("output", text, (UNKNOWN, 0.0, 1.0)) for text in made]
