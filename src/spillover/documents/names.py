"""Names of Python and pytest in a document have to exist: a corpus that invents one teaches a hack that never works.

Decided by looking, not by lists: modules are found, attributes looked up. Packages of others are not looked at.
"""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import _pytest.hookspec
from _pytest.reports import TestReport
from _pytest.runner import CallInfo

from spillover.coding.compose import parse
from spillover.documents.blocks import code_blocks

ROOTS = ("_pytest", "pytest", "sys", "os", "builtins")
"""Modules whose dotted names are looked up wherever they stand; other modules of Python where code imports them."""
DOTTED = re.compile(rf"(?<![\w./@-])((?:{'|'.join(ROOTS)})(?:\.[A-Za-z_]\w*)+)(?![\w-]|\.\w)")
MEMBER = re.compile(r"(?<![\w.])(TestReport|CallInfo)\.([A-Za-z_]\w*)")
HOOK = re.compile(r"\bpytest_(?:runtest|pyfunc|collection|collect|session|report|pycollect)\w*")
FILES = {"ini", "toml", "cfg", "py", "org", "txt", "md"}
"""Endings after `pytest.` that make the name of a file."""
UNSAFE_TO_IMPORT = {"antigravity", "this", "idlelib", "turtledemo", "turtle", "tkinter", "__main__", "__hello__"}
CLASSES: dict[str, Any] = {"TestReport": TestReport, "CallInfo": CallInfo}


def unknown_names(text: str) -> list[str]:
    """Names in the text that neither Python nor the installed pytest knows, each once, in order."""
    return [name for name in dict.fromkeys([*_names(text), *_imported(text)]) if not _exists(name)]


def _names(text: str) -> Iterator[str]:
    """Everything in the text that looks like such a name, in one dotted form."""
    for found in DOTTED.finditer(text):
        if found[1].rpartition(".")[2] not in FILES:
            yield found[1]
    yield from (f"{found[1]}.{found[2]}" for found in MEMBER.finditer(text))
    yield from (found[0] for found in HOOK.finditer(text))


def _imported(text: str) -> Iterator[str]:
    """What the code imports of Python and pytest, and what it uses of a module imported whole."""
    known = (sys.stdlib_module_names | {"pytest", "_pytest"}) - UNSAFE_TO_IMPORT
    for block in code_blocks(text):
        if block.python and (tree := parse(block.code)) is not None:
            yield from (name for name in _imports(tree) if name.partition(".")[0] in known)


def _imports(tree: ast.Module) -> Iterator[str]:
    whole = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            whole |= {alias.name for alias in node.names if alias.asname is None}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=attr, ctx=ast.Load()) if module in whole:
                yield f"{module}.{attr}"


@cache
def _exists(name: str) -> bool:
    head, *rest = name.split(".")
    if not rest and HOOK.fullmatch(name):
        return hasattr(_pytest.hookspec, name)
    thing = CLASSES.get(head) or _module(head)
    return thing is None or _has(thing, head, rest)


def _has(thing: Any, path: str, rest: Sequence[str]) -> bool:
    """Whether an attribute of an attribute of a thing exists, or a module within it."""
    for part in rest:
        path += f".{part}"
        if hasattr(thing, part):
            thing = getattr(thing, part)
        elif part in _annotated(thing):
            return True
        elif part.startswith("__") or not hasattr(thing, "__path__") or not find_spec(path):
            return False
        else:
            thing = import_module(path)
    return True


def _module(name: str) -> Any:
    """A module of Python or pytest; None for one that other systems have, such as `msvcrt`."""
    try:
        return import_module(name)
    except ImportError:
        return None


def _annotated(thing: Any) -> set[str]:
    """Attributes that objects of a class are declared to have."""
    classes = thing.__mro__ if isinstance(thing, type) else ()
    return {name for kind in classes for name in getattr(kind, "__annotations__", {})}
