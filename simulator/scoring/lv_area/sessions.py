"""Charging sessions of the area: vehicles and e-bikes, found by the shipped detectors and by a plain rule on the power's level."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from edge_agent.detect import find_detectors
from edge_agent.errors import ConfigError
from edge_agent.model import Finding, Place, Stage
from simulator.cli.rows import Row
from simulator.scoring.lv_area.area_week import minute_of, read_area
from simulator.scoring.lv_area.part import Part
from simulator.scoring.matching import Session, SessionScore, score_sessions
from simulator.scoring.score_set import Say
from simulator.scoring.series import run_detectors

_NAIVE_W, _NAIVE_MINUTES, _NAIVE_WINDOW, _NAIVE_PERCENT = 2600.0, 30, 60, 10.0      # detection.md 6
_GOALS = {"ev": (0.95, 0.95), "e_bike": (0.80, 0.80)}                               # detection.md 10: recall, precision
_BEGIN_MINUTES = 3.0
_LABELS = {"ev": "ev_charge", "e_bike": "ebike_charge"}


def score(directory: Path, say: Say) -> list[Row]:
    """Recall and precision by sessions that overlap; one that had not ended with the data counts as any other."""
    series, truth = read_area(directory)
    types = find_detectors()
    detectors = {name: types[name].build(series.archive, types[name].settings()) for name in _LABELS}
    found = run_detectors(series, list(detectors.values()), say)
    rows: list[Row] = []
    for name, label in _LABELS.items():
        true = true_sessions(directory / "truth_area.json", truth, label)
        scored = score_sessions(true, told_sessions([finding for finding in found if finding.kind == f"load.{name}"]))
        rows += _rows(name, scored, len(true), *_GOALS[name])
        if name == "ev":
            errors = scored.begin_errors or (float("inf"),) if true else (float("nan"),)
            worst = max(errors)
            rows += [
                Row(name="ev: begin error, worst", figure=worst, unit="min", goal=f"<= {_BEGIN_MINUTES:g}",
                    ok=not true or worst <= _BEGIN_MINUTES),
                Row(name="ev: begin error, median", figure=statistics.median(errors), unit="min", goal="-", ok=True),
            ]
            power_w = series.columns["active_power_w.a"]
            plain = score_sessions(true, naive_sessions(power_w, [meter.id for meter in series.archive.meters if meter.phases == "a"]))
            rows += _rows("ev, plain rule (10th percentile of an hour > 2.6 kW)", plain, len(true), None, None)
    return rows


def true_sessions(path: Path, truth: dict[str, Any], label: str) -> list[Session]:
    """Raises ConfigError."""
    try:
        return [
            Session(meter=f"m{int(event['meter'])}", begin=float(event["start"]), end=float(event["end"]))
            for event in truth["events"] if event["kind"] == label
        ]
    except (KeyError, TypeError, ValueError) as exc:
        raise ConfigError([f"{path}: events: expected objects with kind, meter, start and end: {exc!r}"]) from exc


def told_sessions(found: list[Finding]) -> list[Session]:
    """Begins with their ends, in minutes of the set; one that has not ended goes on."""
    begun: dict[Place, float] = {}
    sessions = []
    for finding in found:
        if finding.stage is Stage.BEGIN:
            begun[finding.place] = minute_of(finding.at_utc_ms)
        elif finding.stage is Stage.END:
            sessions.append(Session(meter=finding.place.id, begin=begun.pop(finding.place), end=minute_of(finding.at_utc_ms)))
    return sessions + [Session(meter=place.id, begin=begin, end=float("inf")) for place, begin in begun.items()]


def naive_sessions(power_w: npt.NDArray[np.float64], meters: list[str]) -> list[Session]:
    """Where the 10th percentile of the last hour stays above 2.6 kW for half an hour."""
    sessions: list[Session] = []
    if len(power_w) < _NAIVE_WINDOW:
        return sessions
    for place, meter in enumerate(meters):
        is_high = np.nanpercentile(sliding_window_view(np.nan_to_num(power_w[:, place]), _NAIVE_WINDOW), _NAIVE_PERCENT, axis=1) > _NAIVE_W
        edges = np.flatnonzero(np.diff(np.concatenate(([0], is_high.astype(np.int8), [0]))))
        sessions += [
            Session(meter=meter, begin=float(begin), end=float(end + _NAIVE_WINDOW))
            for begin, end in edges.reshape(-1, 2).tolist() if end - begin >= _NAIVE_MINUTES
        ]
    return sessions


def _rows(name: str, scored: SessionScore, cases: int, recall: float | None, precision: float | None) -> list[Row]:
    rows = [Row(name=f"{name}: sessions", figure=cases, unit="cases", goal="-", ok=True)]
    for what, figure, goal in (("recall", scored.recall, recall), ("precision", scored.precision, precision)):
        is_met = goal is None or (figure >= goal if cases or (what == "precision" and not np.isnan(figure)) else True)
        rows.append(Row(name=f"{name}: {what}", figure=figure, unit="share", goal="-" if goal is None else f">= {goal:g}", ok=is_met))
    return rows


PART = Part(name="sessions", score=score)
