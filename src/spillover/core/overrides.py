"""``--set KEY=VALUE``: changes to a study's tables before they are merged and read."""

import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from spillover.core.errors import ConfigError, suggest
from spillover.core.stages import KINDS


def apply(raw: dict[str, Any], override: str, sections: Collection[str]) -> None:
    """Put one override into `raw`: for all arms, for one, or for the study itself. Raises ConfigError.

    Where an arm or one of its stages sets the key itself, it is changed there, too.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {override!r}: write it as section.key=value, for example rl.steps=20")
    parts, arms = key.strip().split("."), raw.get("arms", [])
    first: dict[str, Any] = raw
    if parts[0] == "arms" and len(parts) > 2:
        arms = [arm for arm in arms if arm.get("name") == parts[1]]
        if not arms:
            names = [str(arm.get("name")) for arm in raw.get("arms", [])]
            raise ConfigError(f"--set {override!r}: no arm {parts[1]!r}{suggest(parts[1], names)}")
        first, parts = arms[0], parts[2:]
    value = _value(text)
    _put(first, parts, value, create=True, override=override)
    if parts[0] in sections or parts[0] in KINDS:
        for arm in arms:
            _put(arm, parts, value, create=False, override=override)
        for stage in _stages(arms, parts[0]):
            _put(stage, parts[1:], value, create=False, override=override)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with what `over` sets, table by table; lists and values are replaced whole."""
    both = dict(base)
    for key, value in over.items():
        held = both.get(key)
        both[key] = merged(held, value) if isinstance(held, Mapping) and isinstance(value, Mapping) else value
    return both


def _stages(arms: list[Any], kind: str) -> list[dict[str, Any]]:
    stages = [stage for arm in arms for stage in arm.get("stages", []) if isinstance(stage, dict)]
    return [stage for stage in stages if stage.get("kind") == kind]


def _put(target: dict[str, Any], parts: list[str], value: Any, *, create: bool, override: str) -> None:
    """Set a nested key; in arms and stages (`create` False) only where they set it themselves."""
    for part in parts[:-1]:
        if part not in target and not create:
            return
        target = target.setdefault(part, {})
        if not isinstance(target, dict):
            raise ConfigError(f"--set {override!r}: {part!r} is a value, not a section")
    if parts and (create or parts[-1] in target):
        target[parts[-1]] = value


def _value(text: str) -> Any:
    """Read an override's value as TOML, or as a plain string where it is none."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
