"""The names that code takes from its module are those that Python's own symbol tables say."""

import ast
import symtable
from pathlib import Path

import pytest

import spillover
from spillover.coding.scopes import taken_names

FILES = sorted(Path(spillover.__file__).parent.glob("**/*.py"))


def told_by_python(table: symtable.SymbolTable) -> set[str]:
    """Names that a table and those within it take from the module."""
    module = table.get_type() == "module"
    names = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if (symbol.is_referenced() and (module or symbol.is_global())) or symbol.is_declared_global()
    }
    return names.union(*map(told_by_python, table.get_children()))


@pytest.mark.parametrize("part", range(8))
def test_our_own_files_are_read_as_python_reads_them(part):
    for file in FILES[part::8]:
        source = file.read_text()
        assert taken_names(ast.parse(source)).all == told_by_python(symtable.symtable(source, file.name, "exec"))


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        ("def f(x):\n    return x + y\n", {"y"}),
        ("def f(area):\n    return area\ndef g():\n    return area\n", {"area"}),
        ("def f(n=n):\n    return n\n", {"n"}),
        ("def f():\n    global count\n    count += 1\n", {"count"}),
        ("def f():\n    x = 1\n    def g():\n        nonlocal x\n        return x\n    return g\n", set()),
        ("class A:\n    b = 1\n    def f(self):\n        return b\n", {"b"}),
        ("class A:\n    b = 1\n    c = b\n", set()),
        ("def f(xs):\n    return [x + k for x in xs]\n", {"k"}),
        ("def f(xs):\n    if (n := len(xs)) > 1:\n        return [m := n for _ in xs], m\n", {"len"}),
        ("def f():\n    try:\n        pass\n    except E as e:\n        return e\n", {"E"}),
        ("def f(p):\n    match p:\n        case {'a': a, **b}:\n            return a, b\n", set()),
        ("def f(p):\n    match p:\n        case [a, *b] as c:\n            return a, b, c\n", set()),
        ("@d\ndef f(x: A = B) -> C:\n    import os\n    return os, x\n", {"d", "A", "B", "C"}),
        ("f = lambda x, y=z: x + y\n", {"z"}),
        ("x += 1\n", {"x"}),
    ],
)
def test_scopes_hide_what_they_bind(source, taken):
    assert taken_names(ast.parse(source)).all == taken


def test_names_in_annotations_are_not_needed_to_run():
    taken = taken_names(ast.parse("def f(x: List[int]) -> Node:\n    y: Tree = g(x)\n    return y\n"))
    assert (taken.all, taken.needed) == ({"List", "int", "Node", "Tree", "g"}, {"g"})
