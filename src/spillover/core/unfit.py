"""What is wrong with a study's tables, in one line."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from spillover.core.errors import suggest

Loc = Sequence[str | int]


def unfit(
    error: ValidationError, arm: type[BaseModel], study: type[BaseModel], arms: Sequence[Mapping[str, Any]]
) -> str:
    """The first problem of a study: the key as the user wrote it, what is wrong, what to do."""
    first = error.errors(include_url=False)[0]
    loc: Loc = first["loc"]
    if len(loc) >= 2 and loc[0] == "arms" and isinstance(loc[1], int):
        where = f"arm {arms[loc[1]].get('name', f'number {loc[1] + 1}')!r}, "
        return where + _said(first, loc[2:], dotted(loc[2:]), keys_at(loc[2:-1], arm))
    shared = [] if len(loc) > 1 else [*arm.model_fields, "rl", "sft", "documents"]
    return _said(first, loc, dotted(loc), [*keys_at(loc[:-1], study), *shared])


def unfit_section(error: ValidationError, sections: type[BaseModel], arm: Mapping[str, Any]) -> str:
    """The first problem of an arm's sections, the study's merged into them."""
    first = error.errors(include_url=False)[0]
    loc: Loc = first["loc"]
    return f"arm {arm.get('name')!r}, " + _said(first, loc, dotted(loc), keys_at(loc[:-1], sections))


def unfit_stage(error: ValidationError, kind: type[BaseModel], arm: Mapping[str, Any], number: int) -> str:
    """The first problem of a stage: `stages[1].steps` where the arm's stage sets the key, else `rl.steps`."""
    first = error.errors(include_url=False)[0]
    loc: Loc = first["loc"]
    own = arm.get("stages", [])
    inside = number < len(own) and bool(loc) and loc[0] in own[number]
    name = f"stages[{number}]" if inside else kind.model_fields["kind"].default
    where = f"arm {arm.get('name')!r}, "
    return where + _said(first, loc, f"{name}.{dotted(loc)}".rstrip("."), keys_at(loc[:-1], kind))


def dotted(loc: Loc) -> str:
    """A place in tables and lists as it is written: `mix[1].prompt.framing`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def keys_at(loc: Loc, model: Any) -> list[str]:
    """The keys that a table at `loc` inside `model` may have."""
    for part in loc:
        if not isinstance(part, int):
            field = getattr(model, "model_fields", {}).get(part)
            inner = get_args(field.annotation) if field else ()
            model = next((one for one in inner if isinstance(one, type)), field.annotation if field else None)
    return [field.alias or name for name, field in getattr(model, "model_fields", {}).items()]


def _said(first: Any, loc: Loc, key: str, known: Sequence[str]) -> str:
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r}{suggest(str(loc[-1]), known)}"
    if first["type"] == "missing":
        return f"key {key!r} is missing"
    message = first["msg"].removeprefix("Value error, ")
    got = "" if isinstance(first.get("input"), dict | list | tuple) else f", got {first.get('input')!r}"
    if first["type"] == "literal_error":
        choices = str(first.get("ctx", {}).get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
        got += suggest(str(first.get("input")), choices)
    return f"key {key!r}: {message}{got}" if key else message
