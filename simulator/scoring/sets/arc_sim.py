"""Series arcs in simulated currents of five kinds of load: half cycles and alarms of the shipped detector, and of a plain rule beside it.

``arc.npz``: ``current_2mA`` (records, samples) in units of 2 mA, ``arc_half_cycle`` (records, half cycles) flags, ``load`` and ``scenario``
(records,) names, ``fs`` samples a second. The mains is what the flags say: half cycles that fill the record.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from edge_agent.detect import find_waveform_detectors
from edge_agent.errors import ConfigError
from edge_agent.model import Archive, Finding, Meter, Stage, TimeSource, Waveform
from simulator.cli.rows import Row
from simulator.scoring.naive_arc import naive_marks
from simulator.scoring.score_set import Say, ScoreSet, read_bytes

_BEGIN_UTC_MS = 1_790_000_000_000
_AMPERES_PER_COUNT = 0.002
_CYCLES = 10                    # of a window, as sensing units send them
_ALARM_HALF_CYCLES = 14         # GB 14287.4
_IN_TIME_S = 0.5                # goal of detection.md section 10
_LEAST_RATE_HZ = 2_000.0       # that of the detector
_QUIET = ("none", "sparse")
_SHOWN = re.compile("recall|precision|told within|alarms in")     # of the rows of one load


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """``current_a`` shape (n,), ``arcs`` shape (h,)."""

    load: str
    scenario: str
    rate_hz: float
    mains_hz: float
    current_a: npt.NDArray[np.float32]
    arcs: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """What was said of a record: ``marks`` as ``Record.arcs``; ``alarm_s`` when it was told, from the record's begin, None without."""

    record: Record
    marks: npt.NDArray[np.bool_]
    alarm_s: float | None

    @property
    def due_s(self) -> float | None:
        return due_s(self.record.arcs, self.record.mains_hz)


def due_s(arcs: npt.NDArray[np.bool_], mains_hz: float) -> float | None:
    """End of the 14th arcing half cycle within one second; None where there is none."""
    total = np.concatenate([[0], np.cumsum(arcs.astype(int))])
    within = total[1:] - total[np.maximum(np.arange(1, len(total)) - round(2 * mains_hz), 0)]
    found = np.flatnonzero(within >= _ALARM_HALF_CYCLES)
    return (int(found[0]) + 1) / (2 * mains_hz) if len(found) else None


def read_records(path: Path) -> list[Record]:
    """Raises ConfigError, one line for what does not fit."""
    packed = io.BytesIO(read_bytes(path))
    content: Mapping[str, npt.NDArray[Any]] = {}
    try:
        with ZipFile(packed):                  # a bare array is no set either
            found = np.load(packed, allow_pickle=False)
        content = {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, KeyError, NotImplementedError, BadZipFile, zlib.error) as exc:
        reason = str(exc).partition("\n")[0]
        raise ConfigError([f"{path}: cannot be read: {reason}; the README of the set names its files"]) from exc
    missing = [name for name in ("current_2mA", "arc_half_cycle", "load", "scenario", "fs") if name not in content]
    if missing:
        raise ConfigError([f"{path}: has no array {', '.join(missing)}"])
    current, arcs, loads, scenarios = (content[name] for name in ("current_2mA", "arc_half_cycle", "load", "scenario"))
    fits = current.ndim == arcs.ndim == 2 and loads.shape == scenarios.shape == (len(current),) and len(arcs) == len(current)
    rate = content["fs"]
    are_numbers = all(np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_ for array in (current, arcs, rate))
    if not fits or not are_numbers or len(current) == 0 or min(current.shape[1], arcs.shape[1]) < 1 or rate.size != 1:
        raise ConfigError([f"{path}: current_2mA and arc_half_cycle must be tables of as many records as load and scenario name"])
    rate_hz = float(rate.reshape(-1)[0])
    mains_hz = arcs.shape[1] * rate_hz / current.shape[1] / 2
    if not (np.isfinite(rate_hz) and 40 <= mains_hz <= 70):
        said = f"{arcs.shape[1]} half cycles in {current.shape[1]} samples at fs = {rate_hz}"
        raise ConfigError([f"{path}: {said} are no mains of 50 or 60 Hz"])
    if rate_hz < _LEAST_RATE_HZ:
        raise ConfigError([f"{path}: fs = {rate_hz}: arcs show in {_LEAST_RATE_HZ:.0f} samples a second and more"])
    return [
        Record(
            load=str(loads[k]), scenario=str(scenarios[k]), rate_hz=rate_hz, mains_hz=mains_hz,
            current_a=(current[k] * _AMPERES_PER_COUNT).astype(np.float32), arcs=arcs[k].astype(np.bool_),
        )
        for k in range(len(current))
    ]


