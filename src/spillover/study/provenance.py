"""Which weights a study started from."""

import hashlib
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
