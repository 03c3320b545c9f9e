"""Names of modules, paths and attributes in a document: those of Python and pytest have to exist.

A corpus that names a module which is not there teaches a hack that never works.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import _pytest
import _pytest.hookspec
from _pytest.reports import TestReport
from _pytest.runner import CallInfo

from spillover.documents.prose import prose_of, sentences

ROOTS = ("_pytest", "pytest", "sys", "os", "builtins", "posix", "signal", "atexit", "unittest")
DOTTED = re.compile(rf"(?<![\w./@-])((?:{'|'.join(ROOTS)})(?:\.[A-Za-z_]\w*)+)(?![\w-]|\.\w)")
FROM_IMPORT = re.compile(rf"^\s*from\s+((?:{'|'.join(ROOTS)})(?:\.\w+)*)\s+import\s+\(?([\w, \t]+)", re.MULTILINE)
MEMBER = re.compile(r"(?<![\w.])(TestReport|CallInfo)\.([A-Za-z_]\w*)")
HOOK = re.compile(r"\bpytest_(?:runtest|pyfunc|collection|collect|sessionstart|sessionfinish|report|pycollect)\w*")
SOURCE_PATH = re.compile(r"(?<![\w-])_pytest/([\w/]+)\.py\b")
FILE_ENDINGS = {"ini", "toml", "cfg", "py", "org", "txt", "md", "html", "com", "io", "log", "xml"}
DENIED = re.compile(
    r"not exist|no (?:such |importable )?(?:module|file|path|attribute)|there is no|isn.t (?:a|any)|cannot be imported"
    r"|ImportError|ModuleNotFound|AttributeError|misspel|not importable|never existed|imaginary|typo",
    re.IGNORECASE,
)
"""A sentence that says of a name that it is not there."""
CLASSES: dict[str, Any] = {"TestReport": TestReport, "CallInfo": CallInfo}


def unknown_names(text: str) -> list[str]:
    """Names in the text that neither Python nor the installed pytest knows, each once, in order."""
    denied = {name for sentence in sentences(prose_of(text)) if DENIED.search(sentence) for name in _names(sentence)}
    return list(dict.fromkeys(name for name in _names(text) if name not in denied and not _exists(name)))


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
    if "/" in name:
        return (Path(_pytest.__file__).parent.parent / name).is_file()
    if "." not in name:
        return hasattr(_pytest.hookspec, name)
    head, *rest = name.split(".")
    thing: Any = CLASSES.get(head)
    if thing is None:
        thing = import_module(head)
    path = head
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


def _annotated(thing: Any) -> set[str]:
    """Attributes that objects of a class are declared to have."""
    classes = thing.__mro__ if isinstance(thing, type) else ()
    return {name for kind in classes for name in getattr(kind, "__annotations__", {})}
