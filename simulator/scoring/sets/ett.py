"""Oil temperature of real transformers an hour ahead: the residual beside "as an hour ago"."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ConfigError
from simulator.cli.rows import Row
from simulator.scoring.oil_temperature import foretell
from simulator.scoring.score_set import Say, ScoreSet, read_bytes, read_numbers

_LOADS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL")     # useful and useless loads of three levels in turn
_OIL = "OT"
_MONTH_HOURS = 30 * 24                                        # as users of the set count months
_JUDGED = slice(12 * _MONTH_HOURS, 16 * _MONTH_HOURS)         # months 13 to 16
_GOALS_K = {"ETTh1": 0.55, "ETTh2": 0.78}                     # detection.md 10; another unit must be below persistence


def score(directory: Path, say: Say) -> list[Row]:
    paths = sorted(directory.glob("ETT*.csv"))
    if not paths:
        raise ConfigError([f"{directory}: has no file ETT*.csv"])
    rows: list[Row] = []
    for number, path in enumerate(paths):
        rows += _rows(path)
        say((number + 1) / len(paths))
    return rows


def _rows(path: Path) -> list[Row]:
    found = read_numbers(path, (*_LOADS, _OIL))
    oil_cel, loads = found[_OIL], np.array([found[name] for name in _LOADS]).T
    hours = _hours_of_day(path)
    missing = np.flatnonzero(~np.isfinite(oil_cel) | ~np.isfinite(loads).all(axis=1))
    if missing.size:
        raise ConfigError([f"{path}: line {int(missing[0]) + 2}: a value is missing"])
    if len(oil_cel) <= _JUDGED.start + _MONTH_HOURS:
        raise ConfigError([f"{path}: {len(oil_cel)} hours; months 13 to 16 are judged, so more than 13 months of 30 days are needed"])
    name, judged = path.stem, oil_cel[_JUDGED]
    residual_k = float(np.abs(judged - foretell(oil_cel, loads, hours)[_JUDGED]).mean())
    forecast_k = float(np.abs(judged - foretell(oil_cel, loads, hours, with_load_now=False)[_JUDGED]).mean())
    persistence_k = float(np.abs(np.diff(oil_cel[_JUDGED.start - 1 : _JUDGED.stop])).mean())
    goal_k = _GOALS_K.get(name)
    is_good = residual_k < persistence_k if goal_k is None else residual_k <= goal_k
    goal = "below persistence" if goal_k is None else f"<= {goal_k}"
    return [
        Row(name=f"{name}: hours judged", figure=len(judged), unit="hours", goal="-", ok=True),
        Row(name=f"{name}: oil temperature, mean residual", figure=residual_k, unit="K", goal=goal, ok=is_good),
        Row(name=f"{name}: the same without the load of the hour", figure=forecast_k, unit="K", goal="-", ok=True),
        Row(name=f"{name}: persistence (as an hour ago)", figure=persistence_k, unit="K", goal="-", ok=True),
        Row(name=f"{name}: residual / persistence", figure=residual_k / persistence_k, unit="1", goal="< 1", ok=residual_k < persistence_k),
    ]


def _hours_of_day(path: Path) -> npt.NDArray[np.int64]:
    """Raises ConfigError where the lines are not one an hour."""
    lines = read_bytes(path).decode("utf-8-sig", errors="replace").splitlines()
    if lines[0].split(",")[0].strip() != "date":
        raise ConfigError([f"{path}: the first column must be date"])
    hours, before = [], None
    for number, line in enumerate(lines[1:]):
        try:
            at = datetime.fromisoformat(line.split(",")[0].strip())
        except ValueError as exc:
            raise ConfigError([f"{path}: line {number + 2}: date: {exc}"]) from exc
        if before is not None and at - before != timedelta(hours=1):
            raise ConfigError([f"{path}: line {number + 2}: {at} is not an hour after {before}"])
        before = at
        hours.append(at.hour)
    return np.array(hours, dtype=np.int64)


SCORE = ScoreSet(name="ett", summary="oil temperature of real transformers from their load, hour by hour (ETT-small)", score=score)
