"""A resistive load above what is permitted at a place (heating elements in dormitories), also when it is switched on bit by bit.

Off until ``limit_w`` is set. It needs reactive power: where a meter gives none, nothing is told, since a motor looks the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.session_minutes import Minutes
from edge_agent.detect.step_elements import Elements
from edge_agent.detect.step_source import StepSource
from edge_agent.model import Archive, AreaFrame, Finding, Stage
from edge_agent.model.area_frame import NEVER

_VERSION = 1
_RECENT = 6                    # steps within the window that are added up
_RING = 6                      # minute means: the newest and the one of five minutes before
_ENDS = 0.3                    # of the load: the rest is below this again
_RAMP_MS = (240_000, 400_000)  # detection.md 6: P(t) - P(t - 300 s), between two minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenSettings:
    """detection.md section 6: dQ/dP below 0.05, 200 to 1000 W, sum of steps in 60 s, ramp over 300 s. ``limit_w`` 0: off."""

    limit_w: float = 0.0
    most_reactive: float = 0.05     # of the active power
    window_s: float = 60.0
    least_step_w: float = 100.0     # what is added up; smaller steps only show in the ramp

    def __post_init__(self) -> None:
        if self.limit_w != 0 and not 200.0 <= self.limit_w <= 20_000.0:
            raise ValueError("limit_w must be 0 (off) or 200 W (below it are lamps and computers) to 20 kW (a whole service)")
        if not 0 < self.most_reactive <= 0.2 or not 0 < self.window_s <= 600 or not 30.0 <= self.least_step_w <= 1000.0:
            raise ValueError("most_reactive must be above 0 to 0.2, window_s above 0 to 600 s, least_step_w 30 to 1000 W")


class ForbiddenDetector:
    """Findings ``load.forbidden`` for each place; they end when the power is back near what it was before."""

    def __init__(self, archive: Archive, settings: ForbiddenSettings) -> None:
        self._archive, self._settings = archive, settings
        self._elements = elements = Elements(archive)
        self._minutes = Minutes(elements)
        self._source = StepSource(elements, least_w=settings.least_step_w, share=0.015, spreads=2.7)     # as detector load_steps
        n = elements.count
        self._state: dict[str, npt.NDArray[Any]] = {
            "recent_w": np.zeros((n, _RECENT)), "recent_ms": np.full((n, _RECENT), NEVER, dtype=np.int64),
            "ramp_w": np.full((_RING, n), np.nan), "ramp_var": np.full((_RING, n), np.nan), "ramp_ms": np.full((_RING, n), NEVER),
            "begun_ms": np.full(n, NEVER, dtype=np.int64), "ends_w": np.zeros(n), "size_w": np.zeros(n), "forget": np.zeros(n, np.int8),
        }  # fmt: skip

    def update(self, frame: AreaFrame) -> list[Finding]:
        if self._settings.limit_w == 0:
            return []
        found = []
        if self._state["forget"].any():
            for element in np.flatnonzero(self._state["forget"]).tolist():
                found += self._end(element, frame.now_utc_ms, frame.now_utc_ms, np.nan)
            self._state["forget"][:] = 0
        for step in self._source.update(frame):
            is_resistive = abs(step.change_var) <= self._settings.most_reactive * step.change_w
            if is_resistive and self._state["begun_ms"][step.element] == NEVER:
                found += self._rise(step.element, step.at_ms, step.to_ms, step.change_w, step.before_w)
        done = self._minutes.update(frame)
        if len(done):
            found += self._ramps(done)
            power_w, at_ms = self._minutes.power_w, self._minutes.at_ms
            is_over = (self._state["begun_ms"][done] != NEVER) & (power_w[done] <= self._state["ends_w"][done])
            for element in done[is_over].tolist():
                found += self._end(element, int(at_ms[element]), int(at_ms[element]), float(power_w[element]))
        return found

    def relearn(self, meters: Sequence[int]) -> None:
        """Forget what was on at these meters; what was told ends at the next update."""
        for index in meters:
            for element in self._elements.of_meter(index):
                self._state["recent_ms"][element] = NEVER
                self._state["ramp_ms"][:, element] = NEVER
                self._state["forget"][element] = 1

    def conditions(self) -> set[Condition]:
        begun = np.flatnonzero(self._state["begun_ms"] != NEVER).tolist()
        return {("load.forbidden", self._elements.place(element)) for element in begun}

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._arrays())

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._arrays(), data)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {f"step_{name}": array for name, array in self._source.state.items()} | self._state | self._minutes.state

    def _rise(self, element: int, at_ms: int, seen_ms: int, change_w: float, before_w: float) -> list[Finding]:
        """Steps within the window count together, so that what is switched on in parts is no way round the limit."""
        recent_w, recent_ms = self._state["recent_w"][element], self._state["recent_ms"][element]
        recent_w[:-1], recent_ms[:-1] = recent_w[1:].copy(), recent_ms[1:].copy()
        recent_w[-1], recent_ms[-1] = change_w, at_ms
        counts = (recent_ms != NEVER) & (recent_ms <= at_ms) & (recent_ms >= at_ms - 1000 * self._settings.window_s)
        size_w = float(recent_w[counts].sum())
        if size_w <= self._settings.limit_w:
            return []
        recent_ms[:] = NEVER
        return [self._begin(element, at_ms, int(at_ms), seen_ms, size_w, before_w + change_w - size_w, int(counts.sum()))]

    def _ramps(self, done: npt.NDArray[np.intp]) -> list[Finding]:
        s, minutes, state = self._settings, self._minutes, self._state
        for name, now in (("ramp_w", minutes.power_w), ("ramp_var", minutes.reactive_var), ("ramp_ms", minutes.at_ms)):
            state[name][:-1, done] = state[name][1:, done]
            state[name][-1, done] = now[done]
        span_ms = state["ramp_ms"][-1, done] - state["ramp_ms"][0, done]
        size_w = state["ramp_w"][-1, done] - state["ramp_w"][0, done]
        is_resistive = np.abs(state["ramp_var"][-1, done] - state["ramp_var"][0, done]) <= s.most_reactive * size_w
        is_span = (state["ramp_ms"][0, done] != NEVER) & (span_ms >= _RAMP_MS[0]) & (span_ms <= _RAMP_MS[1])
        is_over = (size_w > s.limit_w) & is_resistive & is_span & (state["begun_ms"][done] == NEVER)
        return [
            self._begin(
                element, int(state["ramp_ms"][0, element]), int(state["ramp_ms"][-1, element]), int(state["ramp_ms"][-1, element]),
                float(state["ramp_w"][-1, element] - state["ramp_w"][0, element]), float(state["ramp_w"][0, element]), 0,
            )
            for element in done[is_over].tolist()
        ]  # fmt: skip

    def _begin(
        self, element: int, from_ms: int, at_ms: int, seen_ms: int, size_w: float, before_w: float, steps: int,
    ) -> Finding:
        self._state["begun_ms"][element], self._state["size_w"][element] = at_ms, size_w
        self._state["ends_w"][element] = before_w + _ENDS * size_w
        evidence = (("load_w", size_w), ("steps_added_up", float(steps)), ("before_w", before_w))
        return self._finding(element, Stage.BEGIN, from_ms, at_ms, seen_ms, size_w, evidence)

    def _end(self, element: int, at_ms: int, seen_ms: int, power_w: float) -> list[Finding]:
        begun_ms = int(self._state["begun_ms"][element])
        if begun_ms == NEVER:
            return []
        self._state["begun_ms"][element] = NEVER
        evidence = () if np.isnan(power_w) else (("power_w", power_w),)
        size_w = float(self._state["size_w"][element])
        return [self._finding(element, Stage.END, min(begun_ms, at_ms), at_ms, seen_ms, size_w, evidence)]

    def _finding(
        self, element: int, stage: Stage, from_ms: int, at_ms: int, seen_ms: int, size_w: float, evidence: tuple[tuple[str, float], ...],
    ) -> Finding:
        return Finding(
            kind="load.forbidden",
            stage=stage,
            place=self._elements.place(element),
            at_utc_ms=at_ms,
            evidence_from_utc_ms=from_ms,
            evidence_to_utc_ms=seen_ms,
            score=size_w / self._settings.limit_w,
            confidence=0.8,
            observed=size_w,
            threshold=self._settings.limit_w,
            unit="W",
            severity="warning",
            meters=(self._elements.meter(element).id,),
            evidence=evidence,
            alternatives=("kettle", "iron", "hair dryer", "corrected supply of this size"),
        )


DETECTOR = DetectorType(name="forbidden", settings=ForbiddenSettings, build=ForbiddenDetector)
"""Off where no limit is configured."""
