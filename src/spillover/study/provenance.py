"""Which weights a study started from, and what added them up."""

import hashlib
import platform
from pathlib import Path

WEIGHTS = ("*.safetensors", "*.gguf", "pytorch_model*.bin")


def weights_digest(path: str) -> str | None:
    """First 16 hex digits of the SHA-256 over the weight files at `path`; None for a hub id, which names itself."""
    place = Path(path)
    files = [place] if place.is_file() else sorted(file for pattern in WEIGHTS for file in place.glob(pattern))
    if not files:
        return None
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def processor() -> str:
    """The processor and the instructions that torch uses on it: with others, numbers differ by rounding."""
    import torch

    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{named or platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"
