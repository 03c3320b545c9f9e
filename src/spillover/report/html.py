"""HTML that is safe by construction: text is escaped unless it is `Markup` already."""

import html
import json
from typing import Any

from spillover.core.json_lines import visible


class Markup(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


VOID = frozenset({"br", "col", "hr", "input", "meta"})


def text(value: str) -> Markup:
    """Escape `value` unless it is `Markup`. Halves of surrogate pairs, which no file can hold, are spelled out."""
    return value if isinstance(value, Markup) else Markup(html.escape(visible(value), quote=True))


def join(*parts: str | None, between: str = "") -> Markup:
    """All parts in order, each escaped unless it is `Markup`; None is left out."""
    return Markup(text(between).join(text(part) for part in parts if part is not None))


def el(name: str, /, *children: str | None, **attributes: str | bool | None) -> Markup:
    """One element. `cls` is written ``class`` and `data_x` ``data-x``; False and None leave an attribute out."""
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def json_script(data: Any, **attributes: str | bool | None) -> Markup:
    """A script element that holds `data` as JSON which no text inside it can close or leave."""
    raw = visible(json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    for character in "<>&\u2028\u2029":
        raw = raw.replace(character, f"\\u{ord(character):04x}")
    return el("script", Markup(raw), type="application/json", **attributes)


def _attribute(key: str, value: str | bool | None) -> str:
    name = "class" if key == "cls" else key.replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(str(value))}"'
