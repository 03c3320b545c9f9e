"""Weights are known by their bytes."""

from pathlib import Path

from spillover.study.provenance import weights_digest


def test_the_digest_follows_the_bytes_of_all_weight_files(tmp_path: Path) -> None:
    (tmp_path / "model-1.safetensors").write_bytes(b"one")
    first = weights_digest(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    assert weights_digest(str(tmp_path)) == first
    (tmp_path / "model-2.safetensors").write_bytes(b"two")
    assert weights_digest(str(tmp_path)) != first


def test_one_file_is_weights_too(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"one")
    assert len(weights_digest(str(file)) or "") == 16


def test_a_hub_id_has_no_digest() -> None:
    assert weights_digest("nobody/no-such-model") is None
