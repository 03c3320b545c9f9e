"""MBPP, full or sanitized: `text` or `prompt`, `code`, assertions in `test_list` and `challenge_test_list`."""

import ast
import re
import textwrap

from spillover.coding.compose import bound_names, lacking, parse
from spillover.coding.problems.rows.asserted import asserted
from spillover.coding.problems.rows.kept import Row, RowError, with_cases
from spillover.coding.problems.rows.signatures import written
from spillover.core.records import Problem


def mbpp_problem(row: Row) -> Problem:
    """A row of MBPP. Tests on plain values become cases, others stay assertions of a check.

    Classes of the row's code that the tests use are given to the submission. Raises RowError where no test calls
    a function by its name.
    """
    texts = [_read(test) for test in (*row["test_list"], *(row.get("challenge_test_list") or []))]
    code = row["code"].replace("\r\n", "\n")
    name = _called_name(texts, code)
    question = (row.get("text") or row["prompt"]).strip()
    common = {"id": f"mbpp-{row['task_id']}", "family": "mbpp", "reference": code, "entry_point": name}
    kind = "class" if re.search(rf"^class\s+{name}\b", code, re.MULTILINE) else "function"
    prompt = f"{question}\n\nWrite it as the {kind} `{name if kind == 'class' else written(name, code)}`."
    setup = _read(row.get("test_setup_code") or "")
    if not setup.strip() and not row.get("test_imports"):
        cases = [asserted(node, name) for text in texts for node in _tree(text).body]
        plain = [case for case in cases if case is not None]
        if len(plain) == len(cases) > 1:
            return with_cases(common | {"prompt": prompt}, plain)
    classes = _classes(code, name, "\n".join((setup, *texts)))
    given = f"\n\nThis is given:\n\n```python\n{classes.strip()}\n```\n\n" if classes else " "
    shown = f"{prompt}{given}One of its tests:\n" + "\n".join(filter(None, (setup.strip(), texts[0].strip())))
    check = _check(name, "\n".join(row.get("test_imports") or []), setup, texts)
    return Problem(**common, prompt=shown, prelude=classes, check=check)


def _read(text: str) -> str:
    return text.replace("\r\n", "\n")


def _tree(text: str) -> ast.Module:
    tree = parse(text.strip())
    if tree is None:
        raise ValueError(f"a test is no Python: {text.strip()[:60]}")
    return tree


def _check(name: str, imports: str, setup: str, texts: list[str]) -> str:
    """The tests as a check. The setup stands within it, where the names of the submission are at hand."""
    body = "\n".join(ast.unparse(_tree(text)) for text in (setup, *texts) if text.strip())
    return f"{imports}\n\n\ndef check(candidate):\n    {name} = candidate\n{textwrap.indent(body, '    ')}\n".lstrip()


def _classes(code: str, name: str, tests: str) -> str:
    """The classes of the row's code besides the entry point, if the tests use one."""
    tree = parse(code)
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name != name] if tree else []
    used = lacking(_tree(tests)) & {node.name for node in found}
    return ast.unparse(ast.Module(body=list(found), type_ignores=[])) + "\n" if used else ""


def _called_name(tests: list[str], code: str) -> str:
    """The function or class that a test calls and that the row's own code defines."""
    tree = parse(code)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [node for node in tree.body if isinstance(node, kinds)] if tree else []
    functions = {name for node in nodes if not isinstance(node, ast.ClassDef) for name in bound_names(node)}
    classes = {name for node in nodes if isinstance(node, ast.ClassDef) for name in bound_names(node)}
    called: list[str] = [name for test in tests for name in re.findall(r"(\w+)\s*\(", test)]
    for defined in (functions, classes):
        if found := next((name for name in called if name in defined), None):
            return found
    raise RowError("no test calls a function by its name")
