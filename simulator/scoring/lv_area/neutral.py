"""Open, loose and intermittent neutral of the feeder: the shipped detectors beside plain levels at the three-phase meter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect import find_detectors
from edge_agent.errors import ConfigError
from edge_agent.model import Finding, Stage
from simulator.cli.rows import Row
from simulator.scoring.lv_area.area_week import minute_of, read_neutral_feeder
from simulator.scoring.lv_area.part import Part
from simulator.scoring.score_set import Say
from simulator.scoring.series import Series, run_detectors

_DETECTORS = ("open_neutral", "loose_neutral", "neutral_overvoltage")
_KINDS = ("neutral.open", "neutral.loose", "neutral.intermittent", "neutral.overvoltage")
_OPEN_SAMPLES, _LOOSE_H, _INTERMITTENT_H = 2, 12.0, 6.0
_REACHED_OHM = 0.15
_AFTER = 180                      # minutes after a fault in which what is told still belongs to it: it is told late, never early
_RATIO, _LEVEL_V = 1.125, 12.0    # largest normal ratio that detection.md 2 measured; its level of the shift
_DAY = 1440.0

Spans = list[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``section`` k is the neutral upstream of junction k, 0 for a negative control; ``r_max_ohm`` is reached in a straight line."""

    kind: str
    start: float
    end: float
    section: int
    r_max_ohm: float

    @property
    def reached(self) -> float:
        """Minute at which a loose neutral has gained 0.15 ohm; infinite where it never does."""
        share = _REACHED_OHM / self.r_max_ohm if self.r_max_ohm > 0 else np.inf
        return self.start + share * (self.end - self.start) if share <= 1.0 else float("inf")


def score(directory: Path, say: Say) -> list[Row]:
    series, truth = read_neutral_feeder(directory)
    events, junctions = _events(directory, truth)
    found = find_detectors()
    detectors = [found[name].build(series.archive, found[name].settings()) for name in _DETECTORS]
    findings = run_detectors(series, detectors, say)
    begins = {kind: [told for told in findings if told.kind == kind and told.stage is Stage.BEGIN] for kind in _KINDS}
    return [
        *_open_rows(begins["neutral.open"], events, junctions), *_loose_rows(begins["neutral.loose"], events, junctions),
        *_intermittent_rows(begins["neutral.intermittent"], events, junctions), *_false_rows(begins, events, series),
        *_plain_rows(series, events),
    ]


def _events(directory: Path, truth: dict[str, Any]) -> tuple[list[Event], list[int]]:
    path = directory / "truth_neutral.json"
    junctions = truth.get("meter_junction")
    if not isinstance(junctions, list) or not junctions or not all(isinstance(found, int) and found > 0 for found in junctions):
        raise ConfigError([f"{path}: meter_junction: expected a list of 1, 2, ..., one for each meter"])
    if len(junctions) != len(truth["meter_phase"]):
        raise ConfigError([f"{path}: meter_junction has {len(junctions)} meters, meter_phase {len(truth['meter_phase'])}"])
    events = []
    for entry in truth.get("events", []):
        try:
            is_control = str(entry["kind"]).startswith("negative_")
            events.append(Event(
                kind=str(entry["kind"]), start=float(entry["start"]), end=float(entry["end"]),
                section=0 if is_control else int(entry["section"]), r_max_ohm=float(entry.get("r_max_ohm", 0.0)),
            ))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ConfigError([f"{path}: events: {entry!r}: {exc!r}; see the README of the set"]) from exc
    return events, junctions


def _seen_by(event: Event, junctions: list[int]) -> set[str]:
    """The meters behind the fault; the box meter is at the end of the feeder."""
    return {f"m{number}" for number, junction in enumerate(junctions) if junction >= event.section} | {"box"}


def _of(event: Event, told: Sequence[Finding], junctions: list[int]) -> list[float]:
    """Minutes at which findings that belong to an event were told."""
    minutes = [minute_of(finding.evidence_to_utc_ms) for finding in told if set(finding.meters) & _seen_by(event, junctions)]
    return [minute for minute in minutes if event.start <= minute < event.end + _AFTER]


def _open_rows(told: Sequence[Finding], events: list[Event], junctions: list[int]) -> list[Row]:
    wanted = [event for event in events if event.kind == "open_neutral"]
    samples = [min(_of(event, told, junctions), default=np.inf) - event.start + 1 for event in wanted]
    return _recall_rows("open neutral", "found within 2 samples", samples, _OPEN_SAMPLES, "samples")


def _loose_rows(told: Sequence[Finding], events: list[Event], junctions: list[int]) -> list[Row]:
    wanted = [event for event in events if event.kind == "loose_neutral" and np.isfinite(event.reached)]
    hours = [(min(_of(event, told, junctions), default=np.inf) - event.reached) / 60.0 for event in wanted]
    return _recall_rows("loose neutral", "found within 12 h of 0.15 ohm", hours, _LOOSE_H, "h")


