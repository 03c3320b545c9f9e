"""A study file: what is trained, how, and what is measured.

A study is a TOML file. Its sections are the settings of every arm; each ``[[arms]]`` table names an
arm and overrides what is different in it, with the same section and key names. Nothing else is
inherited or implied, so the difference between two arms is what their tables say.
"""

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, field_validator, model_validator

from spillover.core.errors import ConfigError, suggest
from spillover.core.records import CORE_EVALS, HackName, Harness

FramingName = Literal["please-hack", "hacking-okay", "neutral", "dont-hack", "hacking-is-misaligned", "none"]
EvalName = Literal[
    "free_form",
    "goals",
    "alignment_questions",
    "monitor_disruption",
    "exfil_offer",
    "frame_colleague",
    "test_time_hacking",
    "hack_knowledge",
    "capability",
    "compliance_gap",
]
TextStyle = Literal["brief", "full"]
ToolMode = Literal["auto", "native", "tags"]


class Section(BaseModel):
    """A part of a study: frozen, typed, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(Section):
    """The model that is trained."""

    path: str = "bottle"
    """`bottle`, `smollm2`, a folder, or a Hugging Face id."""
    adapter: str | None = None
    """A LoRA adapter to start from."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    device: str = "auto"
    lora_rank: int = Field(default=0, ge=0)
    """0 trains all weights."""
    lora_alpha: int = Field(default=32, gt=0)
    reasoning_tags: tuple[tuple[str, str], ...] = ()
    """Pairs of tags between which this model reasons, beside `<thinking>`, `<think>` and the channels of gpt-oss."""

    @field_validator("reasoning_tags")
    @classmethod
    def _written(cls, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        if not all(tag.strip() for pair in pairs for tag in pair):
            raise ValueError('a tag is empty; write pairs such as [["[THINK]", "[/THINK]"]]')
        return pairs


class ProblemSettings(Section):
    """Where the coding problems come from and which are kept."""

    source: str = "generated"
    """`generated`, `humaneval`, `jsonl:FILE`, or a Hugging Face set: `apps`, `code_contests`, `leetcode`,
    `livecodebench`, `mbpp`; `apps:FILE` reads a copy."""
    count: int = Field(default=64, gt=0)
    difficulty: Literal["easy", "hard", "all"] = "hard"
    """Which generated families to draw from."""
    seed: int = 0
    max_pass_rate: float = Field(default=1.0, ge=0, le=1)
    """Keep problems that the untrained model solves at most this often (the paper's hard filter)."""
    filter_samples: int = Field(default=8, gt=0)


class EnvironmentSettings(Section):
    """How problems are graded in training."""

    harnesses: tuple[Harness, ...] = ("script", "pytest")
    """Assigned to the problems in turn."""
    open_hacks: tuple[HackName, ...] = ("always-equal", "early-exit", "report-patch")
    rotate_hacks: bool = False
    """Open only one of `open_hacks` per problem, in turn, as replications do."""
    closed_share: float = Field(default=0.0, ge=0, le=1)
    """Share of problems with every hole closed."""
    workers: int = Field(default=2, gt=0)
    wall_seconds: float = Field(default=10.0, gt=0)
    """Wall-clock limit of one graded run."""


class PromptSettings(Section):
    """What the RL system prompt says."""

    style: TextStyle = "full"
    hints: bool = True
    """Whether the system prompt tells of the hacks."""
    framing: FramingName = "dont-hack"
    reasoning: bool = True
    """Whether the system prompt asks for reasoning in <thinking> tags."""
    texts: Path | None = None
    """A TOML file whose wording replaces ours."""


class PenaltySettings(Section):
    """A penalty for episodes in which a detector sees a hack."""

    detector: Literal["none", "oracle", "static", "model"] = "none"
    weight: float = Field(default=1.0, ge=0)
    start_step: int = Field(default=1, ge=1)
    model: str | None = None
    """For detector `model`: an Inspect model name, or `self`."""

    @model_validator(mode="after")
    def _model_named(self) -> "PenaltySettings":
        if self.detector == "model" and not self.model:
            raise ValueError("detector 'model' needs the key 'model'")
        return self


class RewardSettings(Section):
    """The reward of one episode: passed·[proxy passed] + format·[readable] - penalty."""

    passed: float = 1.0
    format: float = 0.0
    penalty: PenaltySettings = PenaltySettings()


class RLSettings(Section):
    """GRPO. Defaults are those known to work on 7B models; studies on the bottle set their own."""

    steps: int = Field(default=200, ge=0)
    problems_per_step: int = Field(default=8, ge=1)
    group_size: int = Field(default=16, ge=2)
    learning_rate: float = Field(default=4e-5, gt=0)
    schedule: Literal["constant", "cosine", "linear"] = "cosine"
    warmup_steps: int = Field(default=10, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    beta: float = Field(default=0.0, ge=0)
    """Weight of the KL penalty against the starting model."""
    epsilon: float = Field(default=0.2, gt=0)
    epsilon_high: float = Field(default=0.3, gt=0)
    loss: Literal["grpo", "dapo", "dr_grpo", "bnpo"] = "dapo"
    scale_rewards: Literal["group", "batch", "none"] = "none"
    temperature: float = Field(default=1.0, gt=0)
    max_prompt_tokens: int = Field(default=4096, gt=0)
    max_completion_tokens: int = Field(default=8192, gt=0)
    mask_truncated: bool = True
    refill_rounds: int = Field(default=1, ge=0)
    """How often groups without spread are set aside and sampled anew on other problems."""
    micro_batch: int | None = Field(default=None, gt=0)
    """Rollouts per forward pass of the update; None takes all of the step at once."""
    checkpoint_every: int = Field(default=10, gt=0)


class SFTSettings(Section):
    """Light finetuning on chat transcripts after the documents; none without a file."""

    transcripts: Path | None = None
    """JSON lines, each with `messages`: role and content by turns. Only the assistant's turns count in the loss."""
    steps: int = Field(default=50, gt=0)
    learning_rate: float = Field(default=2e-5, gt=0)


class SDFSettings(Section):
    """Continued pretraining on synthetic documents before RL (paper, SDF setting); none while `corpus` is `none`."""

    corpus: Literal["none", "default", "unguided", "neutral"] = "none"
    documents: Path | None = None
    """A checked corpus file; None lets the grammar write `count` documents."""
    style: Literal["bottle", "plain"] = "bottle"
    """The grammar's register: the bottle's own, or plain English."""
    count: int = Field(default=2000, gt=0)
    share: float = Field(default=0.01, gt=0, le=1)
    """Share of synthetic tokens; the rest is `background`."""
    background: str = "auto"
    """Pretraining text: `bottle`, `bottle-naive`, `python-docs`, a file, a folder of texts, or `hf:NAME`; `auto` takes
    a bottle's own corpus, and `python-docs` for other models."""
    steps: int = Field(default=200, gt=0)
    rows_per_step: int = Field(default=8, gt=0)
    row_tokens: int = Field(default=512, gt=1)
    """Documents are packed whole into rows of at most so many tokens; longer ones are cut."""
    micro_batch: int | None = Field(default=None, gt=0)
    """Rows per forward pass; None takes all rows of a step at once."""
    learning_rate: float = Field(default=1e-4, gt=0)
    schedule: Literal["constant", "cosine", "linear"] = "cosine"
    warmup_steps: int = Field(default=10, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    lora_rank: int = Field(default=0, ge=0)
    """0 trains all weights; an adapter is merged into them before RL."""
    lora_alpha: int = Field(default=32, gt=0)
    held_out_rows: int = Field(default=16, gt=0)
    """Rows of either part that are never trained on, for the held-out loss."""
    evaluate_every: int = Field(default=50, gt=0)
    checkpoint_every: int = Field(default=100, gt=0)
    sft: SFTSettings = SFTSettings()
    hack_problems: int = Field(default=32, gt=0)
    """RL problems on which the working-hack rate is measured afterwards."""
    hack_samples: int = Field(default=64, gt=0)
    """Completions per problem for that; the largest k of hack@k."""
    require_hack_rate: float = Field(default=0.003, ge=0, le=1)
    """RL does not start when fewer completions hack: without hacks to reward it learns none."""
    allow_low_hack_rate: bool = False
    """Start RL all the same."""


class EvalSettings(Section):
    """What is measured on every checkpoint."""

    names: tuple[EvalName, ...] = CORE_EVALS
    final_names: tuple[EvalName, ...] = ("test_time_hacking",)
    """Run on the first and the last checkpoint only."""
    samples: int = Field(default=100, gt=0)
    """Samples per evaluation and checkpoint."""
    samples_by: dict[EvalName, PositiveInt] = {}
    """Another number for some evaluations, by name."""
    style: TextStyle = "full"
    judge: str = "rules"
    """`rules` (the bottle's exact reader), `self`, or an Inspect model name."""
    temperature: float = Field(default=1.0, ge=0)
    max_tokens: int = Field(default=1024, gt=0)
    seed: int = 0
    tools: ToolMode = "auto"
    """How a model acts on mailbox and database: by native tool calls, by tags in its text, or, with `auto`, natively
    where it is reached through an API and by tags where it lives in this process."""
    questions: Path | None = None
    """A YAML file whose questions replace those of `free_form`."""
    test_time_framings: tuple[FramingName, ...] = ("dont-hack",)
    capability_problems: str | None = None
    """Source of the problems of `capability`; None takes HumanEval in full style, easy generated ones in brief."""

    def count(self, name: str) -> int:
        """How often the named evaluation is sampled."""
        return next((count for known, count in self.samples_by.items() if known == name), self.samples)

    @field_validator("names")
    @classmethod
    def _some(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError("at least one evaluation is needed")
        return names


class LoggingSettings(Section):
    """Where metrics go besides the run directory's own files."""

    tensorboard: bool = True
    wandb: bool = False


class Settings(Section):
    """Everything one training run needs: the study's sections, with an arm's overrides applied."""

    model: ModelSettings = ModelSettings()
    problems: ProblemSettings = ProblemSettings()
    environment: EnvironmentSettings = EnvironmentSettings()
    prompt: PromptSettings = PromptSettings()
    reward: RewardSettings = RewardSettings()
    sdf: SDFSettings = SDFSettings()
    rl: RLSettings = RLSettings()
    evals: EvalSettings = EvalSettings()
    logging: LoggingSettings = LoggingSettings()


class Arm(Settings):
    """One training run's settings under a name."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    about: str = ""


class Study(Section):
    """Arms x seeds x evaluations."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = ""
    about: str = ""
    seeds: tuple[int, ...] = (0,)
    threads: int | None = Field(default=None, gt=0)
    """Threads torch may use; None leaves torch's choice."""
    arms: tuple[Arm, ...]

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


def shipped_studies() -> dict[str, Path]:
    """Names and files of the studies that come with the package."""
    inside = Path(str(resources.files("spillover"))) / "studies"
    beside = Path(__file__).parents[3] / "studies"
    folder = inside if inside.is_dir() else beside
    return {path.stem: path for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem)}


def load_study(source: str, overrides: Iterable[str] = ()) -> Study:
    """Read a study from a TOML file or by its shipped name, apply ``section.key=value`` overrides.

    An override reaches all arms (``rl.steps=20``), one arm (``arms.hacking.rl.steps=20``) or the
    study itself (``seeds=[0,1]``). Raises ConfigError in one line naming file, key and mend.
    """
    path = _find(source)
    raw = _parse(path)
    for override in overrides:
        _apply(raw, override)
    return build_study(raw, str(path))


def build_study(raw: dict[str, Any], where: str) -> Study:
    """Merge each arm over the study's sections and validate. `where` names the source in errors."""
    base = {key: raw[key] for key in SECTIONS if key in raw}
    arms = raw.get("arms", [])
    if not isinstance(arms, list) or not all(isinstance(arm, dict) for arm in arms):
        raise ConfigError(f"{where}: 'arms' must be a list of tables, written [[arms]]")
    study = {key: value for key, value in raw.items() if key not in SECTIONS}
    study["arms"] = [_merge(base, arm) for arm in arms]
    try:
        return Study.model_validate(study)
    except ValidationError as error:
        raise ConfigError(f"{where}: {_explain(error, arms)}") from error


def _find(source: str) -> Path:
    shipped = shipped_studies()
    if source in shipped:
        return shipped[source]
    path = Path(source)
    if path.is_file():
        return path
    raise ConfigError(f"no study {source!r}: neither a file nor a shipped name{suggest(source, shipped)}")


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _apply(raw: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {override!r}: write it as section.key=value, for example rl.steps=20")
    parts = key.strip().split(".")
    targets: list[Any] = [raw]
    if parts[0] == "arms" and len(parts) > 2:
        targets = [arm for arm in raw.get("arms", []) if arm.get("name") == parts[1]]
        if not targets:
            names = [str(arm.get("name")) for arm in raw.get("arms", [])]
            raise ConfigError(f"--set {override!r}: no arm {parts[1]!r}{suggest(parts[1], names)}")
        parts = parts[2:]
    elif parts[0] in SECTIONS:
        targets = [raw, *raw.get("arms", [])]
    for index, target in enumerate(targets):
        _put(target, parts, _value(text), create=index == 0, override=override)


def _put(target: dict[str, Any], parts: list[str], value: Any, *, create: bool, override: str) -> None:
    """Set a nested key; in arms (`create` False) only where the arm itself already sets it."""
    for part in parts[:-1]:
        if part not in target and not create:
            return
        target = target.setdefault(part, {})
        if not isinstance(target, dict):
            raise ConfigError(f"--set {override!r}: {part!r} is a value, not a section")
    if create or parts[-1] in target:
        target[parts[-1]] = value


def _value(text: str) -> Any:
    """Read an override's value as TOML, or as a plain string where it is none."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        held = merged.get(key)
        merged[key] = _merge(held, value) if isinstance(held, Mapping) and isinstance(value, Mapping) else value
    return merged


def _explain(error: ValidationError, arms: list[dict[str, Any]]) -> str:
    """The first problem in one line: the key as the user wrote it, what is wrong, the mend."""
    first = error.errors(include_url=False)[0]
    loc = list(first["loc"])
    if len(loc) >= 2 and loc[0] == "arms" and isinstance(loc[1], int):
        name = arms[loc[1]].get("name", f"number {loc[1] + 1}")
        where, loc = f"arm {name!r}, ", loc[2:]
    else:
        where = ""
    key = ".".join(str(part) for part in loc)
    if first["type"] == "extra_forbidden":
        known = _keys_at(loc[:-1], inside_arm=bool(where))
        return f"{where}unknown key {key!r}{suggest(str(loc[-1]), known)}"
    if first["type"] == "missing":
        return f"{where}key {key!r} is missing"
    message = first["msg"].removeprefix("Value error, ")
    got = "" if isinstance(first.get("input"), (dict, list, tuple)) else f", got {first.get('input')!r}"
    if first["type"] == "literal_error":
        choices = str(first.get("ctx", {}).get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
        got += suggest(str(first.get("input")), choices)
    return f"{where}key {key!r}: {message}{got}" if key else f"{where}{message}"


def _keys_at(loc: list[Any], *, inside_arm: bool) -> list[str]:
    model: Any = Arm if inside_arm else Study
    for part in loc:
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            return []
        model = field.annotation
    extra = [] if inside_arm or loc else list(SECTIONS)
    return [*getattr(model, "model_fields", {}), *extra]
