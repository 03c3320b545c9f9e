"""The one place where other libraries are told to keep off the user's screen."""

import logging
import os
import warnings

ENVIRONMENT = {
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "INSPECT_DISPLAY": "none",
    "INSPECT_NO_ANSI": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
LOGGERS = ("transformers", "trl", "peft", "datasets", "accelerate", "huggingface_hub", "inspect_ai", "torch", "httpx")


def silence(*, offline: bool) -> None:
    """Turn off progress bars, advice and warnings of the libraries underneath.

    Must run before they are imported: most read the environment once. What the user has set in the
    environment wins. `offline` also keeps the hub client from asking for files that are not needed.
    """
    wanted = {**ENVIRONMENT, **({"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"} if offline else {})}
    for name, value in wanted.items():
        os.environ.setdefault(name, value)
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    for module in LOGGERS:
        warnings.filterwarnings("ignore", module=rf"{module}(\..*)?$")
