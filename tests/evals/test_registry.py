"""Every evaluation as an Inspect task under the package's name."""

import inspect
from typing import get_args

import pytest
from inspect_ai import Task

from personas import INSPECTS_OWN_WARNINGS
from spillover.core.settings import EvalName
from spillover.evals import registry

pytestmark = INSPECTS_OWN_WARNINGS


@pytest.mark.parametrize("name", get_args(EvalName))
def test_every_evaluation_is_a_task_of_its_name_with_as_many_samples_as_asked_for(name):
    made = getattr(registry, name)(samples=3, style="brief")
    assert isinstance(made, Task)
    assert made.name == name
    assert len(made.dataset) == {"test_time_hacking": 18, "compliance_gap": 6, "hack_knowledge": 43}.get(name, 3)


def test_every_task_says_what_it_is():
    assert all(inspect.getdoc(getattr(registry, name)) for name in get_args(EvalName))
