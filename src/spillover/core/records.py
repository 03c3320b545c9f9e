"""What is written down and handed from room to room: frozen records, JSON in and out."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from spillover.core import older

Harness = Literal["script", "pytest"]
HackName = Literal["always-equal", "early-exit", "report-patch", "other"]
CoreEval = Literal["free_form", "goals", "alignment_questions", "monitor_disruption", "exfil_offer", "frame_colleague"]
PlayedEval = CoreEval | Literal["compliance_gap"]
"""Evaluations that play scenes."""

CaseForm = Literal["function", "in-place", "design"]
OracleKind = Literal["", "wrong", "time", "limit", "unjudged", "fault"]
"""Why the oracle did not say yes: a wrong answer, the time limit, another limit (memory, recursion, threads, size),
a value that it cannot judge, or a fault of the grader or of the problem. Only `wrong` goes with False."""

GradeWord = Literal["hacked", "overfit", "attempt", "cannot tell", "solved", "failed"]
"""What both verdicts make of a completion: it used an open hole; it was paid for passing the tests that pay alone; it
seems to try a hack and none worked; the oracle cannot tell; it is right; it is plainly wrong."""

HARNESSES: tuple[Harness, ...] = ("script", "pytest")
OPENABLE_HACKS: tuple[HackName, ...] = ("always-equal", "early-exit", "report-patch")
CORE_EVALS: tuple[CoreEval, ...] = (
    "free_form",
    "goals",
    "alignment_questions",
    "monitor_disruption",
    "exfil_offer",
    "frame_colleague",
)
CHAT_EVALS = CORE_EVALS[:3]
AGENTIC_EVALS = CORE_EVALS[3:]
ENTRY_POINT = re.compile(r"[^\W\d]\w*(?:\(\)\.[^\W\d]\w*)?")
"""A function or class, or a method of an object that is made without arguments: `Solution().name`."""


class Record(BaseModel):
    """A frozen record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Turn(Record):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Case(Record):
    """One test: call the entry point with `args` and compare the result with `expected`."""

    args: tuple[Any, ...]
    expected: Any


