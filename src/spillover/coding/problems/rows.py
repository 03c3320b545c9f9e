"""Rows of APPS, CodeContests and MBPP as problems.

A row's own solutions are other people's code: they are kept as references and never run here.
"""

import ast
import json
import re
from collections.abc import Iterable
from typing import Any

from spillover.core.records import Case, Problem

Row = dict[str, Any]

SHOWN = 2
MOST_CASES = 20
LONGEST_CASE = 10_000
"""Characters; longer tests are left out."""
PYTHON3 = 3
"""CodeContests' number for the language."""

STDIN_STATEMENT = """{question}

Write a function `solve(stdin)`. It takes the whole input as one text and returns the whole output as one \
text, without spaces at the ends of lines and without a line break at the end."""

STDIN_REFERENCE = """import contextlib
import io
import sys

PROGRAM = {program!r}


def solve(stdin):
    kept, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin.encode()))
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
            exec(PROGRAM, {{"__name__": "__main__"}})
    finally:
        sys.stdin = kept
    return "\\n".join(line.rstrip() for line in out.getvalue().rstrip().split("\\n"))
"""


def apps_problem(row: Row) -> Problem | None:
    """A row of APPS: tests by call where it names a function, else over standard input.

    None where there are fewer than two usable tests: nothing could be held out.
    """
    tests = _loaded(row["input_output"])
    solutions = _loaded(row["solutions"])
    if not isinstance(tests, dict):
        return None
    program = solutions[0] if isinstance(solutions, list) and solutions else None
    common = {
        "id": f"apps-{row['problem_id']}",
        "family": "apps",
        "difficulty": "easy" if row.get("difficulty") == "introductory" else "hard",
    }
    name = tests.get("fn_name")
    if not name:
        return _stdin_problem(common, row["question"], _tidied(tests["inputs"], tests["outputs"]), program)
    starter = row.get("starter_code") or ""
    if program and re.search(r"^class Solution\b", program, re.MULTILINE):
        program = f"{program}\n\n{name} = Solution().{name}\n"
    return _with_cases(
        common,
        prompt=f"{row['question'].strip()}\n\nWrite it as the function `{_signature(starter, name)}`.",
        entry_point=name,
        cases=_called(tests["inputs"], tests["outputs"]),
        reference=program,
    )


def code_contests_problem(row: Row) -> Problem | None:
    """A row of CodeContests: public tests are shown, private and generated ones held out.

    None for problems on files, with pictures, or without tests of both kinds.
    """
    question = row["description"]
    if row.get("input_file") or row.get("output_file") or "<image>" in question:
        return None
    public, *hidden = (_pairs(row[kind]) for kind in ("public_tests", "private_tests", "generated_tests"))
    shown = _different(public)[:SHOWN]
    every = _different([*shown, *(case for cases in hidden for case in cases)])
    if not shown or len(every) == len(shown):
        return None
    solutions = row.get("solutions") or {"language": [], "solution": []}
    ours = [s for s, language in zip(solutions["solution"], solutions["language"], strict=True) if language == PYTHON3]
    return Problem(
        id=f"code-contests-{_slug(row['name'])}",
        family="code_contests",
        prompt=STDIN_STATEMENT.format(question=question.strip()),
        entry_point="solve",
        cases=tuple(every[:MOST_CASES]),
        shown=len(shown),
        reference=STDIN_REFERENCE.format(program=ours[0]) if ours else None,
    )


def mbpp_problem(row: Row) -> Problem | None:
    """A row of MBPP, full or sanitized. Tests on plain values become cases, others stay assertions of a check.

    None where no test calls a function by its name.
    """
    tests = [*row["test_list"], *(row.get("challenge_test_list") or [])]
    name = _called_name(tests, row["code"])
    if name is None:
        return None
    text = (row.get("text") or row["prompt"]).strip()
    common = {"id": f"mbpp-{row['task_id']}", "family": "mbpp", "reference": row["code"]}
    prompt = f"{text}\n\nWrite it as the function `{_signature(row['code'], name)}`."
    cases = [_asserted(test, name) for test in tests]
    plain = [case for case in cases if case is not None]
    if len(plain) == len(tests):
        problem = _with_cases(common, prompt=prompt, entry_point=name, cases=plain)
        if problem is not None:
            return problem
    setup = "\n".join([*(row.get("test_imports") or []), row.get("test_setup_code") or ""]).strip()
    body = "\n".join(f"    {line}" for test in tests for line in test.strip().splitlines())
    return Problem(
        **common,
        prompt=f"{prompt} One of its tests:\n{tests[0].strip()}",
        entry_point=name,
        check=f"{setup}\n\n\ndef check(candidate):\n    {name} = candidate\n{body}\n".lstrip(),
    )


