"""Steps of power of every element: by medians of samples where these come every few seconds, else by a CUSUM from reading to reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.cusum import update_cusum
from cython_ext.median_step import RING, update_steps
from edge_agent.detect.step_elements import Elements
from edge_agent.model import AreaFrame
from edge_agent.model.area_frame import NEVER

_FAST_GAP_MS = 10_000          # detection.md 6: beyond 10 s no short load is seen whole, so that medians of three samples have no meaning
_SLOW_GAP_MS = 1_800_000       # two readings of 15 min: what happened in a longer pause is not known
_CUSUM_SHARE = 0.2             # of a new reading in the slow mean: five readings, so that a base that drifts is followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``at_ms``: the first sample that is off the level before. Reactive power is NaN where the meter gives none."""

    element: int
    at_ms: int
    to_ms: int             # the sample with which it was certain
    before_w: float
    after_w: float
    change_var: float
    voltage_v: float       # NaN where not given
    period_s: float        # between samples

    @property
    def change_w(self) -> float:
        return self.after_w - self.before_w

    @property
    def power_factor(self) -> float:
        """Of what was switched; NaN where the reactive power is not known."""
        return float(abs(self.change_w) / np.hypot(self.change_w, self.change_var))


class StepSource:
    """``least_w``, ``share``, ``spreads``: a step is more than each of: watts, share of the power, mean distances of samples."""

    def __init__(self, elements: Elements, *, least_w: float, share: float, spreads: float) -> None:
        n = elements.count
        self._elements, self._least_w, self._share, self._spreads = elements, least_w, share, spreads
        self.state: dict[str, npt.NDArray[Any]] = {
            "ring_w": np.zeros((n, RING)), "ring_var": np.zeros((n, RING)), "ring_ms": np.full((n, RING), NEVER, dtype=np.int64),
            "filled": np.zeros(n, dtype=np.int32), "side": np.zeros(n, dtype=np.int8), "at_ms": np.full(n, NEVER, dtype=np.int64),
            "noise_w": np.zeros(n), "change": np.zeros((4, n)),
            "mean_seen_ms": np.full(n, NEVER, dtype=np.int64), "mean_w": np.zeros(n), "up_w": np.zeros(n), "down_w": np.zeros(n),
            "spread_w": np.zeros(n), "last_var": np.full(n, np.nan),
            "pending_ms": np.full(n, NEVER, dtype=np.int64), "pending_w": np.zeros(n), "pending_var": np.zeros(n),
            "pending_period_ms": np.zeros(n, dtype=np.int64),
        }  # fmt: skip
        self._version, self._limit_w, self._slow_limit_w = -1, np.full(n, np.nan), np.full(n, np.nan)
        self._was_fast, self._has_slow = np.zeros(n, dtype=bool), False
        self._code, self._mean_code, self._mean_before_w = np.zeros(n, np.int8), np.zeros(n, np.int8), np.zeros(n)

    def update(self, frame: AreaFrame) -> list[Step]:
        """In the order of their elements."""
        elements, s = self._elements, self.state
        elements.look(frame)
        power_w, reactive_var, taken_ms = elements.power_w(frame), elements.reactive_var(frame), elements.taken_ms(frame)
        if elements.version != self._version:
            self._version, self._limit_w = elements.version, np.where(elements.judged, self._least_w, np.nan)
            self._was_fast = np.zeros(0, dtype=bool)     # all that follows from it anew
        steps: list[Step] = []
        if update_steps(
            power_w, reactive_var, taken_ms, self._limit_w, s["ring_w"], s["ring_var"], s["ring_ms"], s["filled"], s["side"], s["at_ms"],
            s["noise_w"], s["change"], self._code, self._share, self._spreads, _FAST_GAP_MS,
        ):  # fmt: skip
            steps += [self._fast(element, frame) for element in np.flatnonzero(self._code).tolist()]
        is_fast = s["filled"] == RING
        if not np.array_equal(is_fast, self._was_fast):
            s["mean_seen_ms"][is_fast] = NEVER      # the slow mean is not kept meanwhile: it begins anew should the samples become rare
            s["pending_ms"][is_fast] = NEVER
            self._was_fast = is_fast
            self._slow_limit_w = np.where(is_fast, np.nan, self._limit_w)
            self._has_slow = not np.isnan(self._slow_limit_w).all()
        if self._has_slow:
            steps += self._slow(frame, self._slow_limit_w)
        return steps

    def _fast(self, element: int, frame: AreaFrame) -> Step:
        s = self.state
        before_w, after_w, before_var, after_var = s["change"][:, element].tolist()
        ring_ms = s["ring_ms"][element]
        return Step(
            element=element, at_ms=int(s["at_ms"][element]), to_ms=int(ring_ms[-1]), before_w=before_w, after_w=after_w,
            change_var=after_var - before_var, voltage_v=self._volts(element, frame),
            period_s=float(ring_ms[-1] - ring_ms[0]) / 1000.0 / (RING - 1),
        )

    def _slow(self, frame: AreaFrame, limit_w: npt.NDArray[np.float64]) -> list[Step]:
        """A step is certain with the reading after it: one that was taken while the load was switched shows only part of it."""
        elements, s = self._elements, self.state
        power_w, reactive_var, taken_ms = elements.power_w(frame), elements.reactive_var(frame), elements.taken_ms(frame)
        waiting = np.flatnonzero((s["pending_ms"] != NEVER) & (s["pending_ms"] != taken_ms) & ~np.isnan(limit_w) & np.isfinite(power_w))
        seen_ms = s["mean_seen_ms"].copy()
        changed = update_cusum(
            power_w, taken_ms, 0.5 * limit_w, s["mean_seen_ms"], s["mean_w"], s["up_w"], s["down_w"], s["spread_w"], self._mean_code,
            self._mean_before_w, _CUSUM_SHARE, 0.5 * self._least_w, 2.0 * self._spreads, _SLOW_GAP_MS,
        )  # fmt: skip
        steps = []
        for element in waiting.tolist():
            at_ms, before_w = int(s["pending_ms"][element]), float(s["pending_w"][element])
            s["pending_ms"][element] = NEVER
            now_ms, now_w = int(taken_ms[element]), float(power_w[element])
            needed_w = max(self._least_w, self._share * max(abs(before_w), abs(now_w)))
            if at_ms < now_ms <= at_ms + _SLOW_GAP_MS and abs(now_w - before_w) > needed_w:
                steps.append(Step(
                    element=element, at_ms=at_ms, to_ms=now_ms, before_w=before_w, after_w=now_w,
                    change_var=float(reactive_var[element] - s["pending_var"][element]), voltage_v=self._volts(element, frame),
                    period_s=float(s["pending_period_ms"][element]) / 1000.0,
                ))  # fmt: skip
        if changed:
            settled = set(waiting.tolist())
            for element in np.flatnonzero(self._mean_code).tolist():
                if element not in settled:
                    s["pending_ms"][element], s["pending_w"][element] = taken_ms[element], self._mean_before_w[element]
                    s["pending_var"][element] = s["last_var"][element]
                    s["pending_period_ms"][element] = taken_ms[element] - seen_ms[element]
        np.copyto(s["last_var"], reactive_var)
        return steps

    def _volts(self, element: int, frame: AreaFrame) -> float:
        volts = self._elements.voltage_v(frame)
        return float(volts[element])
