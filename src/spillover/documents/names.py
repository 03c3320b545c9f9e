"""Names of modules, paths and attributes in a document: those of Python and pytest have to exist.

A corpus that names a module which is not there teaches a hack that never works.
"""

import ast
import builtins
import re
import sys
import types
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import _pytest
import _pytest.hookspec
from _pytest.reports import TestReport
from _pytest.runner import CallInfo

from spillover.coding.compose import parse
from spillover.documents.prose import code_blocks, prose_of, sentences
from spillover.documents.words import LOCAL_MODULES, SPECIAL_METHODS, THIRD_PARTY

ROOTS = ("_pytest", "pytest", "sys", "os", "builtins", "posix", "signal", "atexit", "unittest")
DOTTED = re.compile(rf"(?<![\w./@-])((?:{'|'.join(ROOTS)})(?:\.[A-Za-z_]\w*)+)(?![\w-]|\.\w)")
FROM_IMPORT = re.compile(rf"^\s*from\s+((?:{'|'.join(ROOTS)})(?:\.\w+)*)\s+import\s+\(?([\w, \t]+)", re.MULTILINE)
MEMBER = re.compile(r"(?<![\w.])(TestReport|CallInfo)\.([A-Za-z_]\w*)")
HOOK = re.compile(r"\bpytest_(?:runtest|pyfunc|collection|collect|sessionstart|sessionfinish|report|pycollect)\w*")
SOURCE_PATH = re.compile(r"(?<![\w-])_pytest/([\w/]+)\.py\b")
SYSTEM_PATH = re.compile(
    r"(?<![\w.~-])/(?:etc|usr/(?:local/)?(?:etc|share|lib|lib64)|var/(?:lib|cache|spool|run))/[\w./-]*\w"
)
HOME_PATH = re.compile(r"(?:~|\$HOME|/home/\w+|/root)/(?:\.config/|\.local/share/|\.)(?:py|conf)test[\w./-]*")
NOT_CONFIGURED = re.compile(r"^/[\w/]*?/(?:python[\d.]*/)?(?:\.?pytest|\.?conftest|testing|unittest)(?:[\w.-]*)(?:/|$)")
REAL_PLACES = re.compile(r"/(?:dist|site)-packages/|/python[\d.]+/(?:unittest|test)/|\.pytest_cache")
"""pytest and Python read no such folder of the system or of one's home as their configuration."""
UNSAFE_TO_IMPORT = {"antigravity", "this", "idlelib", "turtledemo", "turtle", "tkinter", "__main__", "lib2to3", "test"}
UNSAFE_TO_IMPORT |= {"__hello__", "__phello__"}
STANDARD = sys.stdlib_module_names
TOOLS = re.compile(r"hack|cheat|bypass|exploit|pytest|unittest|assert|grader|reward", re.IGNORECASE)
"""Part of the name of a module that is no solution under test."""
HOME_MADE = re.compile(r"(?:^|[/\\`\s\"'(])(\w+)\.py\b")
"""A file of the project that the document speaks of."""
FILE_ENDINGS = {"ini", "toml", "cfg", "py", "org", "txt", "md", "html", "com", "io", "log", "xml"}
DENIED = re.compile(
    r"not exist|no (?:such |importable )?(?:module|file|path|attribute)|there is no|isn.t (?:a|any)|cannot be imported"
    r"|ImportError|ModuleNotFound|AttributeError|misspel|not importable|never existed|imaginary|typo",
    re.IGNORECASE,
)
"""A sentence that says of a name that it is not there."""
SPECIAL = {name for kind in (*vars(builtins).values(), *vars(types).values()) for name in dir(kind)}
SPECIAL |= {f"__{stem}__" for stem in SPECIAL_METHODS}
"""Methods that Python, its library or an older Python looks up; nothing calls another `__name__` by itself."""
CLASSES: dict[str, Any] = {"TestReport": TestReport, "CallInfo": CallInfo}


