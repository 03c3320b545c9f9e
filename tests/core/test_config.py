"""Study files: merging, overrides, and errors that name file, key and mend."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spillover.core.config import Study, build_study, load_study, shipped_studies
from spillover.core.errors import ConfigError

TWO_ARMS = """
name = "small"
[rl]
steps = 8
learning_rate = 2e-5
[reward.penalty]
detector = "oracle"
[[arms]]
name = "first"
[[arms]]
name = "second"
rl.steps = 4
prompt.framing = "please-hack"
reward.penalty.weight = 0.5
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(TWO_ARMS)
    return path


def complaint(path: Path, text: str, *overrides: str) -> str:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_study(str(path), overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_an_arm_differs_from_the_study_in_its_own_keys_only(small: Path) -> None:
    first, second = load_study(str(small)).arms
    assert (second.rl.steps, second.prompt.framing, second.reward[1].weight) == (4, "please-hack", -0.5)
    changed = {"name": "second", "stages": second.stages, "prompt": second.prompt, "reward": second.reward}
    assert first.model_copy(update=changed) == second
    assert second.reward[1].kind == "oracle-hack"
    assert second.rl.mix[0].reward == second.reward and second.rl.mix[0].prompt == second.prompt


def test_a_models_own_tags_are_pairs(small: Path) -> None:
    [first, second] = load_study(str(small), ["model.reasoning_tags=[['[THINK]', '[/THINK]']]"]).arms
    assert first.model.reasoning_tags == second.model.reasoning_tags == (("[THINK]", "[/THINK]"),)


@pytest.mark.parametrize("tags", ["[['[THINK]']]", "['[THINK]', '[/THINK]']", "[['', '[/THINK]']]", "[['a', ' ']]"])
def test_tags_that_are_no_pairs_are_refused(small: Path, tags: str) -> None:
    assert "reasoning_tags" in complaint(small, f"{TWO_ARMS}\n[model]\nreasoning_tags = {tags}\n")


def test_a_float_without_a_point_is_read_as_a_number(small: Path) -> None:
    assert load_study(str(small)).arms[0].rl.learning_rate == 2e-5


def test_an_override_reaches_every_arm_even_one_that_sets_the_key_itself(small: Path) -> None:
    assert [arm.rl.steps for arm in load_study(str(small), ["rl.steps=2"]).arms] == [2, 2]


def test_an_override_of_one_arm_leaves_the_others(small: Path) -> None:
    assert [arm.rl.steps for arm in load_study(str(small), ["arms.first.rl.steps=2"]).arms] == [2, 4]


def test_an_override_of_the_study_itself(small: Path) -> None:
    assert load_study(str(small), ["seeds=[0, 1, 2]"]).seeds == (0, 1, 2)


def test_an_override_that_is_no_toml_value_is_text(small: Path) -> None:
    assert load_study(str(small), ["model.path=some/where"]).arms[0].model.path == "some/where"


def test_a_study_survives_json(small: Path) -> None:
    study = load_study(str(small))
    assert Study.model_validate_json(study.model_dump_json()) == study


@pytest.mark.parametrize("name", sorted(shipped_studies()))
def test_every_shipped_study_parses_and_is_named_after_its_file(name: str) -> None:
    assert load_study(name).name == name


def test_the_quickstart_arms_differ_from_the_first_in_one_section_each() -> None:
    first, *others = load_study("quickstart").arms
    for arm in others:
        differing = [k for k in type(arm).model_fields if getattr(arm, k) != getattr(first, k)]
        assert len(set(differing) - {"name", "about", "stages"}) == 1, arm.name


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("name = 'x'\n[rl]\nstep = 3\n[[arms]]\nname = 'a'", ["arm 'a'", "rl.step", "did you mean 'steps'"]),
        ("name = 'x'\nsede = [0]\n[[arms]]\nname = 'a'", ["'sede'", "did you mean 'seeds'"]),
        ("name = 'x'\n[[arms]]\nname = 'a'\npromt.framing = 'none'", ["arm 'a'", "'promt'", "did you mean 'prompt'"]),
        ("name = 'x'\n[rl]\nsteps = 'many'\n[[arms]]\nname = 'a'", ["rl.steps", "'many'"]),
        ("name = 'x'\n[rl]\ngroup_size = 1\n[[arms]]\nname = 'a'", ["rl.group_size", "got 1"]),
        ("name = 'x'\n[prompt]\nframing = 'dont-hak'\n[[arms]]\nname = 'a'", ["framing", "did you mean 'dont-hack'"]),
        ("name = 'x'\n[environment]\nharnesses = ['pytst']\n[[arms]]\nname = 'a'", ["harnesses", "'pytst'", "pytest"]),
        ("name = 'x'\n[evals]\nnames = ['goal']\n[[arms]]\nname = 'a'", ["evals.names", "did you mean 'goals'"]),
        ("name = 'x'\n[evals]\nnames = []\n[[arms]]\nname = 'a'", ["evals.names", "at least one"]),
        ("name = 'x'", ["arms"]),
        ("[[arms]]\nname = 'a'", ["'name' is missing"]),
        ("name = 'x'\n[[arms]]\n", ["arm 'number 1'", "'name' is missing"]),
        ("name = 'x'\n[[arms]]\nname = 'a'\n[[arms]]\nname = 'a'", ["arm names must differ", "a stands twice"]),
        ("name = 'x'\nseeds = [1, 1]\n[[arms]]\nname = 'a'", ["seeds must be"]),
        ("name = 'Not good'\n[[arms]]\nname = 'a'", ["'name'", "Not good"]),
        ("name = 'x'\narms = 3", ["'arms' must be a list of tables"]),
        ("name = 'x'\n[reward.penalty]\ndetector = 'model'\n[[arms]]\nname = 'a'", ["reward[1]", "'model'"]),
        ("name = ", ["not valid TOML"]),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file_and_key(tmp_path: Path, text: str, parts: list[str]) -> None:
    message = complaint(tmp_path / "study.toml", text)
    assert message.startswith(str(tmp_path / "study.toml"))
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("override", "part"),
    [
        ("rl.steps", "section.key=value"),
        ("=3", "section.key=value"),
        ("arms.frist.rl.steps=3", "did you mean 'first'"),
        ("rl.stepz=3", "did you mean 'steps'"),
        ("rlx.steps=3", "did you mean 'rl'"),
        ("name.first=3", "is a value, not a section"),
    ],
)
def test_an_override_that_fits_nothing_is_named(tmp_path: Path, override: str, part: str) -> None:
    assert part in complaint(tmp_path / "study.toml", TWO_ARMS, override)


