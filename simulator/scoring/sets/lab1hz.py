"""Appliances that switch on and off in a mixture, at 1 s: events of the load step detector, of a plain rule, of river, of ruptures."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.detect.load.load_steps import LoadStepsDetector, LoadStepsSettings
from edge_agent.errors import ConfigError
from edge_agent.model import Archive, Meter
from simulator.cli.rows import Row
from simulator.scoring.matching import Counts, match_events
from simulator.scoring.score_set import Say, ScoreSet, read_numbers
from simulator.scoring.series import Series

_ON_W, _TOLERANCE_S, _GOAL = 50.0, 3.0, 0.95
_POWER, _REACTIVE = "Active (W)", "Reactive (W)"
_BEGIN_UTC_MS = 1_790_000_000_000
_PELT_PENALTY = 5e4             # of the reference in the README of the set
_LEAST_W = 30.0


class _Part:
    """A folder: ``main*.csv`` and a file for each appliance. Raises ConfigError."""

    def __init__(self, mains: Path) -> None:
        appliances = sorted(path for path in mains.parent.glob("*.csv") if path != mains)
        if not appliances:
            raise ConfigError([f"{mains.parent}: has no file of an appliance beside {mains.name}"])
        found = read_numbers(mains, (_POWER, _REACTIVE))
        self.power_w, self.reactive_var = found[_POWER], found[_REACTIVE]
        if len(self.power_w) < 10:
            raise ConfigError([f"{mains}: has only {len(self.power_w)} samples"])
        self.name = "/".join(mains.parent.parts[-2:])
        self.true_s: list[float] = []
        for path in appliances:
            power_w = read_numbers(path, (_POWER,))[_POWER]
            if len(power_w) != len(self.power_w):
                raise ConfigError([f"{path}: has {len(power_w)} samples, {mains.name} has {len(self.power_w)}"])
            self.true_s += (np.flatnonzero(np.diff((power_w > _ON_W).astype(np.int8))) + 1.0).tolist()


def score(directory: Path, say: Say) -> list[Row]:
    mains = sorted(path for path in directory.rglob("*.csv") if re.match(r"main\b|main[._]", path.name))
    if not mains:
        raise ConfigError([f"{directory}: has no main*.csv in any folder; see the README of the set"])
    parts = [_Part(path) for path in mains]
    rows = []
    told = _pooled(parts, _detected)
    for part in parts:
        counts = match_events(part.true_s, _detected(part), _TOLERANCE_S)
        rows.append(Row(name=f"load_steps: F1, {part.name} ({counts.true} events)", figure=counts.f1, unit="F1", goal="-", ok=True))
    rows += [
        Row(name="load_steps: F1, parts pooled", figure=told.f1, unit="F1", goal=f">= {_GOAL}", ok=told.f1 >= _GOAL),
        Row(name="load_steps: true events", figure=told.true, unit="cases", goal="-", ok=True),
        Row(name="load_steps: recall", figure=told.hits / max(1, told.true), unit="share", goal="-", ok=True),
        Row(name="load_steps: precision", figure=told.hits / max(1, told.told), unit="share", goal="-", ok=True),
    ]
    say(0.3)
    plain: dict[str, tuple[str, Callable[[_Part], list[float]]]] = {
        "plain median step (w = 3)": ("", _median_step),
        "river PageHinkley, default": ("river", lambda part: _river(part, "PageHinkley")),
        "river ADWIN, default": ("river", lambda part: _river(part, "ADWIN")),
        "ruptures PELT (offline)": ("ruptures", _pelt),
    }
    for number, (name, (package, events)) in enumerate(plain.items()):
        is_here = not package or importlib.util.find_spec(package) is not None
        figure = _pooled(parts, events).f1 if is_here else float("nan")
        note = "" if is_here else f": not installed (extra 'test' has {package})"
        rows.append(Row(name=f"{name}: F1, parts pooled{note}", figure=figure, unit="F1", goal="-", ok=True))
        say(0.3 + 0.7 * (number + 1) / len(plain))
    return rows


def _pooled(parts: list[_Part], events: Callable[[_Part], list[float]]) -> Counts:
    return sum((match_events(part.true_s, events(part), _TOLERANCE_S) for part in parts), Counts(hits=0, true=0, told=0))


def _detected(part: _Part) -> list[float]:
    """Every step that the shipped detector finds, also those too small to be told by default; a fall that switched two loads off is two."""
    archive = Archive("lab", (Meter(id="main", index=0, profile="set", bus="set", nominal_voltage_v=230.0),))
    detector = LoadStepsDetector(archive, LoadStepsSettings())
    utc_ms = _BEGIN_UTC_MS + 1000 * np.arange(len(part.power_w), dtype=np.int64)
    columns = {"active_power_w.a": part.power_w[:, None], "reactive_power_var.a": part.reactive_var[:, None]}
    found: list[float] = []
    for frame in Series(archive=archive, utc_ms=utc_ms, columns=columns).frames():
        detector.update(frame)
        for step, off in detector.last_steps:
            found += [(step.at_ms - _BEGIN_UTC_MS) / 1000.0] * max(1, len(off))
    return found


def _median_step(part: _Part) -> list[float]:
    """d = med(P[t..t+3)) - med(P[t-3..t)), the largest first; at most one event in three samples."""
    power_w, large = part.power_w, []
    for at in range(3, len(power_w) - 2):
        before, after = float(np.median(power_w[at - 3 : at])), float(np.median(power_w[at : at + 3]))
        if abs(after - before) > max(_LEAST_W, 0.015 * abs(after)):
            large.append((round(abs(after - before)), abs(float(power_w[at] - power_w[at - 1])), at))
    found: list[float] = []
    for *_, at in sorted(large, reverse=True):
        if all(abs(at - other) >= 3 for other in found):
            found.append(float(at))
    return found


def _river(part: _Part, name: str) -> list[float]:
    drift = importlib.import_module("river.drift")
    detector, found = getattr(drift, name)(), list[float]()
    for at, value in enumerate(part.power_w.tolist()):
        detector.update(value)
        if detector.drift_detected:
            found.append(float(at))
    return found


def _pelt(part: _Part) -> list[float]:
    ruptures = importlib.import_module("ruptures")
    signal: npt.NDArray[np.float64] = np.nan_to_num(part.power_w)
    breaks = ruptures.Pelt(model="l2", min_size=2, jump=1).fit(signal).predict(pen=_PELT_PENALTY)
    return [float(at) for at in breaks if at < len(signal)]


SCORE = ScoreSet(name="lab1hz", summary="appliances on and off at 1 s (kettle, vacuum cleaner)", score=score)
