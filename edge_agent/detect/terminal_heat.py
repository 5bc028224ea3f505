"""What a window of temperatures and currents says of each terminal: how fast it warms, how far above ambient, above its neighbours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.heat_slope import HeatSlopes
from edge_agent.detect.lasting import Lasting
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame
from edge_agent.model.area_frame import NEVER

TERMINALS = "abcn"
FIRST, _AMBIENT = COLUMN_INDEX["terminal_temperature_cel.a"], COLUMN_INDEX["ambient_temperature_cel"]
_CURRENTS, _TOTAL = [COLUMN_INDEX[f"current_a.{phase}"] for phase in TERMINALS], COLUMN_INDEX["current_a"]
PLAUSIBLE_CEL = (-50.0, 250.0)       # outside: a sensor that is broken or cut
_PLAUSIBLE_A = 1e5
_SKEW_MS, _AMBIENT_MS = 2_000, 900_000
_LASTS_S = 60.0
_TAU_S = 600.0                       # of a terminal, 5-15 min (detection.md 1, method C)
_SIMILAR = 0.8                       # a phase compares with those that carry at least so much of its heat


class TerminalHeat:
    """Four terminals of each meter; arrays have the shape (n, 4).

    ``warn`` limits: ``fast_k_per_min``, ``rise_k``, ``uneven_warn_k``, ``uneven_alarm_k``. ``last`` is what the last window measured:
    ``rate`` in K/min, ``rise`` above ambient and ``apart`` from the coolest beside it in K, ``cel``.
    """

    def __init__(
        self, archive: Archive, *, fast_k_per_min: float, rise_k: float, uneven_warn_k: float, uneven_alarm_k: float, max_gap_s: float,
        slopes: tuple[float, float],
    ) -> None:
        """``slopes``: growth that counts, and how many standard errors it must be."""
        n = len(archive.meters)
        self._limits = (fast_k_per_min, rise_k, uneven_warn_k, uneven_alarm_k)
        self._max_gap_s = max_gap_s
        self._rated_a2 = np.array([math.nan if meter.rated_current_a is None else meter.rated_current_a**2 for meter in archive.meters])
        self._is_single = np.array([len(meter.phases) == 1 for meter in archive.meters], dtype=bool)
        self.fast, self.warm, self.uneven, self.very_uneven = (Lasting((n, 4), _LASTS_S) for _ in range(4))
        self.slopes = HeatSlopes(n, growth=slopes[0], sigmas=slopes[1], tau_s=_TAU_S)
        self.last: dict[str, npt.NDArray[Any]] = {name: np.full((n, 4), np.nan) for name in ("cel", "square_a2", "rate", "rise", "apart")}
        self.last["taken_ms"] = np.full(n, NEVER, dtype=np.int64)

    def state(self) -> Mapping[str, Mapping[str, npt.NDArray[Any]]]:
        """What is to be saved, a row for each meter."""
        return {
            "fast": self.fast.state, "warm": self.warm.state, "uneven": self.uneven.state, "very_uneven": self.very_uneven.state,
            "slope": self.slopes.state, "last": self.last,
        }  # fmt: skip

    def rise_severity(self, meters: npt.NDArray[np.intp]) -> npt.NDArray[np.int8]:
        """0 nothing, 1 warning, 2 alarm; shape (m, 4)."""
        fast, warm, looser = (part.state["on"][meters] for part in (self.fast, self.warm, self.slopes))
        return np.where(fast, 2, np.maximum(warm, looser)).astype(np.int8)

    def uneven_severity(self, meters: npt.NDArray[np.intp]) -> npt.NDArray[np.int8]:
        """The same for a terminal that is warmer than those beside it."""
        return np.where(self.very_uneven.state["on"][meters], 2, self.uneven.state["on"][meters]).astype(np.int8)

    def since_ms(self, kind: str, meter: int, terminal: int) -> list[int]:
        """Since when what is on of "rise" or "uneven" lasts."""
        parts = (self.fast, self.warm) if kind == "rise" else (self.uneven,)
        return [int(part.state["since_ms"][meter, terminal]) for part in parts if part.state["on"][meter, terminal]]

    def forget(self, meters: npt.NDArray[np.intp]) -> None:
        """Start these anew."""
        for part in (self.fast, self.warm, self.uneven, self.very_uneven, self.slopes):
            part.forget(meters)
        for name, array in self.last.items():
            array[meters] = NEVER if name == "taken_ms" else np.nan

    def update(
        self, frame: AreaFrame, terminal_cel: npt.NDArray[np.float64], meters: npt.NDArray[np.intp], taken_ms: npt.NDArray[np.int64]
    ) -> None:
        """One window of these meters: from their last values to their newest, taken at ``taken_ms``.

        ``terminal_cel``: shape (4, n), NaN = not known or not plausible.
        """
        before = self.last
        is_old = taken_ms[:, None] - frame.taken_utc_ms[FIRST : FIRST + 4, meters].T > _SKEW_MS
        cel = np.where(is_old, np.nan, terminal_cel[:, meters].T)
        passed_s = (taken_ms - before["taken_ms"][meters]) / 1000.0
        is_pause = (before["taken_ms"][meters] == NEVER) | (passed_s <= 0) | (passed_s > self._max_gap_s)
        step_s = np.where(is_pause, 0.0, passed_s)
        rate = np.where(is_pause[:, None], np.nan, (cel - before["cel"][meters]) / np.where(is_pause, 1.0, passed_s)[:, None] * 60.0)
        square_a2 = self._squares(frame, meters, taken_ms)
        last = before["square_a2"][meters]
        weight = (1.0 - np.exp(-step_s / _TAU_S))[:, None]
        slow_a2 = np.where(np.isnan(last) | is_pause[:, None], square_a2, last + weight * (square_a2 - last))
        ambient = frame.values[_AMBIENT, meters]
        is_stale = np.abs(taken_ms - frame.taken_utc_ms[_AMBIENT, meters]) > _AMBIENT_MS
        is_stale |= ~((ambient >= PLAUSIBLE_CEL[0]) & (ambient <= PLAUSIBLE_CEL[1]))
        rise = cel - np.where(is_stale, np.nan, ambient)[:, None]
        apart = self._apart(meters, cel, slow_a2)
        # a terminal stays warm after its load: both what flows and what has flowed lately must be below half the rated current
        is_low = np.maximum(square_a2, slow_a2) < self._rated_a2[meters][:, None] / 4.0
        pause = np.broadcast_to(is_pause[:, None], cel.shape)
        now_ms = np.broadcast_to(taken_ms[:, None], cel.shape)
        from_ms = np.where(pause, now_ms, before["taken_ms"][meters][:, None])
        fast_k_per_min, rise_k, warn_k, alarm_k = self._limits
        for lasting, value, limit, begins, since_ms in (
            (self.fast, rate, fast_k_per_min, rate > fast_k_per_min, from_ms),
            (self.warm, rise, rise_k, (rise > rise_k) & is_low, now_ms),
            (self.uneven, apart, warn_k, apart > warn_k, now_ms),
            (self.very_uneven, apart, alarm_k, apart > alarm_k, now_ms),
        ):
            ends = value < limit * (0.5 if lasting is self.fast else 0.8)
            lasting.update(meters, begins=begins, ends=ends, is_pause=pause, from_ms=since_ms, taken_ms=now_ms)
        self.slopes.add(meters, np.where(pause, np.nan, slow_a2), rise, step_s)
        before["taken_ms"][meters], before["cel"][meters], before["square_a2"][meters] = taken_ms, cel, slow_a2
        before["rate"][meters], before["rise"][meters], before["apart"][meters] = rate, rise, apart

    def _squares(
        self, frame: AreaFrame, meters: npt.NDArray[np.intp], taken_ms: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Current squared through each terminal, shape (m, 4); in a single-phase meter phase and neutral carry the same."""
        current_a, times = frame.values[_CURRENTS][:, meters].T, frame.taken_utc_ms[_CURRENTS][:, meters].T
        current_a = np.where((np.abs(taken_ms[:, None] - times) > _SKEW_MS) | ~(np.abs(current_a) < _PLAUSIBLE_A), np.nan, current_a)
        single = self._is_single[meters]
        total_a = frame.values[_TOTAL, meters]
        is_total = single & np.isnan(current_a[:, 0]) & (np.abs(taken_ms - frame.taken_utc_ms[_TOTAL, meters]) <= _SKEW_MS)
        current_a[is_total, 0] = np.where(np.abs(total_a) < _PLAUSIBLE_A, total_a, np.nan)[is_total]
        is_same = single & np.isnan(current_a[:, 3])
        current_a[is_same, 3] = current_a[is_same, 0]
        squares: npt.NDArray[np.float64] = current_a * current_a
        return squares

    def _apart(
        self, meters: npt.NDArray[np.intp], cel: npt.NDArray[np.float64], slow_a2: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """How much warmer a terminal is than the coolest one beside it that carries as much; NaN where there is none."""
        apart = np.full(cel.shape, -np.inf)
        single = self._is_single[meters]
        for own in range(4):
            for other in range(4):
                if own == other:
                    continue
                # phases compare with phases; the neutral of three carries something else
                is_beside = single if 3 in (own, other) else ~single
                is_like = is_beside & (slow_a2[:, other] >= _SIMILAR * slow_a2[:, own]) & ~np.isnan(cel[:, own] - cel[:, other])
                apart[is_like, own] = np.maximum(apart[is_like, own], cel[is_like, own] - cel[is_like, other])
        return np.where(np.isinf(apart), np.nan, apart)
