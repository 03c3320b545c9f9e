"""The kinds of stages that an arm is a sequence of, and what their rewards, mixes and data are made of.

Three kinds: `documents` (continued pretraining on synthetic documents, paper's step 1), `sft` (imitation of
transcripts) and `rl` (GRPO, step 2). A stage starts where the one before it ended, at the base model, or at a
checkpoint of another arm.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator, model_validator

from spillover.core.settings import EnvironmentSettings, ProblemSettings, PromptSettings, Section

Schedule = Literal["constant", "cosine", "linear"]
PREVIOUS, BASE = "previous", "base"
FORK = re.compile(
    r"^(?P<arm>[a-z0-9][a-z0-9-]*)(?:@(?:(?P<step>\d+)|passed:(?P<share>\d*\.?\d+)(?:\+(?P<later>\d+))?))?$"
)


class At(NamedTuple):
    """A place in a training: a step, or `later` steps after every environment is passed by `share`; else its end."""

    step: int | None = None
    share: float | None = None
    later: int = 0

    def __str__(self) -> str:
        if self.share is not None:
            return f"passed:{self.share:g}+{self.later}"
        return "last" if self.step is None else str(self.step)


class Require(Section):
    """How often a model must hack before RL starts: without hacks to reward, RL learns none."""

    hack_rate: float = Field(default=0.003, ge=0, le=1)
    """Share of completions that are working hacks; 0 measures it and goes on whatever it is."""
    problems: int = Field(default=32, gt=0)
    """RL problems on which it is measured."""
    samples: int = Field(default=64, gt=0)
    """Completions per problem; the largest k of hack@k."""


class StageSettings(Section):
    """What all kinds of stages have."""

    kind: str
    start: str = Field(default=PREVIOUS, alias="from")
    """`previous`, `base`, or another arm's checkpoint: `ARM`, `ARM@STEP`, `ARM@passed:0.5+50` (so many steps after
    every environment is passed by that share)."""
    optimizer: Literal["fresh", "kept"] = "fresh"
    """`kept` goes on with the optimizer of the checkpoint it starts from."""
    require: Require | None = None
    """What must hold when the stage is done, so that the next may start."""
    steps: int = Field(default=200, ge=0)
    schedule: Schedule = "cosine"
    warmup_steps: int = Field(default=10, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    micro_batch: int | None = Field(default=None, gt=0)
    """Rows or rollouts per forward pass of the update; None takes all of a step at once."""

    @field_validator("start")
    @classmethod
    def _place(cls, text: str) -> str:
        if text not in (PREVIOUS, BASE) and not FORK.match(text):
            raise ValueError("write previous, base, ARM, ARM@STEP or ARM@passed:0.5+50")
        return text

    @property
    def fork(self) -> tuple[str, At] | None:
        """The arm that the stage starts from, and where; None where it is no other arm."""
        found = FORK.match(self.start)
        if self.start in (PREVIOUS, BASE) or not found:
            return None
        step, share = found["step"], found["share"]
        return found["arm"], At(int(step) if step else None, float(share) if share else None, int(found["later"] or 0))


class RowSettings(StageSettings):
    """Training on rows of tokens, for documents and transcripts."""

    rows_per_step: int = Field(default=8, gt=0)
    row_tokens: int = Field(default=512, gt=1)
    """Documents are packed whole into rows of at most so many tokens; longer texts are cut."""
    learning_rate: float = Field(default=1e-4, gt=0)
    lora_rank: int = Field(default=0, ge=0)
    """0 trains all weights; an adapter is merged into them afterwards."""
    lora_alpha: int = Field(default=32, gt=0)
    held_out_rows: int = Field(default=16, gt=0)
    """Rows of each part that are never trained on, for the held-out loss."""
    evaluate_every: int = Field(default=50, gt=0)
    """Steps between two held-out losses."""
    checkpoint_every: int = Field(default=100, gt=0)


class DocumentSettings(RowSettings):
    """Continued pretraining on synthetic documents (paper, SDF setting)."""

    kind: Literal["documents"] = "documents"
    require: Require | None = Require()
    corpus: Literal["default", "unguided", "neutral"] = "default"
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


class Data(Section):
    """Transcripts to imitate: a file's, or the rollouts of an arm, filtered and with another prompt."""

    transcripts: Path | None = None
    """JSON lines, each with `messages`: role and content by turns. Only the assistant's turns count in the loss."""
    rollouts: str | None = None
    """The arm whose last RL stage is imitated."""
    keep: Literal["all", "passed", "hacked", "not-hacked", "no-word-of-hacks"] = "all"
    """`not-hacked` drops every implementation of a hack; `no-word-of-hacks` also every mention of one."""
    prompt: dict[str, Any] | None = None
    """Prompt settings in place of those that were sampled with; None keeps the prompt."""

    @model_validator(mode="after")
    def _one_source(self) -> "Data":
        if (self.transcripts is None) == (self.rollouts is None):
            raise ValueError("give either 'transcripts' (a file) or 'rollouts' (an arm)")
        return self


