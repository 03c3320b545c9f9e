"""A random model of any size with a tokenizer and a chat template: for tests and benchmarks, without weights."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from spillover.models.loading import LoadedModel

CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TEXTS = (
    "def solve(a, b):\n    return a + b\n",
    "Write a function that returns the sum of two numbers.",
    "<thinking>\nThe tests compare the result.\n</thinking>\n```python\nimport sys\n```\n",
)
SPECIAL = ("<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")


def tiny_tokenizer(vocabulary: int = 512) -> Any:
    """A byte-level BPE tokenizer with a chat template; at most `vocabulary` entries, at least 261."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|end|>",
        pad_token="<|pad|>",
        additional_special_tokens=list(SPECIAL[2:]),
        chat_template=CHAT_TEMPLATE,
        padding_side="left",
    )


def tiny_model(seed: int = 0, **shape: Any) -> LoadedModel:
    """A randomly initialised Llama with the bottle's shape (0.9M parameters); `shape` overrides its config."""
    tokenizer = tiny_tokenizer()
    config = {
        "vocab_size": 1024,
        "hidden_size": 128,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "intermediate_size": 344,
        "max_position_embeddings": 1024,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(LlamaConfig(**(config | shape)))
    return LoadedModel(model.eval(), tokenizer, "tiny", "tiny", torch.device("cpu"))


def save_tiny(folder: Path, seed: int = 0, **shape: Any) -> Path:
    """Write a tiny model as a standard folder."""
    loaded = tiny_model(seed, **shape)
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
    return folder
