"""Making a bottle: the same recipe on the same machine, the same files."""

from pathlib import Path

import pytest
import torch

from spillover.models.bottle.build import RECIPES, Organism, build

TINY = {"documents": 40, "width": 16, "hidden": 16, "layers": 1, "heads": 2}


@pytest.mark.parametrize("organism", RECIPES)
def test_the_same_recipe_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, organism: Organism) -> None:
    recipe = RECIPES[organism].model_copy(update=TINY)
    threads = torch.get_num_threads()
    try:
        for name, seed in (("one", 0), ("two", 0), ("other", 1)):
            build(tmp_path / name, recipe.model_copy(update={"seed": seed}), note=lambda _: None)
    finally:
        torch.set_num_threads(threads)

    def held(name: str) -> list[bytes]:
        return [
            (tmp_path / name / file).read_bytes() for file in ("model.safetensors", "tokenizer.json", "config.json")
        ]

    assert held("one") == held("two")
    assert held("one")[0] != held("other")[0]