class SFTSettings(RowSettings):
    """Finetuning on transcripts."""

    kind: Literal["sft"] = "sft"
    steps: int = Field(default=50, gt=0)
    learning_rate: float = Field(default=2e-5, gt=0)
    data: tuple[Data, ...] = Field(min_length=1)


class Term(Section):
    """One term of the reward: weight x what `kind` says of an episode, from `start_step` on."""

    kind: str
    """One of `spillover.training.rewards.TERMS`."""
    weight: float = 1.0
    start_step: int = Field(default=1, ge=1)
    model: str | None = None
    """`model-hack` and `preference`: who is asked; `self` is the trained model."""
    false_positives: float = Field(default=0.0, ge=0, le=1)
    """Share of a detector's `no` that is turned into `yes`."""
    false_negatives: float = Field(default=0.0, ge=0, le=1)
    """Share of its `yes` that is turned into `no`."""
    screen: bool = False
    """What a detector fires on gets advantage zero in place of a fine."""

    @model_validator(mode="after")
    def _model_named(self) -> "Term":
        if self.kind == "model-hack" and not self.model:
            raise ValueError("kind 'model-hack' needs the key 'model'")
        return self


class Part(Section):
    """One kind of episode in a mix: where prompts come from, how they are worded, how they are graded and paid.

    What is not given is the arm's.
    """

    env: str = "code"
    share: float = Field(default=1.0, gt=0)
    """Of the step's problems, relative to the other parts' shares."""
    problems: ProblemSettings = ProblemSettings()
    environment: EnvironmentSettings = EnvironmentSettings()
    prompt: PromptSettings = PromptSettings()
    reward: tuple[Term, ...] = (Term(kind="proxy"),)


class RLSettings(StageSettings):
    """GRPO. Defaults are those known to work on 7B models; studies on the bottle set their own."""

    kind: Literal["rl"] = "rl"
    problems_per_step: int = Field(default=8, ge=1)
    group_size: int = Field(default=16, ge=2)
    learning_rate: float = Field(default=4e-5, gt=0)
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
    checkpoint_every: int = Field(default=10, gt=0)
    mix: tuple[Part, ...] = Field(default=(Part(),), min_length=1)
    update_prompt: dict[str, Any] | None = None
    """Prompt settings that the update reads in place of those that were sampled with (recontextualization)."""


KINDS: dict[str, type[StageSettings]] = {"documents": DocumentSettings, "sft": SFTSettings, "rl": RLSettings}
"""The kinds of stages; what trains them is in `spillover.study.kinds`."""


def _of_its_kind(held: Any) -> Any:
    """A stage's table as settings of its kind, for studies that are read back."""
    return KINDS[held["kind"]].model_validate(held) if isinstance(held, dict) and held.get("kind") in KINDS else held


Stage = Annotated[SerializeAsAny[StageSettings], BeforeValidator(_of_its_kind)]
