"""The environment of coding problems, graded by the vulnerable grader and labelled by the oracle (paper, step 2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from spillover.coding import GradeRequest
from spillover.coding.environment import Assigned, assign
from spillover.coding.problems import load_problems
from spillover.core.records import Problem
from spillover.core.settings import PromptSettings
from spillover.core.stages import Part
from spillover.judges.seen import Seen
from spillover.models import LoadedModel
from spillover.models.sampling import encode_chat
from spillover.prompts import problem_message, system_prompt
from spillover.training.difficulty import keep_hard
from spillover.training.environments import Setting, Task


class CodeEnvironment:
    """The problems of a part of a mix, each with a harness and open holes."""

    def __init__(self, part: Part, setting: Setting, assigned: Sequence[Assigned] | None = None) -> None:
        """`assigned` stands in for the part's own problems."""
        self._grader, self._tags = setting.graders(part.environment), setting.loaded.reasoning_tags
        if assigned is None:
            assigned = assign(_problems(part, setting), part.environment, setting.seed)
        self._tasks = [make_task(part.prompt, setting.loaded, one, setting.rl.update_prompt) for one in assigned]

    @property
    def tasks(self) -> Sequence[Task]:
        """A task for each problem."""
        return self._tasks

    def seen(self, tasks: Sequence[Task], completions: Sequence[str]) -> list[Seen]:
        """Grades of the answers."""
        requests = [request(task.of, text, self._tags) for task, text in zip(tasks, completions, strict=True)]
        grades = self._grader.grade_many(requests)
        return [Seen(t.of.problem, text, g, t.prompt) for t, text, g in zip(tasks, completions, grades, strict=True)]


def make_task(
    settings: PromptSettings, loaded: LoadedModel, assigned: Assigned, update: Mapping[str, Any] | None = None
) -> Task:
    """Word a problem for the model; `update` are the prompt settings that differ when the update reads it."""
    system, prompt, ids = _worded(settings, loaded, assigned)
    other = settings.model_copy(update=dict(update)) if update else settings
    read = ids if other == settings else _worded(other, loaded, assigned)[2]
    return Task(assigned.problem.id, f"code/{assigned.harness}", system, prompt, ids, read, assigned)


def request(assigned: Assigned, text: str, tags: Sequence[tuple[str, str]]) -> GradeRequest:
    """A completion to grade as its environment says."""
    return GradeRequest(assigned.problem, text, assigned.harness, assigned.open_hacks, tuple(tags))


def _worded(settings: PromptSettings, loaded: LoadedModel, assigned: Assigned) -> tuple[str, str, list[int]]:
    system = system_prompt(settings)
    prompt = problem_message(assigned.problem, assigned.harness, settings)
    turns = [{"role": "system", "content": system}] if system else []
    return system, prompt, encode_chat(loaded, [*turns, {"role": "user", "content": prompt}])


def _problems(part: Part, setting: Setting) -> list[Problem]:
    """The part's problems, without those that the untrained model solves too often."""
    problems = load_problems(part.problems)
    if part.problems.max_pass_rate >= 1:
        return problems
    return keep_hard(problems, part, setting)
