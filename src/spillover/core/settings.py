"""The settings of a study's sections: what is trained, on what, what the prompt says, what is measured."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator

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

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


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