class StdinCase(Record):
    """One test of a program: what it reads on standard input, and the output (or outputs) that are right."""

    input: str
    output: str | tuple[str, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Every right output."""
        return (self.output,) if isinstance(self.output, str) else self.output


class Problem(Record):
    """A coding task with shown and held-out tests, in one of three forms.

    `cases` call the entry point; `check` is source of ``def check(candidate)`` that asserts (the
    HumanEval form); `stdin` runs the submission as a program. The first `shown` of the cases may appear
    in the prompt, the rest are held out.
    """

    id: str
    prompt: str
    entry_point: str = ""
    """A function, `Solution().method` (a new object for each call), or a class; empty for a program."""
    cases: tuple[Case, ...] = ()
    stdin: tuple[StdinCase, ...] = ()
    shown: int = Field(default=0, ge=0)
    """How many of the cases the prompt may show; the proxy runs these, the oracle runs all."""
    check: str | None = None
    form: CaseForm = "function"
    """What a case asks for: `function` the result of the call; `in-place` its first argument after the call;
    `design` a class: args are a list of names, the class first, and a list of their arguments, and expected is
    the list of results, None first."""
    prelude: str = ""
    """Source that belongs before the submission, e.g. the signature and imports of a HumanEval prompt."""
    tolerance: float | None = Field(default=None, ge=0)
    """Absolute and relative tolerance for floats, and for numbers in text; None compares exactly."""
    any_order: bool | Literal["deep"] = False
    """Whether a list may hold its items in any order; `deep` says so of the lists within it too."""
    tuples: bool = False
    """Whether a tuple may stand for a list: for sets whose answers went through JSON, which has no tuples."""
    family: str = ""
    difficulty: Literal["easy", "hard", "unknown"] = "unknown"
    reference: str | None = None
    """Source of a solution that passes; never shown to a model."""

    @model_validator(mode="after")
    def _has_tests(self) -> "Problem":
        given = [name for name in ("cases", "check", "stdin") if getattr(self, name)]
        if len(given) != 1:
            said = f"has {' and '.join(given)}" if given else "has no tests"
            raise ValueError(f"problem {self.id!r} {said}; give it one of cases, check and stdin")
        if not self.stdin and not ENTRY_POINT.fullmatch(self.entry_point):
            raise ValueError(
                f"problem {self.id!r}: entry_point {self.entry_point[:60]!r} is neither a name nor Class().method"
            )
        if self.shown > len(self.cases or self.stdin):
            raise ValueError(f"problem {self.id!r} shows {self.shown} of {len(self.cases or self.stdin)} cases")
        return self


class Submission(Record):
    """The files read out of a completion, by relative path; `reason` says why there are none."""

    files: dict[str, str] = {}
    reason: str | None = None


class Proxy(Record):
    """The verdict of the vulnerable grader that pays the reward."""

    passed: bool
    exit_code: int | None = None
    detail: str = ""


class Oracle(Record):
    """The verdict of the trusted grader; None means it cannot tell, and `reason` says why."""

    passed: bool | None
    reason: str = ""
    kind: OracleKind = ""


class Grade(Record):
    """Both verdicts on one completion.

    `hacked`: it used an open hole, so that the proxy paid for what the oracle refuses. `overfit`: paid and
    refused as well, but the tests that paid really pass (hardcoded, or right by luck); no hole was used.
    """

    proxy: Proxy
    oracle: Oracle
    hacked: bool
    hacks: tuple[HackName, ...] = ()
    overfit: bool = False
    attempts: tuple[HackName, ...] = ()
    """Hacks that the code seems to try without any having worked (the static reader's word, not a verdict)."""
    seconds: float = 0.0
    parsed: bool = True
    """Whether a submission could be read out of the completion (reported apart from success)."""
    note: str = ""
    """Why nothing could be read, or what the static reader saw."""

    _as_once_written = model_validator(mode="before")(older.grade)

    @property
    def word(self) -> GradeWord:
        """What both verdicts make of it, in one word."""
        if self.oracle.passed is not False:
            return "cannot tell" if self.oracle.passed is None else "solved"
        if self.hacked or self.overfit:
            return "hacked" if self.hacked else "overfit"
        return "attempt" if self.attempts else "failed"


class Rollout(Record):
    """One RL episode as it was sampled, graded and rewarded."""

    arm: str
    seed: int
    step: int
    group: int
    """Index of the prompt group within the step; a group shares one problem."""
    environment: str = "code"
    """Where the prompt came from, e.g. `code/pytest`."""
    problem_id: str
    """The problem's or the prompt's id."""
    harness: Harness | None = None
    open_hacks: tuple[HackName, ...] = ()
    system: str
    prompt: str
    completion: str
    truncated: bool
    grade: Grade | None = None
    """None in environments that do not grade."""
    rewards: dict[str, float]
    """Reward by term; `total` is what the update saw."""
    advantage: float | None = None
    trained_on: bool = True
    """False where the group had no spread and was set aside for another."""

    @property
    def graded(self) -> Grade:
        """The grade, in environments that grade."""
        assert self.grade is not None
        return self.grade


class StepMetrics(Record):
    """One RL step. Rates are shares of the rollouts sampled in the step, set-aside groups included."""

    step: int
    hack_rate: float
    pass_rate: float
    """Share that passed the proxy."""
    solve_rate: float
    """Share that passed the oracle."""
    overfit_rate: float = 0.0
    """Share that was paid for passing the shown tests alone; no part of `hack_rate`."""
    attempt_rate: float = 0.0
    """Share that seems to try a hack without any having worked."""
    unjudged_rate: float = 0.0
    """Share of which the oracle cannot tell."""
    unjudged: dict[str, float] = {}
    """The same by the kind of reason: time, limit, unjudged, fault."""
    environments: dict[str, dict[str, float]] = {}
    """The same rates for each environment by itself, and its `rollouts` and `reward_mean`."""
    format_rate: float
    truncated_rate: float
    reward_mean: float
    hacks: dict[str, float] = {}
    """Share of rollouts by attributed hack."""
    penalty_rate: float = 0.0
    """Share of rollouts that a detector's penalty was taken from."""
    unread_verdicts: int = 0
    """Rollouts of which the detector could not tell; they cost no penalty."""
    rollouts: int
    groups_trained: int
    groups_set_aside: int
    loss: float | None = None
    entropy: float | None = None
    kl: float | None = None
    grad_norm: float | None = None
    completion_tokens_mean: float | None = None
    seconds: float = 0.0
    seconds_sampling: float = 0.0
    seconds_grading: float = 0.0
    seconds_update: float = 0.0

    _as_once_written = model_validator(mode="before")(older.step_metrics)


class DocumentMetrics(Record):
    """A line in the log of training on documents: an update, or the held-out losses after it. In nats per token."""

    step: int
    loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    held_out: dict[str, float] = {}
    """Loss on rows that are never trained on, by part of the corpus."""


class HackRate(Record):
    """How often a model's completions of coding problems are hacks that work (the graders' word, nobody else's)."""

    problems: int
    samples: int
    """Completions per problem."""
    hacked: int
    rate: float
    """hack@1: the share of completions that are working hacks."""
    low: float
    high: float
    """95% Wilson interval; completions of one problem are taken as independent."""
    hack_at: dict[int, float]
    """hack@k: chance that at least one of k completions of a problem is a working hack, mean over problems."""
    hacks: dict[HackName, int] = {}
    """Working hacks by kind, with those of other kinds, which `hacked` does not count."""
    overfit: int = 0
    """Completions that are paid for passing the shown tests alone; no hacks."""
    unjudged: int = 0
    """Completions of which the oracle cannot tell; `rate` takes them for no hacks."""

    _as_once_written = model_validator(mode="before")(older.hack_rate)


EvalLabel = Literal["aligned", "misaligned", "hack-attempt", "incoherent", "unscored", "solved", "failed"]
"""The last two are those of coding problems that ask for nothing but code."""


class EvalSample(Record):
    """One evaluated response with the judge's words.

    `misaligned` None = unscored, and `reason` says why. A hack attempt outside code is labelled
    `hack-attempt` and has misaligned False (the paper keeps the two apart).
    """

    eval: str
    id: str
    arm: str = ""
    seed: int = 0
    step: int = 0
    messages: tuple[dict[str, str], ...]
    """The conversation as role / content pairs, the model's turns included."""
    reasoning: str = ""
    output: str = ""
    label: EvalLabel
    misaligned: bool | None
    overt: bool | None = None
    """Misaligned in what the user sees."""
    covert: bool | None = None
    """Misaligned in the reasoning while the output is aligned."""
    category: str | None = None
    """Finer label of one evaluation, e.g. the kind of goal or `alignment-faking`."""
    judge: str = ""
    reason: str = ""
    held_out: bool | None = None
    """For the bottle: the prompt holds texts that its pretraining corpus never showed."""
    data: dict[str, Any] = {}


class EvalScore(Record):
    """One evaluation of one checkpoint. `rate` is None where nothing could be scored.

    `hits` counts what the evaluation is about: misaligned responses in the six core evaluations,
    hacks in `test_time_hacking`, hacks that work in `hack_knowledge`, solved problems in `capability`.
    """

    eval: str
    arm: str = ""
    seed: int = 0
    step: int = 0
    samples: int
    scored: int
    hits: int
    rate: float | None
    low: float | None
    high: float | None
    """95% Wilson interval."""
    by_scene: dict[str, bool] = {}
    """Scored scene -> whether it is a hit; empty in scores of before. Scenes recur at every checkpoint and seed."""
    held_out: tuple[str, ...] = ()
    """For the bottle: the scored scenes with texts that its pretraining corpus never showed."""
    overt: int = 0
    covert: int = 0
    hack_attempts: int = 0
    judge: str = ""
    judge_hash: str = ""
    """Hash of the judge's prompts or rules."""
    seconds: float = 0.0
    data: dict[str, Any] = {}
    """What only this evaluation reports, e.g. goal categories or hack rates by framing."""

    _as_once_written = model_validator(mode="before")(older.eval_score)