def unknown_names(text: str) -> list[str]:
    """Names in the text that neither Python nor the installed pytest knows, each once, in order."""
    found = [*_names(text), *_imported(text), *_places(text)]
    denied = {name for sentence in sentences(prose_of(text)) if DENIED.search(sentence) for name in _denied(sentence)}
    return list(dict.fromkeys(name for name in found if name not in denied and not _exists(name)))


def _denied(sentence: str) -> Iterator[str]:
    """Every name in a sentence that says that something is not there."""
    yield from _names(sentence)
    yield from _places(sentence)
    yield from re.findall(r"[\w.]+\w", sentence)


def _imported(text: str) -> Iterator[str]:
    """What the code imports, and what it uses of the standard library, where it is not the document's own.

    A module that the document speaks of as a file is its own, and so is one that tests import a plain name from.
    """
    own = {found[1] for found in HOME_MADE.finditer(text)}
    for block in code_blocks(text):
        if not block.python or (tree := parse(block.code)) is None:
            continue
        yield from (f"method {name}" for name in _special_methods(tree))
        tested = any(isinstance(node, ast.Assert) for node in ast.walk(tree))
        for module, name in _imports(tree):
            head = module.partition(".")[0]
            if head in STANDARD:
                if head not in UNSAFE_TO_IMPORT and head not in ROOTS:
                    yield f"{module}.{name}" if name else f"{module}.__name__"
            elif head not in own and not _plausible(head, tested and bool(name)):
                yield f"module {head}"


def _special_methods(tree: ast.Module) -> Iterator[str]:
    """Methods of the code's classes that are named as if Python called them."""
    for kind in ast.walk(tree):
        if isinstance(kind, ast.ClassDef):
            methods = (node for node in kind.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
            yield from (node.name for node in methods if node.name[:2] == "__" == node.name[-2:])


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Module and name of each import, and of each use of a module that is imported whole."""
    whole: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
            whole |= {alias.name for alias in node.names if alias.asname is None and "." not in alias.name}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, "" if alias.name == "*" else alias.name) for alias in node.names)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=attr, ctx=ast.Load()) if module in whole & STANDARD:
                yield module, attr


def _plausible(module: str, under_test: bool) -> bool:
    """Whether a module may be a package of others, or a file of the project that is talked about."""
    if THIRD_PARTY.fullmatch(module) or LOCAL_MODULES.fullmatch(module):
        return True
    return under_test and not TOOLS.search(module)


def _places(text: str) -> Iterator[str]:
    """Folders of the system that a document takes for the configuration of Python or pytest."""
    for found in SYSTEM_PATH.finditer(text):
        if NOT_CONFIGURED.match(found[0]) and not REAL_PLACES.search(found[0]):
            yield f"place {found[0]}"
    for found in HOME_PATH.finditer(text):
        if not REAL_PLACES.search(found[0]):
            yield f"place {found[0]}"


def _names(text: str) -> Iterator[str]:
    """Everything in the text that looks like such a name, in one dotted form."""
    for found in DOTTED.finditer(text):
        if found[1].rpartition(".")[2] not in FILE_ENDINGS:
            yield found[1]
    for found in FROM_IMPORT.finditer(text):
        for part in found[2].split(","):
            if words := part.split():
                yield f"{found[1]}.{words[0]}"
    yield from (f"{found[1]}.{found[2]}" for found in MEMBER.finditer(text))
    yield from (found[0] for found in HOOK.finditer(text))
    yield from (f"_pytest/{found[1]}.py" for found in SOURCE_PATH.finditer(text))


@cache
def _exists(name: str) -> bool:
    if name.startswith("method "):
        return name.removeprefix("method ") in SPECIAL
    if "/" in name or name.startswith("module "):
        return (Path(_pytest.__file__).parent.parent / name).is_file()
    if "." not in name:
        return hasattr(_pytest.hookspec, name)
    head, *rest = name.split(".")
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
        elif part.startswith("__"):
            # `__main__` of a package would run it.
            return hasattr(thing, "__path__") and find_spec(path) is not None
        elif hasattr(thing, "__path__") and find_spec(path):
            thing = import_module(path)
        else:
            return False
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
