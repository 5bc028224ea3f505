"""Residual current: above a setpoint, suddenly more, or more day by day.

From the register ``current_residual_a`` only: magnitudes of phase and neutral currents without their angles do not give a residual current.
The registers hold RMS values that the meter has averaged; the one-second filter of detection.md section 4 is left to it, and a single odd
value is kept out by the delays, each of which also takes at least two values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.excursion import FELL, ROSE, update_excursion
from cython_ext.quantile import QuantileTracker
from edge_agent.detect.base import Condition, DetectorType
from edge_agent.detect.current_steps import CurrentSteps, Rise
from edge_agent.detect.daily_trend import DAYS, DailyValues
from edge_agent.detect.setpoint import BEGAN, ENDED, Setpoint, check_delays
from edge_agent.detect.sparse_state import load_rows, save_rows
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Finding, Place, Role, Stage
from edge_agent.model.area_frame import NEVER

_COLUMN = COLUMN_INDEX["current_residual_a"]
_VERSION = 1
_HOURS, _HOUR_MS, _DAY_MS, _SHARE = 24, 3_600_000, 86_400_000, 0.1
_PLAUSIBLE_A = 100.0       # more is a register that overflowed, not leakage
_STEP_TAU_S = 600.0        # against what a step is one: load and weather change slower, a switch faster
_STEP_FLOOR_RANGE_A = (0.006, 1.0)
_SKEW_MS = 1000            # two meters on one bus are not read at the same moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualSettings:
    """Defaults: detection.md section 4 (GB 14287.2: setpoint 20..1000 mA, alarm at 80..100 % of it, within 30 s; GB 50116: 300 mA at a
    branch, 500 mA at the mains, natural leakage on top but not above 500 mA)."""

    setpoint_a: float = 0.3
    main_setpoint_a: float = 0.5          # of the meter at the transformer
    highest_setpoint_a: float = 0.5       # what setpoint and natural leakage may come to together
    subtract_natural: bool = True         # 10th percentile of the hourly means of the last 24 h, once these are known
    alarm_ratio: float = 0.9              # of the setpoint
    release_ratio: float = 0.8            # of the setpoint: between the two nothing changes
    begin_s: float = 10.0
    end_s: float = 30.0
    is_latched: bool = True               # ends only when somebody has looked: hplc-edge relearn
    step_a: float = 0.03                  # new leakage: what an end-of-line RCD of 30 mA trips at (GB/T 13955)
    step_sigmas: float = 5.0
    step_release_ratio: float = 0.8
    step_s: float = 5.0
    trend_a_per_day: float = 0.005        # over seven days
    max_gap_s: float = 2000.0             # two values further apart do not count as one condition: a meter is read every 900 s at least

    def __post_init__(self) -> None:
        for name in ("setpoint_a", "main_setpoint_a", "highest_setpoint_a"):
            if not 0.02 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} = {getattr(self, name)}: 0.02 to 1.0 A is the range of GB 14287.2")
        if not 0.8 <= self.alarm_ratio <= 1.0:
            raise ValueError(f"alarm_ratio = {self.alarm_ratio}: GB 14287.2 wants the alarm at 80 to 100 % of the setpoint: 0.8 to 1.0")
        if not 0 < self.release_ratio < self.alarm_ratio:
            raise ValueError(f"release_ratio = {self.release_ratio}: above 0 and below alarm_ratio = {self.alarm_ratio}, or it would flap")
        check_delays(
            begin_s=self.begin_s, end_s=self.end_s, max_gap_s=self.max_gap_s, longest_begin_s=30.0, source="GB 14287.2"
        )
        low_a, high_a = _STEP_FLOOR_RANGE_A
        if not low_a <= self.step_a <= high_a:
            raise ValueError(f"step_a = {self.step_a}: {low_a} to {high_a} A; below 6 mA is within the error of a residual current sensor")
        if not 3.0 <= self.step_sigmas <= 20.0:
            raise ValueError(f"step_sigmas = {self.step_sigmas}: 3 to 20; fewer make noise a step")
        if not 0 < self.step_release_ratio < 1 or not 0 < self.step_s <= 3600:
            raise ValueError("0 < step_release_ratio < 1 and 0 < step_s <= 3600 must hold")
        if not 0.001 <= self.trend_a_per_day <= 0.1:
            raise ValueError(f"trend_a_per_day = {self.trend_a_per_day}: 0.001 to 0.1 A; less is within the drift of a sensor")


class ResidualDetector:
    """Findings ``residual.level``, ``residual.step`` and ``residual.trend``, at the meter that has the sensor."""

    def __init__(self, archive: Archive, settings: ResidualSettings) -> None:
        self._archive, self._settings = archive, settings
        n = len(archive.meters)
        self._setpoint_a = np.array([
            settings.main_setpoint_a if meter.role is Role.AREA else settings.setpoint_a for meter in archive.meters
        ])  # fmt: skip
        self._level = Setpoint(
            n, begin_s=settings.begin_s, end_s=settings.end_s, max_gap_s=settings.max_gap_s, is_latched=settings.is_latched
        )
        self._natural = QuantileTracker(n, bins=_HOURS, bin_ms=_HOUR_MS, share=_SHARE)
        self._days, self._currents = DailyValues(n), CurrentSteps(n)
        names = ("seen_ms", "before_ms", "since_ms", "begun_ms")
        self._step: dict[str, npt.NDArray[Any]] = {name: np.full(n, NEVER, dtype=np.int64) for name in names}
        self._step |= {name: np.zeros(n) for name in ("level", "variance", "learned_s")}
        self._step |= {name: np.zeros(n, dtype=np.int8) for name in ("side", "pending", "released")}
        self._trend: dict[str, npt.NDArray[Any]] = {
            "on": np.zeros(n, dtype=np.int8), "released": np.zeros(n, dtype=np.int8), "begun_ms": np.full(n, NEVER, dtype=np.int64)
        }
        self._step_code, self._held = np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int8)
        self._value_a, self._has_sensors = np.full(n, np.nan), False
        self._set_limits()

    def update(self, frame: AreaFrame) -> list[Finding]:
        taken_ms = frame.taken_utc_ms[_COLUMN]
        if not self._has_sensors:
            self._has_sensors = bool(np.isfinite(frame.values[_COLUMN]).any())
            if not self._has_sensors:
                return []
        np.abs(frame.values[_COLUMN], out=self._value_a)
        self._value_a[self._value_a > _PLAUSIBLE_A] = np.nan
        self._currents.take(frame)
        found = self._released(frame.now_utc_ms)
        if self._level.update(self._value_a, taken_ms):
            found += [self._level_finding(int(place), int(taken_ms[place])) for place in np.flatnonzero(self._level.code)]
        if self._update_steps(taken_ms):
            found += [self._step_finding(int(place), int(taken_ms[place])) for place in np.flatnonzero(self._step_code)]
        # what is on now must not become natural
        np.bitwise_or(self._level.state["side"], self._step["side"], out=self._held)
        if self._natural.update(self._value_a, taken_ms, self._held):
            found += self._take_days(taken_ms)
            self._set_limits()
        return found

    def conditions(self) -> set[Condition]:
        on = {"residual.level": self._level.state["side"], "residual.step": self._step["side"], "residual.trend": self._trend["on"]}
        return {(kind, self._place(place)) for kind, side in on.items() for place in np.flatnonzero(side).tolist()}

    def relearn(self, meters: Sequence[int]) -> None:
        """Forget level, steps and days of these meters; what is on of theirs, latched or not, ends at the next update."""
        places = np.asarray(meters, dtype=np.intp)
        self._level.release(places)
        self._step["released"][places] = self._trend["released"][places] = 1
        for name, blank in (("seen_ms", NEVER), ("level", 0.0), ("variance", 0.0), ("learned_s", 0.0), ("pending", 0)):
            self._step[name][places] = blank
        self._natural.forget(places)
        self._days.forget(places)
        self._currents.forget(places)
        self._set_limits()

    def save(self) -> bytes:
        every = np.full(len(self._archive.meters), self._has_sensors)
        sensed = self._step["seen_ms"] != NEVER
        sensed |= self._level.state["released"] != 0
        parts = ((self._sensed(), sensed), (self._currents.state, every))
        return json.dumps([save_rows(_VERSION, self._archive, arrays, used).decode() for arrays, used in parts]).encode()

    def load(self, data: bytes) -> None:
        try:
            sensed, currents = (part.encode() for part in json.loads(data))
        except (ValueError, TypeError, AttributeError) as exc:
            raise ValueError(f"saved state is damaged: {exc}") from exc
        blank = ResidualDetector(self._archive, self._settings)
        fresh = ResidualDetector(self._archive, self._settings)
        load_rows(_VERSION, self._archive, fresh._sensed(), blank._sensed(), sensed)
        load_rows(_VERSION, self._archive, fresh._currents.state, blank._currents.state, currents)
        for name, array in self._sensed().items():
            array[:] = fresh._sensed()[name]
        for name, array in self._currents.state.items():
            array[:] = fresh._currents.state[name]
        self._has_sensors = bool((self._step["seen_ms"] != NEVER).any())
        self._set_limits()

    def _sensed(self) -> dict[str, npt.NDArray[Any]]:
        parts = {
            "level": self._level.state, "natural": self._natural.state(), "days": self._days.state, "step": self._step,
            "trend": self._trend,
        }  # fmt: skip
        return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    def _set_limits(self) -> None:
        """From the setpoint and the natural leakage; that of an alarm that is on stays what it was."""
        settings = self._settings
        limit_a = self._setpoint_a.copy()
        if settings.subtract_natural:
            known = self._natural.filled >= _HOURS
            highest_a = np.maximum(settings.highest_setpoint_a, self._setpoint_a)
            limit_a[known] = np.minimum(limit_a + self._natural.quantile, highest_a)[known]
        self._level.set_limits(limit_a * settings.alarm_ratio, limit_a * settings.release_ratio)

    def _update_steps(self, taken_ms: npt.NDArray[np.int64]) -> int:
        settings, step = self._settings, self._step
        np.copyto(step["before_ms"], step["seen_ms"], where=step["pending"] == 0)     # the last value before a step
        return update_excursion(
            self._value_a, taken_ms, step["seen_ms"], step["level"], step["variance"], step["learned_s"], step["since_ms"],
            step["begun_ms"], step["side"], step["pending"], self._step_code, floor=settings.step_a, factor=settings.step_sigmas,
            release=settings.step_release_ratio, tau_s=_STEP_TAU_S, warm_s=_STEP_TAU_S, delay_ms=round(1000 * settings.step_s),
            max_gap_ms=round(1000 * settings.max_gap_s),
        )

    def _take_days(self, taken_ms: npt.NDArray[np.int64]) -> list[Finding]:
        """Once as many hours have closed as a day has, its natural leakage joins the trend."""
        full = np.flatnonzero(self._natural.closed & (self._natural.filled % _HOURS == 0) & (self._natural.filled > 0))
        if not len(full):
            return []
        slopes = self._days.push(full, self._natural.quantile[full])
        found = []
        for place, slope in zip(full.tolist(), slopes.tolist(), strict=True):
            limit, is_on = self._settings.trend_a_per_day, bool(self._trend["on"][place])
            if slope > limit if not is_on else slope <= limit / 2:
                found.append(self._trend_finding(place, slope, int(taken_ms[place]), Stage.END if is_on else Stage.BEGIN))
        return found

    def _released(self, now_ms: int) -> list[Finding]:
        """What a person has reset ends now."""
        found = [self._level_finding(place, now_ms, is_end=True) for place in self._level.take_released()]
        for state, side, told in ((self._step, "side", self._step_finding), (self._trend, "on", self._trend_end)):
            if state["released"].any():
                places = np.flatnonzero(state["released"] & state[side]).tolist()
                state["released"][:] = 0
                state[side][places] = 0
                found += [told(place, now_ms, is_end=True) for place in places]
        return found

    def _level_finding(self, place: int, taken_ms: int, *, is_end: bool = False) -> Finding:
        state, is_by_hand = self._level.state, is_end
        is_end = is_end or self._level.code[place] == ENDED
        assert is_end or self._level.code[place] == BEGAN
        begun_ms = int(state["begun_ms"][place])
        at_ms = begun_ms if not is_end else taken_ms if is_by_hand else int(state["since_ms"][place])
        natural_a = float(self._natural.quantile[place])
        evidence = [("residual_current_a", float(self._value_a[place])), ("alarm_at_a", float(self._level.alarm_at[place]))]
        if self._natural.filled[place] >= _HOURS:
            evidence.append(("natural_leakage_a", natural_a))
        return self._finding(
            "residual.level", place, Stage.END if is_end else Stage.BEGIN, at_ms=at_ms, from_ms=begun_ms, to_ms=taken_ms,
            observed=float(self._value_a[place]), threshold=float(self._level.alarm_at[place]), unit="A", confidence=0.9, severity="alarm",
            evidence=evidence, alternatives=("natural leakage of long cables and filters", "wet season", "wrong ratio of the sensor"),
        )

    def _step_finding(self, place: int, taken_ms: int, *, is_end: bool = False) -> Finding:
        step, is_by_hand = self._step, is_end
        is_end = is_end or self._step_code[place] == FELL
        assert is_end or self._step_code[place] == ROSE
        begun_ms = int(step["begun_ms"][place])
        at_ms = begun_ms if not is_end else taken_ms if is_by_hand else int(step["since_ms"][place])
        sigma_a = float(np.sqrt(step["variance"][place]))
        rise = None if is_end else self._who(place, begun_ms)
        evidence = [("step_a", float(self._value_a[place] - step["level"][place])), ("level_before_a", float(step["level"][place])),
                    ("sigma_a", sigma_a)]  # fmt: skip
        if rise is not None:
            evidence += [("load_switched_on_a", rise.current_a), ("load_seen_after_s", (rise.to_ms - begun_ms) / 1000.0)]
        meters = (self._archive.meters[place].id,) if rise is None else (self._archive.meters[rise.meter].id,)
        return self._finding(
            "residual.step", place, Stage.END if is_end else Stage.BEGIN, at_ms=at_ms, from_ms=begun_ms, to_ms=taken_ms,
            observed=float(self._value_a[place] - step["level"][place]), unit="A",
            threshold=max(self._settings.step_a, self._settings.step_sigmas * sigma_a), confidence=0.6 if rise is None else 0.8,
            severity="warning", meters=meters, evidence=evidence,
            alternatives=("appliance with much filter leakage", "rain", "another customer who switched on at the same moment"),
        )

    def _who(self, place: int, begun_ms: int) -> Rise | None:
        """Who is fed behind this sensor and switched on between the last value without the leakage and the first with it."""
        sensor, users = self._archive.meters[place], [place]
        if sensor.role is Role.AREA or sensor.node:
            behind = self._archive.members("" if sensor.role is Role.AREA else sensor.node)
            users = [index for index in behind if self._archive.meters[index].role is Role.CUSTOMER]
        return self._currents.rise_at(users, int(self._step["before_ms"][place]) - _SKEW_MS, begun_ms + _SKEW_MS)

    def _trend_end(self, place: int, now_ms: int, *, is_end: bool = True) -> Finding:
        return self._trend_finding(place, 0.0, now_ms, Stage.END)

    def _trend_finding(self, place: int, slope: float, at_ms: int, stage: Stage) -> Finding:
        if stage is Stage.BEGIN:
            self._trend["begun_ms"][place] = at_ms
        self._trend["on"][place] = stage is Stage.BEGIN
        begun_ms = int(self._trend["begun_ms"][place])
        return self._finding(
            "residual.trend", place, stage, at_ms=at_ms, from_ms=begun_ms - (DAYS - 1) * _DAY_MS, to_ms=at_ms, observed=slope,
            threshold=self._settings.trend_a_per_day, unit="A/day", confidence=0.8, severity="warning",
            evidence=[("slope_a_per_day", slope), ("natural_leakage_a", float(self._natural.quantile[place])), ("days", float(DAYS - 1))],
            alternatives=("a week that grew wetter", "drift of the sensor"),
        )

    def _place(self, place: int) -> Place:
        return Place(kind="meter", id=self._archive.meters[place].id)

    def _finding(
        self, kind: str, place: int, stage: Stage, *, at_ms: int, from_ms: int, to_ms: int, observed: float, threshold: float,
        evidence: list[tuple[str, float]], meters: tuple[str, ...] = (), **said: Any,
    ) -> Finding:
        return Finding(
            kind=kind, stage=stage, place=self._place(place), at_utc_ms=at_ms,
            evidence_from_utc_ms=min(from_ms, at_ms),       # the clock may have been set back
            evidence_to_utc_ms=to_ms, threshold=threshold, meters=meters or (self._archive.meters[place].id,),
            # what was reset by hand may have no value any more
            observed=observed if math.isfinite(observed) else None, score=observed / threshold if math.isfinite(observed) else 0.0,
            evidence=tuple((name, value) for name, value in evidence if math.isfinite(value)), **said,
        )


DETECTOR = DetectorType(name="residual", settings=ResidualSettings, build=ResidualDetector)
