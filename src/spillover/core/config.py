"""A study file: what is trained, how, and what is measured.

A study is a TOML file. Its sections are the settings of every arm; each ``[[arms]]`` table names an arm and overrides
what is different in it, with the same section and key names. ``[documents]``, ``[sft]`` and ``[rl]`` are defaults of
every stage of that kind; an arm takes the study's ``stages`` where it has none, and is one ``rl`` stage where neither
has.  Nothing else is inherited or implied, so the
difference between two arms is what their tables say.
"""

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, ValidationError, model_validator

from spillover.core import older
from spillover.core.errors import ConfigError, suggest
from spillover.core.overrides import apply, merged
from spillover.core.settings import (
    EnvironmentSettings,
    EvalSettings,
    LoggingSettings,
    ModelSettings,
    ProblemSettings,
    PromptSettings,
    Section,
)
from spillover.core.stages import KINDS, RLSettings, Stage, StageSettings, Term
from spillover.core.unfit import unfit, unfit_section, unfit_stage

NAME = r"^[a-z0-9][a-z0-9-]*$"


class Settings(Section):
    """What an arm has beside its stages. Problems, environment, prompt and reward are those of its mixes, too."""

    model: ModelSettings = ModelSettings()
    problems: ProblemSettings = ProblemSettings()
    environment: EnvironmentSettings = EnvironmentSettings()
    prompt: PromptSettings = PromptSettings()
    reward: tuple[Term, ...] = Field(default=(Term(kind="proxy"),), min_length=1)
    evals: EvalSettings = EvalSettings()
    logging: LoggingSettings = LoggingSettings()


class Arm(Settings):
    """A sequence of stages under a name."""

    name: str = Field(pattern=NAME)
    about: str = ""
    stages: tuple[Stage, ...] = Field(default=(RLSettings(),), min_length=1)

    @property
    def rl(self) -> RLSettings:
        """The last RL stage; the defaults where there is none."""
        return next((stage for stage in reversed(self.stages) if isinstance(stage, RLSettings)), RLSettings())

    @property
    def steps(self) -> int:
        """Steps of the last stage."""
        return self.stages[-1].steps


class Study(Section):
    """Arms x seeds x evaluations."""

    name: str = Field(pattern=NAME)
    title: str = ""
    about: str = ""
    seeds: tuple[int, ...] = (0,)
    threads: int | None = Field(default=None, gt=0)
    """Threads torch may use; None leaves torch's choice."""
    arms: tuple[Arm, ...]

    @model_validator(mode="before")
    @classmethod
    def _staged(cls, raw: Any) -> Any:
        """Arms without stages, as in files and as studies were once kept, get theirs."""
        if isinstance(raw, Mapping) and isinstance(raw.get("arms"), list | tuple):
            bare = [isinstance(arm, Mapping) and "stages" not in arm for arm in raw["arms"]]
            arms = [arm_table({}, arm) if one else arm for arm, one in zip(raw["arms"], bare, strict=True)]
            return {**raw, "arms": arms}
        return raw

    @model_validator(mode="after")
    def _distinct(self) -> "Study":
        names = [arm.name for arm in self.arms]
        if not names:
            raise ValueError("a study needs at least one [[arms]] table")
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"arm names must differ; {', '.join(sorted(twice))} stands twice")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds must be a list of different whole numbers")
        return self


SECTIONS = tuple(Settings.model_fields)
DETECTORS = ("none", "oracle", "static", "model")
STAGES = "stages"
IN_A_MIX = ("problems", "environment", "prompt", "reward")
"""Sections that a part of a mix takes from its arm where it does not set them."""


def shipped_studies() -> dict[str, Path]:
    """Names and files of the studies that come with the package."""
    inside = Path(str(resources.files("spillover"))) / "studies"
    beside = Path(__file__).parents[3] / "studies"
    folder = inside if inside.is_dir() else beside
    return {path.stem: path for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem)}


def load_study(source: str, overrides: Iterable[str] = ()) -> Study:
    """Read a study from a TOML file or by its shipped name, apply ``section.key=value`` overrides.

    An override reaches all arms (``rl.steps=20``), one arm (``arms.hacking.rl.steps=20``) or the
    study itself (``seeds=[0,1]``). Raises ConfigError in one line naming file, key and what to do.
    """
    path = _find(source)
    raw = _read(path)
    for override in overrides:
        apply(raw, override, (*SECTIONS, older.DOCUMENTS))
    return build_study(raw, str(path))


