"""Puts models side by side: the same rows for each, the difference to the first, and what makes them unlike."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from spillover.core.errors import RunDirError
from spillover.core.rates import (
    GROUPS,
    Difference,
    Interval,
    Rate,
    Scores,
    by_eval,
    difference,
    minus,
    over_seeds,
    rows,
)
from spillover.core.rates.bootstrap import bootstrap
from spillover.core.records import EvalScore
from spillover.core.rundir import RunDir, read_records

SETTINGS = ("style", "judge", "seed", "temperature", "max_tokens", "tools", "questions", "capability_problems")
"""Settings of evaluations that change what a rate means."""


@dataclass(frozen=True)
class Compared:
    """One model's results: a folder of `spillover eval`, or the last evaluated checkpoints of an arm's seeds."""

    label: str
    folder: Path
    runs: Mapping[int, Scores]
    """Seed -> scores; one of a folder of `eval`."""
    settings: Mapping[str, Any]
    """How it was evaluated; empty where the folder does not say."""

    @property
    def scores(self) -> Scores:
        """Those of its first seed."""
        return next(iter(self.runs.values()))

    @cached_property
    def by_seed(self) -> dict[int, dict[str, Rate]]:
        """The rows of each run by name."""
        return {seed: rows([scores]) for seed, scores in self.runs.items()}

    @cached_property
    def rows(self) -> dict[str, Rate]:
        """The rows over its runs by name."""
        return over_seeds(list(self.by_seed.values()))

    @cached_property
    def mgs_bootstrap(self) -> Interval | None:
        """MGS by bootstrap of seeds and scenes; None without all six."""
        return bootstrap({seed: [scores] for seed, scores in self.runs.items()})


def read_compared(paths: Sequence[Path]) -> list[Compared]:
    """The results at each path: one of a folder with scores, one for each arm of a run directory.

    Raises RunDirError where there is nothing to compare.
    """
    found = [one for path in paths for one in _at(path)]
    if len(found) < 2:
        raise RunDirError("there is nothing to compare: name at least two folders of 'eval', or a run with two arms")
    labels = [one.label for one in found]
    return [one if labels.count(one.label) == 1 else replace(one, label=str(one.folder)) for one in found]


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


def apart(one: Compared, first: Compared, name: str) -> Difference:
    """A row minus the first model's with its 95% limits, or a gap.

    Of arms with several seeds paired by seed; else Newcombe's interval for rates and MOVER's for means.
    """
    if len(one.runs) > 1 and len(first.runs) > 1:
        mine, theirs = ({seed: held[name] for seed, held in m.by_seed.items() if name in held} for m in (one, first))
        return minus(mine, theirs)
    row, other = one.rows.get(name), first.rows.get(name)
    if row is None or other is None or row.interval is None or other.interval is None:
        return Difference(None, {}, reason="one of them has no rate")
    return Difference(difference(row.interval, other.interval), {})


def names_of(held: Sequence[Compared]) -> dict[str, str]:
    """Name -> label of every row that one of the models has, in the order of the rows."""
    every = [row for one in held for row in one.rows.values()]
    return {row.name: row.label for row in sorted(every, key=lambda row: GROUPS.index(row.group))}


def as_json(held: Sequence[Compared]) -> dict[str, Any]:
    """All of it for other programs; shares between 0 and 1, None for gaps."""
    return {
        "models": [
            {
                "label": one.label,
                "folder": str(one.folder),
                "seeds": list(one.runs),
                "mgs_bootstrap": _plain(one.mgs_bootstrap),
            }
            for one in held
        ],
        "rows": [
            {
                "name": name,
                "values": [_value(one.rows.get(name)) for one in held],
                "minus_first": [_minus(apart(one, held[0], name)) for one in held[1:]],
            }
            for name in names_of(held)
        ],
        "warnings": unlike(held),
    }


def _at(path: Path) -> Iterator[Compared]:
    if (path / "scores.jsonl").exists():
        yield _folders({0: path}, _model(path) or path.name)
    elif (path / "study.json").exists():
        yield from _run(RunDir.read(path))
    else:
        raise RunDirError(f"{path} holds neither scores.jsonl nor study.json; name a folder of 'eval' or 'run'")


def _run(directory: RunDir) -> Iterator[Compared]:
    """The last evaluated checkpoints of every arm."""
    for arm in directory.study.arms:
        runs = [run for run in directory.runs() if run.arm == arm.name and run.evaluated()]
        if runs:
            steps = sorted({run.evaluated()[-1] for run in runs})
            folders = {run.seed: run.eval_folder(run.evaluated()[-1]) for run in runs}
            seeds = f", {len(runs)} seeds" if len(runs) > 1 else ""
            yield _folders(folders, f"{directory.path.name}/{arm.name} step {', '.join(map(str, steps))}{seeds}")


def _folders(folders: Mapping[int, Path], label: str) -> Compared:
    runs = {seed: by_eval(read_records(one / "scores.jsonl", EvalScore)) for seed, one in folders.items()}
    first = next(iter(folders.values()))
    return Compared(label, first, runs, _read(first / "settings.json").get("settings", {}))


def _model(folder: Path) -> str:
    """The model that a folder of `eval` is of, with its adapter."""
    held = _read(folder / "model.json")
    return " + ".join(str(part) for part in (held.get("model"), held.get("adapter")) if part)


def _read(file: Path) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return held


def _judge(score: EvalScore) -> str:
    return f"{score.judge or 'nobody'} ({score.judge_hash[:8] or 'no hash'})"


def _value(row: Rate | None) -> dict[str, Any] | None:
    if row is None:
        return None
    counts: dict[str, Any] = {"hits": row.hits, "scored": row.scored, "samples": row.samples, "seeds": row.seeds}
    counts |= {"reason": row.reason}
    return {**(_plain(row.interval) or {"value": None, "low": None, "high": None}), **counts}


def _minus(apart: Difference) -> dict[str, Any] | None:
    plain = _plain(apart.interval)
    return plain and {**plain, "seeds": apart.seeds or 1, "p": apart.p}


def _plain(interval: Interval | None) -> dict[str, float] | None:
    return interval._asdict() if interval else None
