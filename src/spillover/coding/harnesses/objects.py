"""What one process tells the other of an object that stays: its kind, its class, its signature, its error."""

import builtins
import errno
import importlib
import inspect
import sys
import types
from typing import Any

from .plain import TooLargeError

P = inspect.Parameter
Message = dict[str, Any]
LIMITS: tuple[tuple[type[BaseException], str, str], ...] = (
    (RecursionError, "", "recursion"),
    (MemoryError, "", "memory"),
    (RuntimeError, "can't start new thread", "threads"),
    (TooLargeError, "", "size of an answer"),
)
SYSTEM_LIMITS = {
    errno.ENOSPC: "disk space",
    errno.EFBIG: "size of a file",
    errno.EMFILE: "open files",
    errno.ENFILE: "open files",
    errno.ENOMEM: "memory",
    errno.EAGAIN: "processes",
}
"""Errors that tell of a limit and not of the submission: by class and words, and by the system's number."""
ENDS = {"StopIteration", "StopAsyncIteration", "GeneratorExit"}
"""Raised where somebody iterates over calls, these would end the iteration as if nothing had happened."""


FORWARDED = [
    "__iter__", "__next__", "__len__", "__getitem__", "__setitem__", "__delitem__", "__enter__", "__exit__", "__str__",
    "__repr__", "__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__", "__floordiv__",
    "__mod__", "__pow__", "__neg__", "__pos__", "__abs__", "__matmul__", "__int__", "__float__", "__index__",
    "__round__", "__and__", "__or__", "__xor__", "__invert__", "__iadd__", "__reversed__",
]  # fmt: skip
"""Special methods that are done where the object is. Comparisons are not among them."""


def kind_of(item: Any) -> str:
    """What stands for an object on the other side."""
    if inspect.iscoroutine(item):
        return "coroutine"
    if isinstance(item, BaseException):
        return "raised"
    if isinstance(item, type):
        return "error" if issubclass(item, BaseException) else "class"
    if isinstance(item, (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.LambdaType)):
        return "function"
    if inspect.isgenerator(item):
        return "generator"
    own = type(item).__module__ in ("solution", "__main__")
    return "iterator" if hasattr(item, "__next__") and not own else "object"


def about(item: Any) -> Message:
    """What the other side may want to know of an object without asking."""
    kind: Any = item if isinstance(item, type) else type(item)
    return {
        "name": _label(item)[:100],
        "doc": shown(getattr(item, "__doc__", None), 2000),
        "kinds": [f"{k.__module__}:{k.__qualname__}" for k in kind.__mro__],
        "has": [name for name in FORWARDED if hasattr(type(item), name)],
        "true": not hasattr(type(item), "__bool__") and not hasattr(type(item), "__len__"),
        "itself": _hashes_itself(item) or isinstance(item, type),
        "parameters": parameters(item),
    }


def _label(item: Any) -> str:
    name = getattr(item, "__name__", None)
    return name if isinstance(name, str) else str(type(item).__name__)


def _hashes_itself(item: Any) -> bool:
    hashing: Any = type(item).__hash__
    return hashing is object.__hash__


def parameters(item: Any) -> list[Any] | None:
    """Name, kind and whether there is a default of each parameter of a function; None where it cannot be told."""
    try:
        found = inspect.signature(item).parameters.values()
        return [[p.name, int(p.kind), p.default is not p.empty] for p in found]
    except (TypeError, ValueError):
        return None


def signature(said: Any) -> inspect.Signature | None:
    """The signature that `parameters` wrote."""
    if not isinstance(said, list):
        return None
    kinds = {int(kind): kind for kind in (P.POSITIONAL_ONLY, P.POSITIONAL_OR_KEYWORD, P.VAR_POSITIONAL, P.KEYWORD_ONLY,
                                          P.VAR_KEYWORD)}  # fmt: skip
    return inspect.Signature([P(str(n), kinds[k], default=None if has else P.empty) for n, k, has in said])


def library_name(item: Any) -> str | None:
    """`module:name` of a function or class of Python's own library, None for anything else."""
    module, name = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
    if not isinstance(item, (type, types.FunctionType, types.BuiltinFunctionType)) or not isinstance(name, str):
        return None
    if not isinstance(module, str) or module.partition(".")[0] not in sys.stdlib_module_names or module == "__main__":
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if found is item else None


def is_builtin_class(name: str) -> bool:
    """Whether `module:name` is a class of builtins, which can be named but gives nobody power over a process."""
    return name.startswith("builtins:") and isinstance(getattr(builtins, name[9:], None), type)


def from_library(name: str) -> Any:
    """What `library_name` named. Raises ValueError."""
    module, _, path = name.partition(":")
    if module.partition(".")[0] not in sys.stdlib_module_names:
        raise ValueError(f"{module} is not of the library")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def exception_of(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """An exception with these arguments, whatever its class wants to be made of."""
    try:
        made = cls(*args)
    except Exception:
        made = cls.__new__(cls, *args)
    made.args = args
    return made


def error_class(info: Message) -> type[BaseException]:
    """A class of exceptions of the other side, below the nearest one that is known here."""
    base = next(filter(None, map(exception_named, info["kinds"])), Exception)
    return type(str(info["name"]), (base,), {})


def exception_named(name: str) -> type[BaseException] | None:
    """The class of exceptions that `module:name` is, None where there is none here."""
    try:
        found = getattr(builtins, name[9:], None) if name.startswith("builtins:") else from_library(name)
    except (ValueError, ImportError, AttributeError):
        return None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def limit_of(error: BaseException | None = None) -> str:
    """The limit that an error tells of, empty if none."""
    try:
        if isinstance(error, OSError):
            return SYSTEM_LIMITS.get(error.errno or 0, "")
        return next((limit for kind, words, limit in LIMITS if isinstance(error, kind) and words in shown(error)), "")
    except BaseException:  # The error's own attributes may raise.
        return ""


def shown(value: Any, most: int = 200) -> str:
    """A value as text, whatever its own way to be shown does."""
    try:
        return str(value)[:most]
    except BaseException:
        return "an error that cannot be shown"