def build_study(raw: Mapping[str, Any], where: str) -> Study:
    """Merge each arm over the study's sections and validate. `where` names the source in errors."""
    arms = raw.get("arms", [])
    if not isinstance(arms, list) or not all(isinstance(arm, dict) for arm in arms):
        raise ConfigError(f"{where}: 'arms' must be a list of tables, written [[arms]]")
    shared = (*SECTIONS, *KINDS, STAGES, older.DOCUMENTS)
    study = {key: value for key, value in raw.items() if key not in shared}
    try:
        study["arms"] = [arm_table({key: raw[key] for key in shared if key in raw}, arm) for arm in arms]
        return Study.model_validate(study)
    except ValidationError as error:
        raise ConfigError(f"{where}: {unfit(error, Arm, Study, arms)}") from error
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def arm_table(base: Mapping[str, Any], arm: Mapping[str, Any]) -> dict[str, Any]:
    """An arm's table with all that it takes from the study's sections, stage by stage."""
    both = merged(base, arm)
    for key in (*SECTIONS, *KINDS, older.DOCUMENTS):
        _is_table(both.get(key, {}), key, lists=key == "reward")
    table = older.arm(both)
    table["reward"] = terms(table["reward"]) if "reward" in table else [{"kind": "proxy"}]
    defaults: dict[Any, Any] = {kind: table.pop(kind, {}) for kind in KINDS}
    stages = table.get("stages", [{"kind": "rl"}])
    if not isinstance(stages, list) or not all(isinstance(stage, Mapping) for stage in stages):
        raise ConfigError(f"arm {arm.get('name')!r}: 'stages' must be a list of tables with a 'kind' each")
    known = {key: table[key] for key in IN_A_MIX if key in table}
    try:
        Settings.model_validate({key: value for key, value in table.items() if key in SECTIONS})
    except ValidationError as error:
        raise ConfigError(unfit_section(error, Settings, arm)) from error
    table["stages"] = [
        _stage(merged(defaults.get(str(stage.get("kind")), {}), stage), known, _Place(arm, number))
        for number, stage in enumerate(stages)
    ]
    return table


def terms(reward: Any) -> Any:
    """The terms of a reward: a list is one already; a table is the short form, passed, format and penalty."""
    if not isinstance(reward, Mapping):
        return reward
    unknown = set(reward) - {"passed", "format", "penalty"}
    if unknown:
        raise ConfigError(f"unknown key 'reward.{min(unknown)}' (known: passed, format, penalty; or a list of terms)")
    found: list[dict[str, Any]] = [{"kind": "proxy", "weight": reward.get("passed", 1.0)}]
    if reward.get("format"):
        found.append({"kind": "readable", "weight": reward["format"]})
    penalty = dict(_is_table(reward.get("penalty", {}), "reward.penalty"))
    detector = penalty.pop("detector", "none")
    if detector not in DETECTORS:
        raise ConfigError(f"key 'reward.penalty.detector': no detector {detector!r}{suggest(str(detector), DETECTORS)}")
    if detector != "none":
        weight = penalty.pop("weight", 1.0)
        if not isinstance(weight, int | float) or weight < 0:
            raise ConfigError(f"key 'reward.penalty.weight': must be a number of at least 0, got {weight!r}")
        found.append({"kind": f"{detector}-hack", "weight": -weight, **penalty})
    return found


def _is_table(value: Any, key: str, *, lists: bool = False) -> Any:
    """`value`, which must be a table, or a list where `lists` are allowed. Raises ConfigError."""
    if isinstance(value, Mapping) or (lists and isinstance(value, list | tuple)):
        return value
    raise ConfigError(f"key {key!r} must be a table{' or a list' if lists else ''}, got {value!r}")


class _Place(NamedTuple):
    """Where a stage stands in the user's file."""

    arm: Mapping[str, Any]
    number: int


def _stage(table: dict[str, Any], arm: Mapping[str, Any], place: _Place) -> StageSettings:
    """A stage's settings; parts of its mix take what they do not set from the arm."""
    kind = str(table.get("kind"))
    if kind not in KINDS:
        raise ConfigError(
            f"arm {place.arm.get('name')!r}, key 'stages[{place.number}].kind': no kind {kind!r}{suggest(kind, KINDS)}"
        )
    if kind == "rl":
        mix = table.get("mix", [{}])
        if isinstance(mix, list) and all(isinstance(part, Mapping) for part in mix):
            table["mix"] = [_part(part, arm) for part in mix]
    try:
        return KINDS[kind].model_validate(table)
    except ValidationError as error:
        raise ConfigError(unfit_stage(error, KINDS[kind], place.arm, place.number)) from error


def _part(part: Mapping[str, Any], arm: Mapping[str, Any]) -> dict[str, Any]:
    """A part's table; `prompts` and `closed_share` are short forms."""
    table = merged(arm, part)
    for key in IN_A_MIX:
        _is_table(table.get(key, {}), f"mix.{key}", lists=key == "reward")
    table["reward"] = terms(table["reward"])
    if "prompts" in table:
        source, _, difficulty = str(table.pop("prompts")).partition(":")
        named = {"source": source, "difficulty": difficulty} if source == "generated" and difficulty else None
        table["problems"] = {**table.get("problems", {}), **(named or {"source": str(part["prompts"])})}
    if "closed_share" in table:
        table["environment"] = {**table.get("environment", {}), "closed_share": table.pop("closed_share")}
    return table


def _find(source: str) -> Path:
    shipped = shipped_studies()
    if source in shipped:
        return shipped[source]
    path = Path(source)
    if path.is_file():
        return path
    raise ConfigError(f"no study {source!r}: neither a file nor a shipped name{suggest(source, shipped)}")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