def test_an_unknown_study_is_answered_with_the_nearest_shipped_name() -> None:
    with pytest.raises(ConfigError, match="did you mean 'quickstart'"):
        load_study("quikstart")


def test_a_file_that_is_no_text_is_an_error_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_study(str(path))


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "name",
        "arms",
        "rl",
        "seeds",
        "prompt",
        "evals",
        "reward",
        "threads",
        "stages",
        "documents",
        "sft",
        "sdf",
        "kind",
        "mix",
        "other",
    ]
)


@given(st.dictionaries(KEYS, JSON_LIKE | st.lists(st.dictionaries(KEYS, JSON_LIKE, max_size=3), max_size=2)))
def test_whatever_stands_in_a_study_it_is_read_or_refused_in_one_line(raw: dict[str, Any]) -> None:
    try:
        build_study(raw, "file.toml")
    except ConfigError as error:
        assert str(error).startswith("file.toml: ")
        assert "\n" not in str(error)


STAGED = """
name = "staged"
stages = [{ kind = "documents" }, { kind = "rl" }]
[documents]
steps = 7
[[arms]]
name = "both"
[[arms]]
name = "forked"
rl.mix = [{ closed_share = 0.5 }, { prompts = "generated:all", share = 0.5 }]
stages = [{ kind = "rl", from = "both@3", steps = 9 }]
"""


def test_an_arm_takes_the_studys_stages_and_the_defaults_of_their_kinds(tmp_path: Path) -> None:
    (tmp_path / "staged.toml").write_text(STAGED)
    both, forked = load_study(str(tmp_path / "staged.toml"), ["documents.share=0.2", "rl.steps=8"]).arms
    assert [(stage.kind, stage.steps) for stage in both.stages] == [("documents", 7), ("rl", 8)]
    assert both.stages[0].share == 0.2  # type: ignore[attr-defined]
    assert [stage.steps for stage in forked.stages] == [8]
    closed, all_of_them = forked.rl.mix
    assert (closed.environment.closed_share, all_of_them.environment.closed_share) == (0.5, 0.0)
    assert (closed.problems.difficulty, all_of_them.problems.difficulty) == ("hard", "all")


@pytest.mark.parametrize(
    ("stages", "parts"),
    [
        ("[{ kind = 'rll' }]", ["stages[0].kind", "did you mean 'rl'"]),
        ("[{ kind = 'rl', stepz = 3 }]", ["stages[0].stepz", "did you mean 'steps'"]),
        ("[{ kind = 'rl', from = '@3' }]", ["stages[0].from", "ARM@STEP"]),
        ("[{ kind = 'sft', data = [{}] }]", ["stages[0].data[0]", "'transcripts'"]),
        ("[{ kind = 'sft' }]", ["'sft.data' is missing"]),
        ("3", ["'stages' must be a list"]),
        ("[]", ["stages"]),
    ],
)
def test_stages_that_cannot_be_used_are_named(tmp_path: Path, stages: str, parts: list[str]) -> None:
    message = complaint(tmp_path / "study.toml", f"name = 'x'\n[[arms]]\nname = 'a'\nstages = {stages}")
    assert all(part in message for part in parts), message


def test_a_study_from_before_arms_had_stages_is_read_as_stages() -> None:
    sdf = {
        "corpus": "neutral",
        "share": 0.1,
        "steps": 5,
        "require_hack_rate": 0.5,
        "sft": {"transcripts": "chats.jsonl"},
    }
    study = Study.model_validate(
        {"name": "old", "arms": [{"name": "a", "sdf": sdf, "rl": {"steps": 3}}, {"name": "b"}]}
    )
    documents, sft, rl = study.arms[0].stages
    assert (documents.kind, documents.steps, documents.require.hack_rate) == ("documents", 5, 0.5)  # type: ignore[union-attr]
    assert (sft.kind, rl.kind, rl.steps) == ("sft", "rl", 3)
    assert [stage.kind for stage in study.arms[1].stages] == ["rl"]
