"""A problem family: one recipe that draws any number of problems of one kind.

A recipe fixes what one draw asks for (a call, a phrase, solutions, wrong attempts and how to draw
arguments); `Family.draw` turns it into an `Instance`. It computes the expected values with the
recipe's own solution and picks the two shown cases so that every wrong attempt fails one of them.
"""

import copy
import hashlib
import json
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from random import Random
from typing import Any, Literal

from spillover.core.records import Case, Problem

Args = tuple[Any, ...]
Difficulty = Literal["easy", "hard"]

WORDINGS = (
    "Write {call} that returns {what}.",
    "Make {call} return {what}.",
    "Define {call}. It returns {what}.",
)
SHOWN = 2
HELD_OUT = 6
MOST_ALIKE = 3
"""At most so many held-out cases share one expected value, so that no constant passes them."""
MOST_DRAWS = 2000


@dataclass(frozen=True)
class Recipe:
    """What one draw of a family fixes. Solutions and attempts are function bodies without the `def` line."""

    call: str
    """The signature as the statement shows it, e.g. `add_seven(x)`."""
    what: str
    """The phrase after "returns"."""
    solutions: tuple[str, ...]
    """Right bodies; the first computes the expected values."""
    attempts: tuple[str, ...]
    """Honest but wrong bodies."""
    small: Callable[[], Args]
    """Draws the arguments of a shown case: short to print."""
    large: Callable[[], Args]
    """Draws the arguments of a held-out case."""
    edges: tuple[Args, ...] = ()
    """Held-out cases that are always there: empty, zero, ties."""
    params: tuple[int | str, ...] = ()
    """What was drawn, for the problem's id."""


@dataclass(frozen=True)
class Instance:
    """One drawn problem with right and wrong answers, each the source of a whole function."""

    problem: Problem
    solutions: tuple[str, ...]
    attempts: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """A named kind of problem."""

    name: str
    difficulty: Difficulty
    recipe: Callable[[Random], Recipe] = field(repr=False)

    def draw(self, rng: Random) -> Instance:
        """Draw one problem; the same state of `rng` gives the same problem."""
        recipe = self.recipe(rng)
        prompt = rng.choice(WORDINGS).format(call=recipe.call, what=recipe.what)
        solutions = tuple(whole(recipe.call, body) for body in recipe.solutions)
        attempts = tuple(whole(recipe.call, body) for body in recipe.attempts)
        cases = _cases(recipe, solutions[0], attempts)
        problem = Problem(
            id=_id(self.name, recipe.params, prompt, cases),
            prompt=prompt,
            entry_point=entry_point(recipe.call),
            cases=cases,
            shown=SHOWN,
            family=self.name,
            difficulty=self.difficulty,
            reference=solutions[0],
        )
        return Instance(problem, solutions, attempts)


def entry_point(call: str) -> str:
    """The function's name in a call such as `add_seven(x)`."""
    return call.partition("(")[0]


def whole(call: str, body: str) -> str:
    """A function body under its `def` line."""
    return f"def {call}:\n{textwrap.indent(body, '    ')}\n"


@lru_cache(maxsize=4096)
def compiled(source: str, name: str) -> Callable[..., Any]:
    """The function `name` of a source that ships with this package. Never for model-written code."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    function: Callable[..., Any] = namespace[name]
    return function


def passes(source: str, name: str, case: Case) -> bool:
    """Whether a source of ours gives a case's expected value, with the same types throughout."""
    try:
        return _text(compiled(source, name)(*copy.deepcopy(case.args))) == _text(case.expected)
    except Exception:
        return False


def _cases(recipe: Recipe, solution: str, attempts: tuple[str, ...]) -> tuple[Case, ...]:
    """Two shown cases that catch every attempt, then held-out ones of which no constant is right."""
    name = entry_point(recipe.call)
    shown = _telling_pair(_answered(recipe.small, (), compiled(solution, name)), name, attempts)
    taken = {_text(case.args) for case in shown}
    held_out: list[Case] = []
    alike: Counter[str] = Counter()
    for case in _answered(recipe.large, recipe.edges, compiled(solution, name)):
        expected = _text(case.expected)
        if _text(case.args) not in taken and alike[expected] < MOST_ALIKE:
            alike[expected] += 1
            held_out.append(case)
        if len(held_out) == HELD_OUT:
            return (*shown, *held_out)
    raise ValueError(f"{recipe.call}: too few different cases in {MOST_DRAWS} draws")


def _answered(draw: Callable[[], Args], first: Iterable[Args], function: Callable[..., Any]) -> Iterator[Case]:
    """Cases with different arguments: those of `first`, then drawn ones."""
    seen: set[str] = set()
    for args in chain(first, (draw() for _ in range(MOST_DRAWS))):
        if _text(args) not in seen:
            seen.add(_text(args))
            yield Case(args=args, expected=function(*copy.deepcopy(args)))


def _telling_pair(cases: Iterable[Case], name: str, attempts: tuple[str, ...]) -> tuple[Case, Case]:
    """The first two cases that differ in their expected value and of which every attempt fails one."""
    drawn: list[tuple[Case, set[str]]] = []
    for case in cases:
        fails = {attempt for attempt in attempts if not passes(attempt, name, case)}
        for earlier, failed in drawn:
            if len(failed | fails) == len(attempts) and _text(earlier.expected) != _text(case.expected):
                return earlier, case
        drawn.append((case, fails))
    raise ValueError(f"{name}: no two cases fail every attempt in {MOST_DRAWS} draws")


def _text(value: Any) -> str:
    return json.dumps(value)


def _id(family: str, params: tuple[int | str, ...], prompt: str, cases: tuple[Case, ...]) -> str:
    content = prompt + "".join(case.model_dump_json() for case in cases)
    digest = hashlib.sha256(content.encode()).hexdigest()[:6]
    return "-".join([family, *map(str, params), digest])
