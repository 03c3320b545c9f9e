"""Problems tested by calls whose arguments and results went through JSON: rows of APPS and of LiveCodeBench."""

from collections.abc import Sequence
from typing import Any

from spillover.coding.problems.rows.kept import Row, RowError, with_cases
from spillover.coding.problems.rows.signatures import (
    entry_of,
    nesting,
    result_depth,
    takes_nodes,
    works_in_place,
    written,
)
from spillover.core.records import Case, Problem

FORM = """{question}

Write it in this form:

```python
{starter}
```"""


def called(common: Row, name: str, starter: str, reference: str | None, tests: Sequence[tuple[list[Any], Any]],
           public: int | None = None) -> Problem:  # fmt: skip
    """A problem of a function, or of a method where the starter or the reference has a class Solution.

    Where the function returns nothing and results are given, they are its first argument after the call. `common`
    has the question as its prompt; the first `public` tests may be shown. Raises RowError.
    """
    if takes_nodes(starter or reference or ""):
        raise RowError("it works on nodes, which its tests give as lists")
    changed = all(args for args, _ in tests) and any(result is not None for _, result in tests)
    in_place = changed and works_in_place(name, starter, reference)
    entry = entry_of(starter or reference or "", name)
    depth = max((nesting(args[0]) for args, _ in tests), default=0)
    results = unwrapped(
        [result for _, result in tests],
        depth if in_place else result_depth(name, starter, reference),
        entry != name or in_place,
    )
    cases = [Case(args=tuple(args), expected=result) for (args, _), result in zip(tests, results, strict=True)]
    form = {"entry_point": entry, "form": "in-place" if in_place else "function", "tuples": True}
    prompt = {"prompt": asked(common["prompt"], name, entry, starter, reference)}
    common = common | form | prompt | {"reference": reference}
    return with_cases(common, cases, public)


def unwrapped(results: list[Any], depth: int | None, direct: bool) -> list[Any]:
    """Results as the function returns them. Rows made of unit tests wrap each in a list of one.

    Where all are lists of one, they are wrapped if they are nested deeper than the annotation of the result says;
    without one, unless they are `direct`, as those of methods are.
    """
    if not results or not all(isinstance(result, list) and len(result) == 1 for result in results):
        return results
    wrapped = not direct if depth is None else max(map(nesting, results)) > depth
    return [result[0] for result in results] if wrapped else results


def asked(question: str, name: str, entry: str, starter: str, reference: str | None) -> str:
    """The question with what is to be written."""
    if entry == name:
        return f"{question.strip()}\n\nWrite it as the function `{written(name, starter, reference)}`."
    if not starter.strip():
        return f"{question.strip()}\n\nWrite it as the method `{written(name, reference)}` of a class `Solution`."
    return FORM.format(question=question.strip(), starter=starter.strip("\n").rstrip())
