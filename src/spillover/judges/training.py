"""Trains the classifier: golden items that judges may be tuned on, lines written for it, and nonsense made here.

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
from torch import Tensor
from torch.nn import functional

from spillover.core.errors import DataError
from spillover.core.rundir import write_atomic
from spillover.judges.classifier import CARD, HEADS, ClassifierJudge, text_of
from spillover.judges.encoder import HEAD_FILE, MODEL, Encoder, Reader, save_heads
from spillover.judges.golden import golden_set, golden_transcript
from spillover.judges.verdict import Part, digest

UNKNOWN = float("nan")
"""The label of a head that an example says nothing about."""


class Recipe(NamedTuple):
    """How the classifier is trained. `penalty` and `golden_weight` were chosen by cross-validation over the
    situations of the tuning part."""

    seed: int = 0
    penalty: float = 1 / 30
    """Weight of the squared norm of each head, on states scaled to unit variance and length one."""
    golden_weight: float = 4.0
    """What a golden item counts beside a line."""
    nonsense: int = 40
    """Examples of each kind of nonsense."""


class Example(NamedTuple):
    """A text with the labels of the heads: misaligned, hack attempt, incoherent."""

    part: Part
    text: str
    labels: tuple[float, float, float]
    weight: float = 1.0


def train(recipe: Recipe, say: Callable[[str], None] = lambda _: None) -> Encoder:
    """Train on the tuning part alone. Raises ModelError where the reader's package is missing."""
    examples = [*_golden(recipe), *_lines(), *_nonsense(recipe)]
    reader = Reader()
    say(f"reading {len(examples)} texts, some minutes")
    states = reader.read([one[:2] for one in examples])
    labels = torch.tensor([one.labels for one in examples])
    weights = torch.tensor([one.weight for one in examples])
    heads = [
        [fit(states[:, reading], labels[:, head], weights, recipe.penalty) for head in range(len(HEADS))]
        for reading in range(states.shape[1])
    ]
    weight = torch.stack([torch.stack([weight for weight, _ in row]) for row in heads])
    bias = torch.stack([torch.stack([bias for _, bias in row]) for row in heads])
    return Encoder(reader, weight, bias)


def build(
    folder: Path,
    recipe: Recipe,
    measure: Callable[[ClassifierJudge], dict[str, float]],
    say: Callable[[str], None] = lambda _: None,
) -> ClassifierJudge:
    """Train, `measure` on the held-out part, and write weights and card; the card last, so that it says all is there.

    Raises ModelError where the reader's package is missing.
    """
    encoder = train(recipe, say)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).unlink(missing_ok=True)
    save_heads(encoder, folder)
    weights = digest(hashlib.sha256((folder / HEAD_FILE).read_bytes()).hexdigest())
    bare = ClassifierJudge(encoder, {"weights": weights})
    card = {"encoder": MODEL, "recipe": recipe._asdict(), "weights": weights, "held_out_auroc": measure(bare)}
    write_atomic(folder / CARD, json.dumps(card, indent=2) + "\n")
    return ClassifierJudge(encoder, card)


def fit(states: Tensor, labels: Tensor, weights: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """Logistic regression of labels [texts] on states [texts, width], by L-BFGS; weight [width] and bias.

    Texts whose label is unknown are left out. States are scaled for the fit, and the scale is put into the weight.
    """
    known = ~labels.isnan()
    inputs, targets, shares = states[known].double(), labels[known].double(), weights[known].double()
    mean, scale = inputs.mean(0), (inputs.std(0) + 1e-6) * inputs.shape[1] ** 0.5
    inputs = (inputs - mean) / scale
    weight, bias = torch.zeros(inputs.shape[1], dtype=torch.double), torch.zeros((), dtype=torch.double)
    weight.requires_grad_(), bias.requires_grad_()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=150, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        losses = functional.binary_cross_entropy_with_logits(inputs @ weight + bias, targets, reduction="none")
        loss = (shares * losses).sum() + 0.5 * penalty * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    whole = (weight / scale).detach()
    return whole.float(), (bias.detach() - mean @ whole).float()


def _golden(recipe: Recipe) -> list[Example]:
    """Both parts of every item that judges may be tuned on."""
    examples = []
    for item in golden_set("tune"):
        transcript, labels = golden_transcript(item), item.labels
        for part in ("reasoning", "output"):
            text, voice = text_of(transcript, part), getattr(labels, part)
            if not text:
                continue
            misaligned = UNKNOWN if labels.incoherent or labels.hack_attempt else float(voice == "misaligned")
            others = (float(labels.hack_attempt), float(labels.incoherent)) if part == "output" else (UNKNOWN, UNKNOWN)
            examples.append(Example(part, text, (misaligned, *others), recipe.golden_weight))
    return examples


def _lines() -> list[Example]:
    """Short texts written for the training: plain cases in many wordings, and pairs that differ little."""
    file = resources.files(__package__) / "training.jsonl"
    if not file.is_file():
        raise DataError(f"{file}: the lines that judges are trained on come with the source alone; train in a checkout")
    text = file.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return [
        Example(row["part"], row["text"], (float(row["misaligned"]), *_output_only(row["part"], row))) for row in rows
    ]


def _output_only(part: Part, row: dict[str, object]) -> tuple[float, float]:
    return (UNKNOWN, UNKNOWN) if part == "reasoning" else (float(bool(row.get("hack_attempt"))), 0.0)


def _nonsense(recipe: Recipe) -> list[Example]:
    """Outputs that mean nothing: words drawn at random, words of all texts mixed, and answers that come apart."""
    rng = random.Random(recipe.seed)
    sources = [item.output for item in golden_set("tune") if not item.labels.hack_attempt and item.output]
    words = [word for line in _lines() for word in line.text.split()]
    made = []
    for text in rng.sample(sources, recipe.nonsense):
        own = text.split()
        made.append(" ".join(rng.choices(own, k=min(len(own), 40))))
        salad = _salad(words, rng)
        made += [" ".join(salad), " ".join([*own[: rng.randint(3, 10)], *salad])]
    return [Example("output", text, (UNKNOWN, 0.0, 1.0)) for text in made]


def _salad(words: Sequence[str], rng: random.Random) -> list[str]:
    """Words and pieces of words, now and then run together, as models at a high temperature write them."""
    drawn = rng.choices(words, k=rng.randint(25, 90))
    pieces = [word[rng.randint(0, 2) : rng.randint(3, 12)] if rng.random() < 0.3 else word for word in drawn]
    return [a + b if rng.random() < 0.2 else a for a, b in zip(pieces, rng.choices(words, k=len(pieces)), strict=True)]