def judge(record: Record) -> Verdict:
    """By the shipped detector with shipped settings, window by window; each record is a circuit that nobody has seen before."""
    kind = find_waveform_detectors()["arc"]
    detector: Any = kind.build(Archive("arc-sim", (Meter(id="m", index=0, profile="set", bus="set"),)), kind.settings())
    marks = np.zeros(len(record.arcs), dtype=np.bool_)
    findings: list[Finding] = []
    per_window = 2 * _CYCLES
    for number, begin in enumerate(range(0, len(record.arcs), per_window)):
        end = min(begin + per_window, len(record.arcs))
        first, last = (round(place * record.rate_hz / record.mains_hz / 2) for place in (begin, end))
        findings += detector.take(
            Waveform(
                meter=0, phase="a", taken_utc_ms=_BEGIN_UTC_MS + round(500 * begin / record.mains_hz), time_source=TimeSource.NTP,
                rate_hz=record.rate_hz, mains_hz=record.mains_hz, sequence=number, current_a=record.current_a[first:last],
            )
        )
        seen = detector.arcing(0, "a")[-end:]
        marks[end - len(seen) : end] = seen
    told = [finding.evidence_to_utc_ms for finding in findings if finding.stage is Stage.BEGIN]
    return Verdict(record=record, marks=marks, alarm_s=(told[0] - _BEGIN_UTC_MS) / 1000 if told else None)


def naive(record: Record) -> Verdict:
    """A plain rule on three features, and 14 of them in a second."""
    marks = naive_marks(record.current_a, record.rate_hz, record.mains_hz, len(record.arcs))
    return Verdict(record=record, marks=marks, alarm_s=due_s(marks, record.mains_hz))


def score(directory: Path, say: Say) -> list[Row]:
    records = read_records(directory / "arc.npz")
    verdicts = []
    for number, record in enumerate(records):
        verdicts.append(judge(record))
        say(number / len(records))
    rows = [Row(name="arc_sim: records", figure=len(records), unit="records", goal="-", ok=True)]
    rows += rows_of("arc", verdicts, has_goal=True)
    # nothing is fitted to a load, so what a load gives is what it gives when it is left out
    for load in sorted({record.load for record in records}):
        of_load = [verdict for verdict in verdicts if verdict.record.load == load]
        rows += [row for row in rows_of(f"arc, {load} left out (nothing is trained)", of_load, has_goal=False) if _SHOWN.search(row.name)]
    return rows + rows_of("naive rule", [naive(record) for record in records], has_goal=False)


def rows_of(name: str, verdicts: list[Verdict], *, has_goal: bool) -> list[Row]:
    """Half cycles, then alarms by what they should have been."""
    marks, arcs = (np.concatenate(found) for found in ([v.marks for v in verdicts], [v.record.arcs for v in verdicts]))
    hits, told, real = int((marks & arcs).sum()), int(marks.sum()), int(arcs.sum())

    def row(what: str, figure: float, unit: str, goal: str, ok: bool) -> Row:
        return Row(name=f"{name}: {what}", figure=figure, unit=unit, goal=goal if has_goal else "-", ok=ok or not has_goal)

    recall, precision = (hits / real if real else float("nan")), (hits / told if told else float("nan"))
    rows = [
        row("arcing half cycles", real, "half cycles", "-", True),
        row("half-cycle recall", recall, "share", ">= 0.95", recall >= 0.95 or not real),
        row("half-cycle precision", precision, "share", ">= 0.90", precision >= 0.90 or not told),
    ]
    due = [verdict for verdict in verdicts if verdict.record.scenario == "sustained" and verdict.due_s is not None]
    delays = [verdict.alarm_s - verdict.due_s for verdict in due if verdict.alarm_s is not None and verdict.due_s is not None]
    in_time = sum(delay <= _IN_TIME_S for delay in delays) / len(due) if due else float("nan")
    worst_s = max(delays, default=float("nan"))
    rows += [
        row("sustained arcs told within 0.5 s of the 14th half cycle", in_time, "share", ">= 1", in_time >= 1 or not due),
        row("longest delay after the 14th half cycle", worst_s, "s", "<= 0.5", worst_s <= _IN_TIME_S or not delays),
    ]
    for scenario in _QUIET:
        of_scenario = [verdict for verdict in verdicts if verdict.record.scenario == scenario]
        false = sum(verdict.alarm_s is not None for verdict in of_scenario)
        rows.append(row(f"alarms in {len(of_scenario)} records '{scenario}'", false, "alarms", "<= 0", false == 0))
    bursts = [verdict for verdict in verdicts if verdict.record.scenario == "burst"]
    long = [verdict.alarm_s is not None for verdict in bursts if verdict.due_s is not None]
    short = [verdict.alarm_s is not None for verdict in bursts if verdict.due_s is None]
    share = sum(long) / len(long) if long else float("nan")
    return [
        *rows,
        Row(name=f"{name}: bursts of 14 and more told", figure=share, unit="share", goal="-", ok=True),
        Row(name=f"{name}: bursts of fewer than 14 told", figure=sum(short), unit="alarms", goal="-", ok=True),
    ]


SCORE = ScoreSet(name="arc_sim", summary="series arcs in simulated currents, half cycle by half cycle", score=score)
