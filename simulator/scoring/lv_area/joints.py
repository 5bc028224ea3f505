"""Loose joints and bypass thefts of the 55 single-phase meters: the shipped detector beside a plain slope of each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.detect import find_detectors
from edge_agent.errors import ConfigError
from edge_agent.model import Finding, Stage
from simulator.cli.rows import Row
from simulator.scoring.lv_area.area_week import minute_of, read_area
from simulator.scoring.lv_area.part import Part
from simulator.scoring.plain_slope import daily_rises
from simulator.scoring.score_set import Say
from simulator.scoring.series import Series, run_detectors

_REACHED_OHM, _WITHIN_H = 0.09, 36.0
_ERROR_OHM, _ERROR_SHARE = 0.02, 0.10
_FALSE_GOAL = 1.0                  # per 1000 meter-days
_GROWTH_FROM_OHM = 0.02            # see Fault.r_ohm
_JOINT_KINDS = ("joint.loose", "joint.intermittent")
_DAY = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One loose connection of the truth file, from ``start`` to ``end`` (minutes); ``last_ohm`` is what it reaches."""

    meter: str
    subtype: str
    start: float
    end: float
    last_ohm: float
    is_observable: bool

    def r_ohm(self, minute: float) -> float:
        """A step is at once what it is; ``growth_slow`` is a straight line; ``growth`` doubles in equal times from 0.02 ohm on.

        The truth file names no law; these two fit slopes of its own voltages at both ends and in between.
        """
        share = min(max((minute - self.start) / max(self.end - self.start, 1.0), 0.0), 1.0)
        if minute < self.start:
            return 0.0
        if self.subtype == "growth":
            return float(_GROWTH_FROM_OHM * (self.last_ohm / _GROWTH_FROM_OHM) ** share)
        return self.last_ohm * share if self.subtype.startswith("growth") else self.last_ohm

    @property
    def reached(self) -> float:
        """Minute at which it has 0.09 ohm; infinite where it never has."""
        minutes = np.arange(self.start, self.end + 1.0)
        return next((minute for minute in minutes.tolist() if self.r_ohm(minute) >= _REACHED_OHM), float("inf"))


def score(directory: Path, say: Say) -> list[Row]:
    series, truth = read_area(directory)
    faults, thefts = _faults(directory, truth)
    detector = find_detectors()["joint"]
    findings = run_detectors(series, [detector.build(series.archive, detector.settings())], say)
    return [*_rows("joints", findings, faults, thefts, series), *_plain_rows(series, faults, thefts)]


def _faults(directory: Path, truth: dict[str, Any]) -> tuple[list[Fault], dict[str, float]]:
    """The joints, and the meters with a bypass with the minute from which on."""
    faults, thefts = [], {}
    for entry in truth.get("events", []):
        try:
            kind, meter = entry["kind"], f"m{int(entry.get('meter', -1))}"
            if kind == "loose_connection":
                faults.append(Fault(
                    meter=meter, subtype=str(entry["subtype"]), start=float(entry["start"]), end=float(entry["end"]),
                    last_ohm=float(entry["r_fault_ohm"]), is_observable=bool(entry["observable"]),
                ))
            elif kind == "theft_bypass":
                thefts[meter] = float(entry["start"])
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ConfigError([f"{directory / 'truth_area.json'}: events: {entry!r}: {exc!r}; see the README of the set"]) from exc
    return faults, thefts


def _rows(name: str, findings: Sequence[Finding], faults: list[Fault], thefts: dict[str, float], series: Series) -> list[Row]:
    joints = [finding for finding in findings if finding.kind in _JOINT_KINDS and finding.stage is not Stage.END]
    wanted = [fault for fault in faults if fault.is_observable and np.isfinite(fault.reached)]
    delays_h = [_delay_h(fault, joints) for fault in wanted]
    found = sum(delay <= _WITHIN_H for delay in delays_h)
    errors = [_error(fault, joints) for fault in wanted if "intermittent" not in fault.subtype]
    errors = [error for error in errors if np.isfinite(error)]
    begins = [finding for finding in joints if finding.stage is Stage.BEGIN]
    false = [finding for finding in begins if not _is_fault(finding, faults) and finding.place.id not in thefts]
    called = {finding.place.id for finding in joints if thefts.get(finding.place.id, np.inf) <= minute_of(finding.at_utc_ms)}
    named = {finding.place.id for finding in findings if finding.kind == "bypass.suspected" and finding.stage is Stage.BEGIN}
    days = _healthy_days(faults, thefts, series)
    false_rate = 1000.0 * len(false) / days
    wrong_thefts = named - set(thefts)
    precision = 1.0 - len(false) / len(begins) if begins else 1.0
    slowest_h = max([delay for delay in delays_h if np.isfinite(delay)], default=0.0)
    return [
        Row(name=f"{name}: observable, of 0.09 ohm and more", figure=len(wanted), unit="cases", goal="-", ok=True),
        Row(name=f"{name}: found within 36 h of 0.09 ohm", figure=found / len(wanted) if wanted else 1.0, unit="recall", goal=">= 1",
            ok=found == len(wanted)),
        Row(name=f"{name}: slowest that was found", figure=slowest_h, unit="h", goal=f"<= {_WITHIN_H:g}", ok=slowest_h <= _WITHIN_H),
        Row(name=f"{name}: worst error of R, 1 = 0.02 ohm or 10 %", figure=max(errors, default=0.0), unit="of the limit", goal="<= 1",
            ok=max(errors, default=0.0) <= 1.0),
        Row(name=f"{name}: precision", figure=precision, unit="-", goal="-", ok=True),
        Row(name=f"{name}: false", figure=false_rate, unit="/1000 m-days", goal=f"<= {_FALSE_GOAL:g}", ok=false_rate <= _FALSE_GOAL),
        Row(name=f"{name}: thefts called joints", figure=len(called), unit="meters", goal="= 0", ok=not called),
        Row(name="thefts: bypasses named", figure=len(named & set(thefts)), unit=f"of {len(thefts)}", goal=f">= {len(thefts)}",
            ok=named >= set(thefts)),
        Row(name="thefts: named wrongly", figure=len(wrong_thefts), unit="meters", goal="= 0", ok=not wrong_thefts),
    ]


