"""How much of its rating each phase of the transformer carries, from whatever the meter at the transformer gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.hot_spot import MAX_LOAD_PU
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Role
from edge_agent.model.area_frame import NEVER

PHASES = "abc"
_CURRENT, _ACTIVE, _REACTIVE = (COLUMN_INDEX[f"{name}.a"] for name in ("current_a", "active_power_w", "reactive_power_var"))
_TOTAL_ACTIVE, _TOTAL_REACTIVE = COLUMN_INDEX["active_power_w"], COLUMN_INDEX["reactive_power_var"]
_AMBIENT = COLUMN_INDEX["ambient_temperature_cel"]
_LOOK_MS = 10_000  # winding 8 min, demand 15 min: a look each 10 s misses nothing of them and costs a tenth of one each second
_SURE_PU = 2.0
_STALE_MS = 1_800_000  # two reads at the slowest, 15 min: then the next best source speaks


class AreaLoad:
    """The newest load of each phase: ``load_pu`` and ``taken_ms``, shape (3,), NaN and NEVER where nothing is known.

    ``state`` is all that it remembers.

    Currents speak first, then the powers of the phases, then the power of the whole, taken as even. Loads beyond ``MAX_LOAD_PU`` are no
    loads, and one beyond ``_SURE_PU`` counts as far as the reading before it bears it out: a reading stands for all the time since that
    one, up to a quarter of an hour, in which a real short circuit is long over. ``meter_id`` is empty without a transformer or without a
    meter at it: then nothing is ever new.
    """

    def __init__(self, archive: Archive) -> None:
        meter = next((meter for meter in archive.meters if meter.role is Role.AREA), None)
        self.load_pu = np.full(3, np.nan)
        self.taken_ms = np.full(3, NEVER, dtype=np.int64)
        self._looked_ms = np.full(1, NEVER, dtype=np.int64)
        self.state: dict[str, npt.NDArray[Any]] = {"load_pu": self.load_pu, "taken_ms": self.taken_ms, "looked_ms": self._looked_ms}
        self.state["read_pu"] = self._read_pu = np.full(3, np.nan)
        self.meter_id = ""
        self._index = -1
        if archive.transformer is not None and meter is not None:
            self.meter_id, self._index = meter.id, meter.index
            self._rated_a = archive.transformer.rated_current_a
            self._rated_va = 1000.0 * archive.transformer.rated_kva

    def is_of(self, meters: Sequence[int]) -> bool:
        return self._index in meters

    def take(self, frame: AreaFrame) -> bool:
        """True where a phase has a load that it did not have at the last look; looks are ``_LOOK_MS`` apart."""
        if self._index < 0 or (self._looked_ms[0] != NEVER and 0 <= frame.now_utc_ms - self._looked_ms[0] < _LOOK_MS):
            return False
        self._looked_ms[0] = frame.now_utc_ms
        values, taken = frame.values[:, self._index], frame.taken_utc_ms[:, self._index]
        oldest_ms = frame.now_utc_ms - _STALE_MS
        loads, times = self._by_current(values, taken)
        if max(times) < oldest_ms:
            for source in (self._by_phase_power, self._by_total_power):
                other_loads, other_times = source(values, taken)
                if max(other_times) >= max(oldest_ms, max(times), 0):
                    loads, times = other_loads, other_times
                    break
        if times == self.taken_ms.tolist():
            return False
        self.taken_ms[:] = times
        borne_out_pu = [_SURE_PU if math.isnan(before) else max(before, _SURE_PU) for before in self._read_pu.tolist()]
        self._read_pu[:] = [load if load <= MAX_LOAD_PU else math.nan for load in loads]
        np.minimum(self._read_pu, borne_out_pu, out=self.load_pu)
        return True

    def ambient_cel(self, frame: AreaFrame, *, usual_cel: float, max_age_s: float) -> tuple[float, bool]:
        """And whether it was measured, by the meter at the transformer and not longer ago than ``max_age_s``."""
        value_cel, taken_ms = float(frame.values[_AMBIENT, self._index]), int(frame.taken_utc_ms[_AMBIENT, self._index])
        is_measured = taken_ms != NEVER and abs(frame.now_utc_ms - taken_ms) <= 1000 * max_age_s and -60.0 <= value_cel <= 80.0
        return (value_cel, True) if is_measured else (usual_cel, False)

    def _by_current(self, values: npt.NDArray[np.float64], taken: npt.NDArray[np.int64]) -> tuple[list[float], list[int]]:
        return [abs(value) / self._rated_a for value in values[_CURRENT : _CURRENT + 3].tolist()], taken[_CURRENT : _CURRENT + 3].tolist()

    def _by_phase_power(self, values: npt.NDArray[np.float64], taken: npt.NDArray[np.int64]) -> tuple[list[float], list[int]]:
        active_w, reactive_var = values[_ACTIVE : _ACTIVE + 3].tolist(), values[_REACTIVE : _REACTIVE + 3].tolist()
        apparent_va = [_apparent_va(*pair) for pair in zip(active_w, reactive_var, strict=True)]
        return [3.0 * power_va / self._rated_va for power_va in apparent_va], taken[_ACTIVE : _ACTIVE + 3].tolist()

    def _by_total_power(self, values: npt.NDArray[np.float64], taken: npt.NDArray[np.int64]) -> tuple[list[float], list[int]]:
        apparent_va = _apparent_va(float(values[_TOTAL_ACTIVE]), float(values[_TOTAL_REACTIVE]))
        return [apparent_va / self._rated_va] * 3, [int(taken[_TOTAL_ACTIVE])] * 3


def _apparent_va(active_w: float, reactive_var: float) -> float:
    """Without a reactive power the active one stands alone: the load is then told too low rather than guessed."""
    return abs(active_w) if math.isnan(reactive_var) else math.hypot(active_w, reactive_var)
