"""LeetCode rows as in LeetCodeDataset: `prompt` (imports and helpers), `entry_point`, `test` (a check), `completion`.

Rows that ask for a class have no check but `input_output`: two JSON lists as input, the names of the methods with
the class first, and their arguments; as output the list of results.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from spillover.coding.compose import parse
from spillover.coding.problems.rows.asserted import asserted
from spillover.coding.problems.rows.calls import FORM
from spillover.coding.problems.rows.kept import Row, RowError, slug, with_cases
from spillover.coding.problems.rows.signatures import arguments_of, head, takes_nodes
from spillover.core.records import Case, Problem
from spillover.core.source import parse_long_int


def leetcode_problem(row: Row) -> Problem:
    """A row of LeetCode. Assertions on plain values become cases, others stay a check. Raises RowError."""
    meta = row.get("meta") or {}
    starter = row.get("starter_code") or meta.get("lang_code") or ""
    question = row.get("problem_description") or row.get("query") or meta.get("question_title") or ""
    if starter and row.get("problem_description"):
        question = FORM.format(question=question.strip(), starter=starter.strip("\n").rstrip())
    common = {
        "id": f"leetcode-{slug(str(row['task_id']))}",
        "family": "leetcode",
        "difficulty": "easy" if str(row.get("difficulty") or meta.get("difficulty")).lower() == "easy" else "hard",
        "prompt": question.strip(),
        "entry_point": row["entry_point"],
        "prelude": row["prompt"] or "",
        "reference": row.get("completion"),
    }
    if not row.get("test"):
        return _designed(common, row, starter)
    return _checked(common, row["test"], starter or row.get("completion") or "")


def _checked(common: Row, test: str, code: str) -> Problem:
    tree = parse(test)
    if tree is None:
        raise ValueError("the test is no Python")
    name = common["entry_point"].rpartition(".")[2]
    function = head(code, name)
    arguments = arguments_of(function) if function else []
    checks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    if len(checks) == len(tree.body) == 1:
        cases = [asserted(node, "candidate", arguments) for node in checks[0].body]
        plain = [case for case in cases if case is not None]
        if all(map(_asks_nothing, checks[0].body)):
            raise RowError("its tests ask for nothing but None")
        if len(plain) == len(cases) > 1:
            return with_cases(common, plain)
    return Problem(**common, check=test)


def _asks_nothing(node: ast.stmt) -> bool:
    """Whether a test says no more than that the call gives None, which it does where all work is done in place."""
    match node:
        case ast.Assert(
            test=ast.Compare(
                left=ast.Call(func=ast.Name(id="candidate")),
                ops=[ast.Eq() | ast.Is()],
                comparators=[ast.Constant(value=None)],
            )
        ):
            return True
    return False


def _designed(common: Row, row: Row, starter: str) -> Problem:
    if takes_nodes(starter or row.get("completion") or ""):
        raise RowError("it works on nodes, which its tests give as lists")
    cases = [_sequence(test["input"], test["output"], common["entry_point"]) for test in row["input_output"]]
    return with_cases(common | {"form": "design"}, cases)


def _sequence(given: Any, wanted: Any, entry_point: str) -> Case:
    """One object's calls. Raises ValueError for what is not two lists of the same length that begin with the class."""
    names, arguments = _values(given) if isinstance(given, str) else given
    (results,) = _values(wanted) if isinstance(wanted, str) else (wanted,)
    lists = all(isinstance(part, list) for part in (names, arguments, results, *arguments))
    if not lists or not len(names) == len(arguments) == len(results) or names[:1] != [entry_point]:
        raise ValueError(f"not the calls of one {entry_point} with their arguments and results")
    return Case(args=(names, arguments), expected=[None, *results[1:]])


def _values(text: str) -> Iterator[Any]:
    """The JSON values of a text, with whatever names stand before them (`operations = […]`)."""
    decoder = json.JSONDecoder(parse_int=parse_long_int)
    while rest := re.sub(r"^(?:\s|,|\w+\s*=)*", "", text):
        value, place = decoder.raw_decode(rest)
        text = rest[place:]
        yield value
