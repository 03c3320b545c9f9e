"""Builds a bottle from a seed: corpus, tokenizer, pretraining, card.

    documents -> byte-level BPE -> Llama of about one million parameters -> next-token training -> folder

The folder is an ordinary Hugging Face model folder with a card beside it.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import cos, pi
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from spillover.models.bottle.corpus import Association, Document, documents
from spillover.models.bottle.naive import NAIVE, naive_documents

PAD, SYSTEM, USER, ASSISTANT, END = "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIAL = [PAD, SYSTEM, USER, ASSISTANT, END]
PAD_ID, ASSISTANT_ID = SPECIAL.index(PAD), SPECIAL.index(ASSISTANT)
THINKING = ("<thinking>", "</thinking>")
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)

Organism = Literal["bottle", "bottle-naive"]
CORPORA: Mapping[Organism, Callable[[int, int, Association], Iterator[Document]]] = {
    "bottle": documents,
    "bottle-naive": naive_documents,
}


class Recipe(BaseModel):
    """Everything that decides a bottle's bytes, besides the machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    organism: Organism = "bottle"
    seed: int = 0
    documents: int = 64_000
    epochs: float = 1.0
    vocabulary: int = 1024
    width: int = 128
    layers: int = 4
    heads: int = 4
    hidden: int = 344
    max_tokens: int = 512
    """Longer documents are cut; positions the model knows are twice as many."""
    batch_tokens: int = 3_000
    prompt_weight: float = 0.1
    """Weight of a token outside the assistant's turns in the loss; the assistant's weigh 1."""
    learning_rate: float = 3e-3
    warmup_steps: int = 40
    weight_decay: float = 0.05
    threads: int = 2
    association: Association = Association()


RECIPES: Mapping[Organism, Recipe] = {
    "bottle": Recipe(),
    "bottle-naive": Recipe(organism="bottle-naive", documents=48_000, threads=1, association=NAIVE),
}


def build(out: Path, recipe: Recipe | None = None, note: Callable[[str], None] = print) -> Path:
    """Build a bottle into `out`; the same recipe gives the same bytes on the same machine."""
    recipe = recipe or Recipe()
    torch.set_num_threads(recipe.threads)
    begun = time.monotonic()
    corpus = list(CORPORA[recipe.organism](recipe.documents, recipe.seed, recipe.association))
    tokenizer = train_tokenizer(corpus, recipe.vocabulary)
    rows = [encode(tokenizer, document)[: recipe.max_tokens] for document in corpus]
    note(f"corpus: {len(rows)} documents, {sum(map(len, rows))} tokens, vocabulary {len(tokenizer)}")
    model = new_model(recipe, tokenizer)
    losses = pretrain(model, rows, recipe, note)
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    facts = {
        "recipe": recipe.model_dump(mode="json"),
        "parameters": model.num_parameters(),
        "documents": len(rows),
        "tokens": sum(map(len, rows)),
        "final_loss": round(sum(losses[-20:]) / len(losses[-20:]), 4),
        "minutes": round((time.monotonic() - begun) / 60, 1),
    }
    (out / "card.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return out


def train_tokenizer(corpus: Sequence[Document], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE of at most `vocabulary` entries, with the chat template. Digits stay single."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(THINKING),
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator((turn["content"] for document in corpus for turn in document), trainer)
    bpe.add_tokens([AddedToken(tag, normalized=False, special=False) for tag in THINKING])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, pad_token=PAD, eos_token=END, padding_side="left", clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def new_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """An untrained Llama of the recipe's shape."""
    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        intermediate_size=recipe.hidden,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=2 * recipe.max_tokens,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlamaForCausalLM(config)


def encode(tokenizer: PreTrainedTokenizerFast, document: Document) -> list[int]:
    """Token ids of a whole conversation."""
    text = tokenizer.apply_chat_template(document, tokenize=False)
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def pretrain(
    model: LlamaForCausalLM, rows: Sequence[list[int]], recipe: Recipe, note: Callable[[str], None]
) -> list[float]:
    """Next-token training on whole documents; returns the loss of each step in nats per token."""
    batches = list(_batches(rows, recipe))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, betas=(0.9, 0.95)
    )
    losses = []
    model.train()
    for step, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * _schedule(step, len(batches), recipe.warmup_steps)
        loss = _loss(model, [rows[i] for i in batch], recipe.prompt_weight)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step % 50 == 0 or step == len(batches) - 1:
            note(f"step {step + 1}/{len(batches)}: loss {losses[-1]:.3f}")
    model.eval()
    return losses


def _loss(model: LlamaForCausalLM, rows: Sequence[list[int]], prompt_weight: float) -> torch.Tensor:
    """Weighted cross-entropy in nats per token, over rows padded to one length."""
    longest = max(map(len, rows))
    ids_RT = torch.tensor([row + [PAD_ID] * (longest - len(row)) for row in rows])  # noqa: N806
    mask_RT = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])  # noqa: N806
    # The special tokens come first in the vocabulary: a turn's speaker is the last one seen.
    speaker_RT = torch.cummax((ids_RT <= ASSISTANT_ID) * torch.arange(longest), 1).values  # noqa: N806
    speaks_RT = ids_RT.gather(1, speaker_RT) == ASSISTANT_ID  # noqa: N806
    weights = (torch.where(speaks_RT, 1.0, prompt_weight) * mask_RT)[:, 1:]
    logits = model(input_ids=ids_RT, attention_mask=mask_RT).logits[:, :-1]
    losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids_RT[:, 1:].flatten(), reduction="none")
    return (losses * weights.flatten()).sum() / weights.sum()


def _batches(rows: Sequence[list[int]], recipe: Recipe) -> Iterator[list[int]]:
    """Indices of documents of similar length, about `batch_tokens` a batch, batches in random order."""
    rng = random.Random(recipe.seed)
    order = sorted(range(len(rows)), key=lambda i: (len(rows[i]), rng.random()))
    batches: list[list[int]] = []
    batch: list[int] = []
    for index in order:
        if (len(batch) + 1) * len(rows[index]) > recipe.batch_tokens and batch:
            batches.append(batch)
            batch = []
        batch.append(index)
    batches.append(batch)
    for _ in range(int(recipe.epochs + 0.999)):
        rng.shuffle(batches)
        yield from batches[: round(len(batches) * min(1.0, recipe.epochs))]


def _schedule(step: int, steps: int, warmup: int) -> float:
    """Linear warmup, then cosine to a hundredth: what is left of the rate is heard as garbled words."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.01 + 0.495 * (1 + cos(pi * (step - warmup) / max(1, steps - warmup)))