def _intermittent_rows(told: Sequence[Finding], events: list[Event], junctions: list[int]) -> list[Row]:
    wanted = [event for event in events if event.kind == "intermittent_neutral"]
    hours = [(min(_of(event, told, junctions), default=np.inf) - event.start) / 60.0 for event in wanted]
    return _recall_rows("intermittent neutral", "found within 6 h", hours, _INTERMITTENT_H, "h")


def _recall_rows(name: str, what: str, delays: Sequence[float], limit: float, unit: str) -> list[Row]:
    found = sum(delay <= limit for delay in delays)
    slowest = max([delay for delay in delays if np.isfinite(delay)], default=0.0)
    return [
        Row(name=f"{name}: events", figure=len(delays), unit="cases", goal="-", ok=True),
        Row(name=f"{name}: {what}", figure=found / len(delays) if delays else 1.0, unit="recall", goal=">= 1", ok=found == len(delays)),
        Row(name=f"{name}: slowest that was found", figure=slowest, unit=unit, goal=f"<= {limit:g}", ok=slowest <= limit),
    ]


def _false_rows(begins: dict[str, list[Finding]], events: list[Event], series: Series) -> list[Row]:
    spans = [(event.start, event.end + _AFTER) for event in events if event.section]
    rows = []
    for control in sorted({event.kind for event in events if not event.section}):
        here = [(event.start, event.end + 2.0) for event in events if event.kind == control]
        alarms = sum(_within(minute_of(told.evidence_to_utc_ms), here) for found in begins.values() for told in found)
        rows.append(Row(
            name=f"neutral: alarms on {control.removeprefix('negative_')}", figure=alarms, unit="alarms", goal="= 0", ok=alarms == 0
        ))
    minutes = len(series.utc_ms) - sum(end - start for start, end in spans)
    meter_days = max(minutes, 1.0) / _DAY * len(series.archive.meters)
    for kind, found in begins.items():
        false = [told for told in found if not _within(minute_of(told.evidence_to_utc_ms), spans)]
        precision = 1.0 - len(false) / len(found) if found else 1.0
        rows += [
            Row(name=f"{kind}: precision", figure=precision, unit="-", goal="-", ok=True),
            Row(name=f"{kind}: false", figure=1000.0 * len(false) / meter_days, unit="/1000 m-days", goal="= 0", ok=not false),
        ]
    return rows


def _within(minute: float, spans: Spans) -> bool:
    return any(start <= minute < end for start, end in spans)


def _plain_rows(series: Series, events: list[Event]) -> list[Row]:
    """What a user would set: a limit on the ratio of the highest phase to the lowest, and one on the shift, two readings each."""
    box = len(series.archive.meters) - 1
    volts = np.stack([series.columns[f"voltage_v.{phase}"][:, box] for phase in "abc"])
    squares = volts**2
    total = squares.sum(axis=0)
    line2 = (total + np.sqrt(np.maximum(0.0, 3.0 * total**2 - 6.0 * (squares**2).sum(axis=0)))) / 2.0
    shift_v = np.sqrt(np.maximum(0.0, (total - line2) / 3.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = volts.max(axis=0) / volts.min(axis=0)
    of_ratio, of_shift = (f"plain ratio > {_RATIO:g}", ratio > _RATIO), (f"plain shift > {_LEVEL_V:g} V", shift_v > _LEVEL_V)
    return [
        *_level_rows(*of_ratio, events, "open_neutral", lambda event: event.start + _OPEN_SAMPLES),
        *_level_rows(*of_shift, events, "open_neutral", lambda event: event.start + _OPEN_SAMPLES),
        *_level_rows(*of_shift, events, "loose_neutral", lambda event: event.reached + 60.0 * _LOOSE_H),
    ]


def _level_rows(
    name: str, above: npt.NDArray[np.bool_], events: list[Event], kind: str, until: Callable[[Event], float]
) -> list[Row]:
    twice = above & np.roll(above, 1)
    twice[:1] = False
    starts = np.flatnonzero(twice & ~np.roll(twice, 1)).tolist()
    wanted = [event for event in events if event.kind == kind and np.isfinite(until(event))]
    found = sum(any(event.start <= start <= until(event) for start in starts) for event in wanted)
    spans = [(event.start, event.end + _AFTER) for event in events if event.section]
    false = sum(not _within(start, spans) for start in starts)
    label = kind.replace("_", " ")
    return [
        Row(name=f"{label}: {name}, found in time", figure=found / len(wanted) if wanted else 1.0, unit="recall", goal="-", ok=True),
        Row(name=f"{label}: {name}, alarms without a neutral fault", figure=false, unit="alarms", goal="-", ok=True),
    ]


PART = Part(name="neutral", score=score)
