"""Puts models side by side: the same rows for each, the difference to the first, and what makes them unlike."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spillover.core.errors import RunDirError
from spillover.core.measures import GROUPS, Measure, by_eval, measures, mgs_bootstrap
from spillover.core.records import EvalScore
from spillover.core.rundir import RunDir, read_records
from spillover.core.stats import Interval, difference

SETTINGS = ("style", "judge", "seed", "temperature", "max_tokens", "tools", "questions", "capability_problems")
"""Settings of evaluations that change what a rate means."""


@dataclass(frozen=True)
class Compared:
    """One model's results: a folder of `spillover eval`, or the last evaluated checkpoint of a run."""

    label: str
    folder: Path
    scores: Mapping[str, EvalScore]
    settings: Mapping[str, Any]
    """How it was evaluated; empty where the folder does not say."""

    def rows(self) -> dict[str, Measure]:
        """Its measures by name."""
        return {row.name: row for row in measures(self.scores)}


def read_compared(paths: Sequence[Path]) -> list[Compared]:
    """The results at each path: one of a folder with scores, one for each arm and seed of a run directory.

    Raises RunDirError where there is nothing to compare.
    """
    found = [one for path in paths for one in _at(path)]
    if len(found) < 2:
        raise RunDirError("there is nothing to compare: name at least two folders of 'eval', or a run with two arms")
    labels = [one.label for one in found]
    return [one if labels.count(one.label) == 1 else _renamed(one, str(one.folder)) for one in found]


def unlike(held: Sequence[Compared]) -> list[str]:
    """One line for everything but the model in which results differ from the first's: judge, prompts, texts, seeds."""
    first = held[0]
    found: dict[str, list[str]] = {}
    for other in held[1:]:
        for told in _differences(first, other):
            found.setdefault(told, []).append(other.label)
    return [f"{told} ({first.label} against {', '.join(labels)})" for told, labels in found.items()]


def _differences(first: Compared, other: Compared) -> Iterator[str]:
    judges: dict[tuple[str, str], list[str]] = {}
    for name in [name for name in first.scores if name in other.scores]:
        mine, theirs = _judge(first.scores[name]), _judge(other.scores[name])
        if mine != theirs:
            judges.setdefault((mine, theirs), []).append(name)
    for (mine, theirs), names in judges.items():
        yield f"{', '.join(names)}: judged by {mine} and by {theirs}"
    if not first.settings or not other.settings:
        yield "a folder does not say how it was evaluated"
    for key in SETTINGS:
        if key in first.settings and key in other.settings and first.settings[key] != other.settings[key]:
            yield f"{key}: {first.settings[key]} and {other.settings[key]}"


def apart(row: Measure | None, first: Measure | None) -> Interval | None:
    """A rate minus the first model's with its 95% limits: Newcombe's for rates, MOVER for means; None for a gap."""
    if row is None or first is None or row.interval is None or first.interval is None:
        return None
    return difference(row.interval, first.interval)


def names_of(held: Sequence[Compared]) -> dict[str, str]:
    """Name -> label of every row that one of the models has, in the order of the rows."""
    every = [row for one in held for row in one.rows().values()]
    return {row.name: row.label for row in sorted(every, key=lambda row: GROUPS.index(row.group))}


def as_json(held: Sequence[Compared]) -> dict[str, Any]:
    """All of it for other programs; shares between 0 and 1, None for gaps."""
    rows = [one.rows() for one in held]
    return {
        "models": [
            {"label": one.label, "folder": str(one.folder), "mgs_bootstrap": _plain(mgs_bootstrap(one.scores))}
            for one in held
        ],
        "rows": [
            {
                "name": name,
                "values": [_value(mine.get(name)) for mine in rows],
                "minus_first": [_plain(apart(mine.get(name), rows[0].get(name))) for mine in rows[1:]],
            }
            for name in names_of(held)
        ],
        "warnings": unlike(held),
    }


def _at(path: Path) -> Iterator[Compared]:
    if (path / "scores.jsonl").exists():
        yield _folder(path, _model(path) or path.name)
    elif (path / "study.json").exists():
        yield from _run(RunDir.read(path))
    else:
        raise RunDirError(f"{path} holds neither scores.jsonl nor study.json; name a folder of 'eval' or 'run'")


def _run(directory: RunDir) -> Iterator[Compared]:
    """The last evaluated checkpoint of every arm and seed."""
    several = len(directory.study.seeds) > 1
    for run in directory.runs():
        if steps := run.evaluated():
            label = f"{directory.path.name}/{run.arm}" + (f"/seed-{run.seed}" if several else "")
            yield _folder(run.eval_folder(steps[-1]), f"{label} step {steps[-1]}")


def _folder(folder: Path, label: str) -> Compared:
    scores = by_eval(read_records(folder / "scores.jsonl", EvalScore))
    held = _read(folder / "settings.json")
    return Compared(label, folder, scores, held.get("settings", {}))


def _model(folder: Path) -> str:
    """The model that a folder of `eval` is of, with its adapter."""
    held = _read(folder / "model.json")
    return " + ".join(str(part) for part in (held.get("model"), held.get("adapter")) if part)


def _read(file: Path) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return held


def _renamed(one: Compared, label: str) -> Compared:
    return Compared(label, one.folder, one.scores, one.settings)


def _judge(score: EvalScore) -> str:
    return f"{score.judge or 'nobody'} ({score.judge_hash[:8] or 'no hash'})"


def _value(row: Measure | None) -> dict[str, Any] | None:
    if row is None:
        return None
    counts = {"hits": row.hits, "scored": row.scored, "samples": row.samples, "reason": row.reason}
    return {**(_plain(row.interval) or {"value": None, "low": None, "high": None}), **counts}


def _plain(interval: Interval | None) -> dict[str, float] | None:
    return interval._asdict() if interval else None