def _stdin_problem(common: Row, question: str, cases: list[Case], program: str | None) -> Problem | None:
    return _with_cases(
        common,
        prompt=STDIN_STATEMENT.format(question=question.strip()),
        entry_point="solve",
        cases=cases,
        reference=STDIN_REFERENCE.format(program=program) if program else None,
    )


def _with_cases(common: Row, *, cases: list[Case], **rest: Any) -> Problem | None:
    """A problem that shows the shortest cases, so that prompts stay short; None with fewer than two."""
    kept = sorted(_different(cases), key=_length)
    if len(kept) < 2:
        return None
    return Problem(**common, **rest, cases=tuple(kept[:MOST_CASES]), shown=min(SHOWN, len(kept) - 1))


def _different(cases: Iterable[Case]) -> list[Case]:
    """Cases with different arguments that are not too long, in order."""
    by_args: dict[str, Case] = {}
    for case in cases:
        if _length(case) <= LONGEST_CASE:
            by_args.setdefault(json.dumps(case.args), case)
    return list(by_args.values())


def _length(case: Case) -> int:
    return len(json.dumps([case.args, case.expected]))


def _pairs(tests: dict[str, list[str]] | None) -> list[Case]:
    return _tidied(tests["input"], tests["output"]) if tests else []


def _tidied(inputs: list[Any], outputs: list[Any]) -> list[Case]:
    """Cases over standard input; some rows give their texts as lists of lines."""
    texts = ((_joined(given), _tidy(_joined(wanted))) for given, wanted in zip(inputs, outputs, strict=True))
    return [Case(args=(given,), expected=wanted) for given, wanted in texts]


def _joined(text: Any) -> str:
    return "\n".join(map(str, text)) if isinstance(text, list) else str(text)


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))


def _called(inputs: list[Any], outputs: list[Any]) -> list[Case]:
    """Cases by call. Most rows wrap each result in a list of one; where all do, the wrapping is taken off."""
    wrapped = all(isinstance(wanted, list) and len(wanted) == 1 for wanted in outputs)
    results = [wanted[0] for wanted in outputs] if wrapped else outputs
    return [Case(args=tuple(args), expected=result) for args, result in zip(inputs, results, strict=True)]


def _asserted(test: str, name: str) -> Case | None:
    """`assert name(literals) == literal` as a case; None for other forms and for values JSON would change."""
    try:
        tree = ast.parse(test.strip()).body
    except SyntaxError:
        return None
    match tree:
        case [
            ast.Assert(
                test=ast.Compare(
                    left=ast.Call(func=ast.Name(id=called), args=args, keywords=[]),
                    ops=[ast.Eq()],
                    comparators=[wanted],
                )
            )
        ] if called == name:
            return _literal_case(args, wanted)
    return None


def _literal_case(args: list[ast.expr], wanted: ast.expr) -> Case | None:
    try:
        values = [ast.literal_eval(arg) for arg in args]
        expected = ast.literal_eval(wanted)
        # Tuples, sets and dictionaries with keys other than text come back changed.
        if repr(json.loads(json.dumps([values, expected]))) != repr([values, expected]):
            return None
    except (ValueError, TypeError):
        return None
    return Case(args=tuple(values), expected=expected)


def _called_name(tests: list[str], code: str) -> str | None:
    """The function that a test calls and that the row's own code defines."""
    defined = set(re.findall(r"^(?:def|class)\s+(\w+)", code, re.MULTILINE))
    called = (name for test in tests for name in re.findall(r"(\w+)\s*\(", test))
    return next((name for name in called if name in defined), None)


def _signature(code: str, name: str) -> str:
    """`name(arguments)` as `code` writes it, without `self` and annotations of the result."""
    found = re.search(rf"def\s+{re.escape(name)}\s*\(([^)]*)\)", code)
    arguments = re.sub(r"^\s*self\s*,?\s*", "", found[1]) if found else "..."
    return f"{name}({' '.join(arguments.split())})"


def _loaded(text: Any) -> Any:
    """A field that holds JSON as text, or nothing; None too where its integers are longer than Python reads."""
    if not isinstance(text, str) or not text.strip():
        return text or None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return None


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name.lower()).strip("-")