def _plain_rows(series: Series, faults: list[Fault], thefts: dict[str, float]) -> list[Row]:
    places = {meter.id: meter.index for meter in series.archive.meters}
    volts, watts = series.columns["voltage_v.a"], series.columns["active_power_w.a"]
    with np.errstate(divide="ignore", invalid="ignore"):
        amperes = watts / volts
    alarms = [
        (meter.id, day) for meter in series.archive.meters[:-1]
        for day in daily_rises(volts[:, meter.index], amperes[:, meter.index], x_min_a=0.3, steps_per_day=_DAY, rise_ohm=0.06)
    ]
    by_meter = {fault.meter: fault for fault in faults if fault.meter in places}
    false = sum(
        meter not in thefts and (meter not in by_meter or (day + 1) * _DAY < by_meter[meter].start) for meter, day in alarms
    )
    wanted = [fault for fault in faults if fault.is_observable and np.isfinite(fault.reached)]
    hits = sum(any(meter == fault.meter and (day + 1) * _DAY > fault.start for meter, day in alarms) for fault in wanted)
    return [
        Row(name="plain slope of each day: found at all", figure=hits / len(wanted) if wanted else 1.0, unit="recall", goal="-", ok=True),
        Row(name="plain slope of each day: false", figure=1000.0 * false / _healthy_days(faults, thefts, series), unit="/1000 m-days",
            goal="-", ok=True),
        Row(name="plain slope of each day: thefts called joints", figure=len({meter for meter, _ in alarms} & set(thefts)), unit="meters",
            goal="-", ok=True),
    ]


def _delay_h(fault: Fault, joints: Sequence[Finding]) -> float:
    """From 0.09 ohm to the first finding of it; found earlier counts as at once."""
    times = [minute_of(finding.at_utc_ms) for finding in joints if finding.place.id == fault.meter]
    times = [time for time in times if fault.start <= time < fault.end + _DAY]
    return max(0.0, min(times) - fault.reached) / 60.0 if times else float("inf")


def _error(fault: Fault, joints: Sequence[Finding]) -> float:
    """Of the last figure told, in units of what is allowed; against what the joint had within the finding's window; NaN if not told."""
    told = [finding for finding in joints if finding.place.id == fault.meter and finding.kind == "joint.loose"]
    if not told or told[-1].observed is None:
        return float("nan")
    window = [fault.r_ohm(minute_of(at_ms)) for at_ms in (told[-1].evidence_from_utc_ms, told[-1].evidence_to_utc_ms)]
    window[0] = max(window[0], fault.r_ohm(fault.start))
    nearest = min(max(told[-1].observed, window[0]), window[1])
    return abs(told[-1].observed - nearest) / max(_ERROR_OHM, _ERROR_SHARE * nearest)


def _is_fault(finding: Finding, faults: Sequence[Fault]) -> bool:
    minute = minute_of(finding.at_utc_ms)
    return any(finding.place.id == fault.meter and fault.start <= minute < fault.end + _DAY for fault in faults)


def _healthy_days(faults: Sequence[Fault], thefts: dict[str, float], series: Series) -> float:
    """Of meters without a fault yet; the area meter is none of them."""
    minutes = len(series.utc_ms)
    begins = {fault.meter: fault.start for fault in faults} | thefts
    return sum(min(begins.get(meter.id, minutes), minutes) for meter in series.archive.meters[:-1]) / _DAY


PART = Part(name="joints", score=score)
