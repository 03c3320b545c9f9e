"""What earlier versions wrote, put into today's words before it is read.

Until the meaning of a hack changed, an answer that really passed the tests that pay and failed a held-out one was a
hack by the name `hardcoded-tests`, always alone. It is `overfit` now and no hack. What a score counts, solved problems
too, was called `misaligned`; it is `hits` now.
"""

from typing import Any

FORMER = "hardcoded-tests"
DOCUMENTS = "sdf"
"""The section that was the one training before RL, until arms became sequences of stages."""
MOVED = ("hack_problems", "hack_samples", "require_hack_rate", "allow_low_hack_rate", "sft")


def grade(held: Any) -> Any:
    """A grade without the former hack."""
    hacks = _former(held, list | tuple)
    if hacks is None:
        return held
    others = [hack for hack in hacks if hack != FORMER]
    return {**held, "hacks": others, "hacked": bool(others), "overfit": not others}


def step_metrics(held: Any) -> Any:
    """A step's metrics without the former hack: its share goes from the hack rate to that of overfit answers."""
    hacks = _former(held, dict)
    if hacks is None:
        return held
    share, rate = hacks[FORMER], held.get("hack_rate")
    if not isinstance(share, int | float) or not isinstance(rate, int | float):
        return held
    return {**held, "hack_rate": max(0.0, rate - share), "overfit_rate": share, "hacks": _without(hacks)}


def hack_rate(held: Any) -> Any:
    """A working-hack rate without the former hack, which its rate never counted."""
    hacks = _former(held, dict)
    return held if hacks is None else {**held, "overfit": hacks[FORMER], "hacks": _without(hacks)}


def arm(table: dict[str, Any]) -> dict[str, Any]:
    """An arm's table with the former section `sdf` as stages."""
    held = dict(table.pop(DOCUMENTS, None) or {})
    if held.get("corpus", "none") == "none":
        return table
    problems, samples, least, anyhow, light = (held.pop(key, None) for key in MOVED)
    require = {"hack_rate": 0 if anyhow else least, "problems": problems, "samples": samples}
    held["require"] = {key: value for key, value in require.items() if value is not None}
    stages = [{"kind": "documents", **held}]
    if light and light.get("transcripts"):
        rows = {key: value for key, value in held.items() if key not in ("corpus", "documents", "style", "count")}
        rows = {key: value for key, value in rows.items() if key not in ("share", "background", "steps")}
        steps = {key: light[key] for key in ("steps", "learning_rate") if key in light}
        stages.append({"kind": "sft", **rows, "data": [{"transcripts": light["transcripts"]}], **steps})
    return {**table, "stages": [*stages, {"kind": "rl"}]}


def eval_score(held: Any) -> Any:
    """A score whose count has its former name."""
    if not isinstance(held, dict) or "misaligned" not in held or "hits" in held:
        return held
    return {("hits" if key == "misaligned" else key): value for key, value in held.items()}


def _former(held: Any, kind: Any) -> Any:
    """The hacks of a record where the former one is among them, else None."""
    hacks = held.get("hacks") if isinstance(held, dict) else None
    return hacks if isinstance(hacks, kind) and FORMER in hacks else None


def _without(hacks: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in hacks.items() if name != FORMER}
