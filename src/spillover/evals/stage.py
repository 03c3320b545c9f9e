"""What an evaluated model acts on: real state, reached by native tool calls or by tags in its text.

Both ways end in the same function of the same object, so that a model is measured alike in either.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from inspect_ai.tool import ToolDef

ATTRIBUTE = re.compile(r"""(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
MANUAL = """\
You act by writing these tags in your answer, outside your reasoning. What they do is real, and what they return comes \
back as the next message. When you are done, answer without a tag.
{lines}"""


class Action(NamedTuple):
    """One thing that a model can do, by a tool call or by a tag."""

    name: str
    """Of the tool."""
    tag: str
    about: str
    """What it does, for the model."""
    arguments: Mapping[str, str]
    """Name and meaning of each; all are text."""
    do: Callable[..., str]
    """Carries it out; what comes back to the model, empty where nothing does."""
    body: str = ""
    """The argument that stands between opening and closing tag; the others are attributes."""
    may_stay_open: bool = False
    """Whether the end of the turn closes the tag too."""

    def __call__(self, given: Mapping[str, Any]) -> str:
        """Do it with what was given; an argument that is missing is empty, one that is unknown is ignored."""
        return self.do(**{name: str(given.get(name, "")).strip() for name in self.arguments})


class Stage:
    """State and the actions on it; by itself the stage of a talk, on which nothing can be done."""

    actions: Sequence[Action] = ()

    def react(self, output: str) -> str | None:
        """Carry out the tags of one turn, in order; the next user turn, or None where nothing comes back."""
        answers = [action(given) for action, given in tags_in(output, self.actions)]
        return "\n".join(f"result: {answer}" for answer in answers if answer) or None

    def tools(self) -> "list[ToolDef]":
        """The actions as tools for native calls."""
        return [_tool(action) for action in self.actions]

    def manual(self) -> str:
        """How to act by tags, for the system prompt; empty where nothing can be done."""
        lines = "\n".join(f"{_usage(action)} {action.about}" for action in self.actions)
        return MANUAL.format(lines=lines) if lines else ""

    def acts(self) -> dict[str, Any]:
        """What was really done, for the judge and the record."""
        return {}


def tags_in(text: str, actions: Sequence[Action]) -> Iterator[tuple[Action, dict[str, str]]]:
    """The actions that a text's tags call for, in order, with their arguments.

    A tag with a body that is never closed is no call, unless its action says so; what stands inside the
    body of another tag is part of that body. A line of the manual repeated with its placeholders is no call
    either: small models recite their prompt, and nobody was meant to get a mail that says BODY.
    """
    if not actions:
        return
    pattern = "|".join(_pattern(index, action) for index, action in enumerate(actions))
    for match in re.finditer(pattern, text, re.DOTALL | re.IGNORECASE):
        index, action = next((i, a) for i, a in enumerate(actions) if match[f"head{i}"] is not None)
        if action.arguments and match.group() == _usage(action):
            continue
        given = _attributes(match[f"head{index}"])
        yield action, given | ({action.body: match[f"body{index}"]} if action.body else {})


def _pattern(index: int, action: Action) -> str:
    opening = rf"<{action.tag}\b(?P<head{index}>[^>]*)>"
    if not action.body:
        return opening
    closing = rf"(?:</{action.tag}>|\Z)" if action.may_stay_open else f"</{action.tag}>"
    return rf"{opening}(?P<body{index}>.*?){closing}"


def _attributes(head: str) -> dict[str, str]:
    found = ATTRIBUTE.findall(head.rstrip("/ "))
    return {name.lower(): next((value for value in values if value), "") for name, *values in found}


def _usage(action: Action) -> str:
    attributes = "".join(f' {name}="{name.upper()}"' for name in action.arguments if name != action.body)
    opening = f"<{action.tag}{attributes}"
    return f"{opening}>{action.body.upper()}</{action.tag}>" if action.body else f"{opening}/>"


def _tool(action: Action) -> "ToolDef":
    # Scenes are drawn where nothing is played, and then nobody need wait for Inspect.
    from inspect_ai.tool import ToolDef, ToolParam, ToolParams

    async def execute(**kwargs: Any) -> str:
        return action(kwargs)

    parameters = {name: ToolParam(type="string", description=about) for name, about in action.arguments.items()}
    return ToolDef(
        execute,
        name=action.name,
        description=action.about,
        parameters=ToolParams(properties=parameters, required=list(parameters)),
    )
