"""Dangerous voltage behind a lost neutral: high on one phase while the neutral point has moved. High on all phases is ``voltage.high``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.band import update_band
from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.neutral_evidence import Evidence, Limits
from edge_agent.detect.neutral_places import VOLTAGE, NeutralPlaces, Readings
from edge_agent.model import Archive, AreaFrame, Finding, Stage
from edge_agent.model.area_frame import NEVER

_KIND = "neutral.overvoltage"
_VERSION = 1
_MINUTE_MS = 60_000
_WARNED, _DANGEROUS = 1, 2
_FIELDS = ("seen_ms", "since_ms", "begun_ms", "side", "pending")  # state of the band kernel, once for each level
_JUDGED_MS = 10_000  # a comparison with the neighbours is made again after this, not at each reading
_LINE_BAND = 0.10  # detection.md 2
_NO_LIMIT = -1.0e9

# EN 50550, power frequency over-voltage protection for 230 V: volts, shortest and longest time to the break (detection.md 2, from memory of
# the paid standard); at 255 V it must not break
EN_50550_BREAK_S = ((275.0, 3.0, 15.0), (300.0, 1.0, 5.0), (350.0, 0.25, 0.75), (400.0, 0.07, 0.20))
EN_50550_NOMINAL_V = 230.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralOvervoltageSettings:
    """Ratios of the nominal voltage. Warning EN 50160 (253 of 230 V) or GB/T 12325 (235.4 of 220 V); danger 275 of 230 V for 1 s."""

    warn_ratio: float = 253.0 / 230.0
    warn_ratio_220_v: float = 235.4 / 220.0  # where the nominal voltage is below 225 V
    danger_ratio: float = 275.0 / 230.0
    low_ratio: float = 0.90  # danger with another phase below it needs no comparison: one is up because another is down
    hysteresis_ratio: float = 0.01
    shift_v: float = 12.0  # of the neutral, detection.md 2
    link_ohm: float = 1.0  # what currents explain: as for neutral.open
    shared_ohm: float = 0.3
    warn_s: float = 60.0
    danger_s: float = 1.0
    end_s: float = 300.0  # the voltage swings with the load that is left: one finding, not ten
    max_gap_s: float = 900.0

    def __post_init__(self) -> None:
        warns = (self.warn_ratio, self.warn_ratio_220_v)
        if not 1 < min(warns) <= max(warns) < self.danger_ratio <= 3**0.5:
            raise ValueError("1 < warn ratios < danger_ratio <= sqrt(3) must hold: a lost neutral gives at most the line voltage")
        if not 0 < self.low_ratio < 1 or not 0 <= self.hysteresis_ratio < min(warns) - 1:
            raise ValueError("low_ratio must be between 0 and 1, hysteresis_ratio 0 or more and leave the end above the nominal voltage")
        if not 0 < self.shift_v < 220.0 or not 0 < self.link_ohm <= 4.0 or not 0 <= self.shared_ohm <= self.link_ohm:
            raise ValueError("0 < shift_v < 220, 0 < link_ohm <= 4 and 0 <= shared_ohm <= link_ohm must hold")
        if min(self.warn_s, self.danger_s, self.end_s, self.max_gap_s) < 0:
            raise ValueError("delays must not be negative")


class NeutralOvervoltageDetector:
    """Findings ``neutral.overvoltage`` of a three-phase meter or a node with single-phase meters: a warning, an alarm where dangerous.

    A three-phase meter is judged at each reading, a node once a minute.
    """

    def __init__(self, archive: Archive, settings: NeutralOvervoltageSettings) -> None:
        self._archive, self._settings, self._places = archive, settings, NeutralPlaces(archive)
        n = len(self._places)
        nominal_v = self._nominal_v = self._places.nominal_v
        warn_v = nominal_v * np.where(nominal_v < 225.0, settings.warn_ratio_220_v, settings.warn_ratio)
        self._limits_v = [self._limits(limit_v) for limit_v in (warn_v, nominal_v * settings.danger_ratio)]
        self._delays_ms = [round(1000 * seconds) for seconds in (settings.warn_s, settings.danger_s)]
        self._limits_of_break = Limits(
            shift_v=settings.shift_v, blind_v=2 * settings.shift_v, link_ohm=settings.link_ohm, shared_ohm=settings.shared_ohm
        )
        self._state: dict[str, npt.NDArray[Any]] = {
            **{f"{name}_{level}": np.full(n, NEVER, dtype=np.int64) for name in _FIELDS[:3] for level in (1, 2)},
            **{f"{name}_{level}": np.zeros(n, dtype=np.int8) for name in _FIELDS[3:] for level in (1, 2)},
            "told": np.zeros(n, dtype=np.int8),
            "told_ms": np.full(n, NEVER, dtype=np.int64),
            "judged_slot": np.full(n, NEVER, dtype=np.int64),
            "judged_ms": np.full(n, NEVER, dtype=np.int64),
            "minute": np.full(1, NEVER, dtype=np.int64),
            "is_ending": np.zeros(n, dtype=np.int8),
        }
        self._codes = [np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int8)]
        self._line_v = 3**0.5 * nominal_v
        self._now = Readings(n)
        self._is_busy = False

    def update(self, frame: AreaFrame) -> list[Finding]:
        now, minute = self._now, frame.now_utc_ms // _MINUTE_MS
        alerts = self._places.read_three_phase_meters(frame, now, self._line_v, self._settings.shift_v)
        if not alerts and not self._is_busy and minute == self._state["minute"][0]:
            return []
        if minute != self._state["minute"][0]:
            self._state["minute"][0] = minute
            self._places.read_nodes(frame, now, self._line_v)
        findings = self._forgotten(frame)
        findings += self._look(frame)
        self._is_busy = bool(self._state["told"].any() or any(self._state[f"{name}_1"].any() for name in ("side", "pending")))
        return findings

    def _look(self, frame: AreaFrame) -> list[Finding]:
        state, settings, now = self._state, self._settings, self._now
        findings: list[Finding] = []
        moved = (np.abs(now.shift_v) > settings.shift_v) & (np.abs(now.line_v / self._line_v - 1.0) <= _LINE_BAND)
        # where the neutral point stands still, a high voltage is none of this detector's: it counts as nominal
        highest_v = now.voltage_v.max(axis=0)
        judged_v = np.where(moved, highest_v, np.minimum(highest_v, self._nominal_v))
        taken_ms = np.where(now.taken_ms <= frame.now_utc_ms, now.taken_ms, NEVER)
        for level, limits_v, begin_ms, code in zip((1, 2), self._limits_v, self._delays_ms, self._codes, strict=True):
            seen, since, begun, side, pending = (state[f"{name}_{level}"] for name in _FIELDS)
            end_ms, gap_ms = round(1000 * settings.end_s), round(1000 * settings.max_gap_s)
            update_band(judged_v, taken_ms, limits_v, seen, since, begun, side, pending, code, begin_ms, end_ms, gap_ms)
        level_now = np.where(state["side_2"] > 0, _DANGEROUS, np.where(state["side_1"] > 0, _WARNED, 0))
        if not (level_now.any() or state["told"].any()):
            return findings
        is_new = taken_ms != state["judged_ms"]
        state["judged_ms"][is_new] = taken_ms[is_new]
        slot = frame.now_utc_ms // _JUDGED_MS
        is_torn = (level_now == _DANGEROUS) & (now.voltage_v.min(axis=0) < settings.low_ratio * self._nominal_v)
        rises = is_new & moved & (level_now > state["told"]) & (is_torn | (slot != state["judged_slot"]))
        state["judged_slot"][rises] = slot
        evidence = Evidence(self._places, frame, now, self._limits_of_break) if rises.any() else None
        for place in np.flatnonzero(rises).tolist():
            assert evidence is not None
            findings += self._begin(place, int(level_now[place]), evidence, frame)
        for place in np.flatnonzero((level_now == 0) & (state["told"] > 0)).tolist():
            findings.append(self._end(place, int(state["since_ms_1"][place]), frame))
        return findings

    def conditions(self) -> set[Condition]:
        return {(_KIND, self._places.chains[place][0].place) for place in np.flatnonzero(self._state["told"]).tolist()}

    def relearn(self, meters: Sequence[int]) -> None:
        """Nothing is learned here; what is told of these meters ends at the next update and is judged anew."""
        self._state["is_ending"][self._places.holding(set(meters))] = 1
        self._is_busy = True

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state)

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state, data)
        self._is_busy = True

    def _limits(self, high_v: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Rows of the band kernel: no lower limit, no dead phase."""
        ends_v = high_v - self._settings.hysteresis_ratio * self._nominal_v
        none_v = np.full(len(high_v), _NO_LIMIT)
        return np.round([none_v, high_v, none_v, ends_v, none_v], 6)

    def _begin(self, place: int, level: int, evidence: Evidence, frame: AreaFrame) -> list[Finding]:
        """Where the neutral is broken, or where one phase is dangerously high because another is low."""
        state, since_ms = self._state, int(self._state[f"begun_ms_{level}"][place])
        is_torn = level == _DANGEROUS and self._now.voltage_v[:, place].min() < self._settings.low_ratio * self._nominal_v[place]
        if not is_torn and evidence.find_break(place, since_ms) is None:
            return []
        stage = Stage.CHANGE if state["told"][place] else Stage.BEGIN
        if stage is Stage.BEGIN:
            state["told_ms"][place] = since_ms
        state["told"][place] = level
        at_ms = since_ms if stage is Stage.BEGIN else int(self._now.taken_ms[place])
        return [self._finding(place, stage, at_ms, level, frame)]

    def _end(self, place: int, at_ms: int, frame: AreaFrame) -> Finding:
        finding = self._finding(place, Stage.END, at_ms, int(self._state["told"][place]), frame)
        self._state["told"][place] = 0
        return finding

    def _forgotten(self, frame: AreaFrame) -> list[Finding]:
        state, findings = self._state, []
        for place in np.flatnonzero(state["is_ending"]).tolist():
            if state["told"][place]:
                findings.append(self._end(place, frame.now_utc_ms, frame))
            for name in _FIELDS[3:]:
                state[f"{name}_1"][place] = state[f"{name}_2"][place] = 0
        state["is_ending"][:] = 0
        return findings

    def _finding(self, place: int, stage: Stage, at_ms: int, level: int, frame: AreaFrame) -> Finding:
        voltage_v, limit_v = float(self._now.voltage_v[:, place].max()), float(self._limits_v[level - 1][1, place])
        members = self._places.meters[place]
        evidence = [
            ("neutral_shift_v", float(abs(self._now.shift_v[place]))),
            ("lowest_phase_v", float(self._now.voltage_v[:, place].min())),
            ("line_voltage_v", float(self._now.line_v[place])),
        ]
        at_230_v = voltage_v * EN_50550_NOMINAL_V / self._nominal_v[place]
        longest_s = [longest for volts, _, longest in EN_50550_BREAK_S if volts <= at_230_v]
        if longest_s and stage is not Stage.END:
            evidence.append(("en_50550_breaks_within_s", min(longest_s)))
        high = members[np.nanmax(np.nan_to_num(frame.values[VOLTAGE][:, members]), axis=0) > self._limits_v[0][1, place]]
        taken_ms = min(int(self._now.taken_ms[place]), frame.now_utc_ms)
        return Finding(
            kind=_KIND,
            stage=stage,
            place=self._places.chains[place][0].place,
            at_utc_ms=at_ms,
            evidence_from_utc_ms=min(int(self._state["told_ms"][place]), at_ms),
            evidence_to_utc_ms=max(at_ms, taken_ms),
            score=voltage_v / limit_v,
            confidence=0.9,
            observed=voltage_v,
            threshold=limit_v,
            unit="V",
            severity="alarm" if level == _DANGEROUS else "warning",
            meters=tuple(self._archive.meters[index].id for index in (high if len(high) else members).tolist()),
            evidence=tuple(evidence),
            alternatives=("feed-in on one phase at the end of a long line", "wrong nominal voltage in the configuration"),
        )


DETECTOR = DetectorType(name="neutral_overvoltage", settings=NeutralOvervoltageSettings, build=NeutralOvervoltageDetector)
