"""Steps of voltage and signed active current from one minute to the next, for each service, and the step of the area's loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.bin_means import BIN, CLOSED_BIN, NO_BIN, REGISTER_STEP, empty_bins, means_of, update_bin_means
from edge_agent.detect.service_places import ServicePlaces
from edge_agent.detect.service_reference import ServiceReference
from edge_agent.model import COLUMN_INDEX, AreaFrame

MAX_GAP_BINS = 16             # meters are read each 15 min at the slowest
_LATE_MS = 5_000              # a reading of the bin may still arrive
_STUCK_BINS = 15              # a voltage that does not move by one digit for so long is a stuck register
_REGISTER_STEPS = 5.0         # detection.md section 11: steps of at least five quanta
_COARSEST_A = 0.4             # no register of a current is coarser: before more steps were seen, the smallest one is not its quantum
_OF_LEVEL = 0.03              # of the current: less than that a load moves by itself when the voltage moves by two or three percent
_EXPORT_A = -0.1              # what the sun does it does to all neighbours at once: no step of one service
_BY_CURRENT, _BY_TOTAL, _BY_PHASE = 1, 2, 3     # where the active current comes from; a better source is never given up again
_VOLTAGE, _CURRENT, _POWER = (COLUMN_INDEX[f"{name}.a"] for name in ("voltage_v", "current_a", "active_power_w"))
_TOTAL = COLUMN_INDEX["active_power_w"]
_FIRST_ROWS = {"voltage": (_VOLTAGE, 3), "current": (_CURRENT, 3), "power": (_POWER, 3), "total": (_TOTAL, 1)}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServiceSteps:
    """One bin. All of shape (m,), NaN where a service has no step: see ``x_a`` for its level."""

    number: int
    x_a: Floats                # signed active current
    x_step_a: Floats
    y_step_v: Floats           # voltage step less that of the reference
    loss_step_a: Floats        # step of the area's loss, as a current at this service's voltage
    x_min_a: Floats            # smaller steps say nothing
    gap_bins: Floats


class StepReader:
    """Keeps the open bins and the last bin of each service. ``state``: arrays to save."""

    def __init__(self, places: ServicePlaces, *, bin_s: float, x_min_a: float, x_min_alone_a: float) -> None:
        self._places, self._bin_ms = places, round(1000 * bin_s)
        self._x_min_a, self._x_min_alone_a = x_min_a, x_min_alone_a
        m = len(places)
        self.reference = ServiceReference(places)
        self._bins = {name: empty_bins(rows * places.n) for name, (_, rows) in _FIRST_ROWS.items()}
        self._last: dict[str, npt.NDArray[Any]] = {
            "bin": np.full(m, NO_BIN, dtype=np.int64), "v": np.zeros(m), "x": np.zeros(m), "source": np.zeros(m, dtype=np.int8),
            "same": np.zeros(m, dtype=np.int32), "clock": np.full(1, NO_BIN, dtype=np.int64),
        }

    @property
    def state(self) -> dict[str, npt.NDArray[Any]]:
        bins: dict[str, npt.NDArray[Any]] = {}
        for name, (times, figures) in self._bins.items():
            bins[f"{name}.times"], bins[f"{name}.figures"] = times, figures
        return bins | {f"last.{name}": array for name, array in self._last.items()} | self.reference.state

    def forget(self, services: npt.NDArray[np.intp]) -> None:
        """The next reading of these is a first one."""
        self._last["bin"][services] = NO_BIN
        self._last["source"][services] = 0
        self._last["same"][services] = 0
        self.reference.forget(services)

    def take(self, frame: AreaFrame) -> list[ServiceSteps]:
        """The bins that are now complete, then the readings of the frame."""
        due = (frame.now_utc_ms - _LATE_MS) // self._bin_ms - 1
        clock = int(self._last["clock"][0])
        found: list[ServiceSteps] = []
        if clock == NO_BIN or clock - due > MAX_GAP_BINS:       # the first tick, or the clock was set back
            self._last["clock"][0] = due
        elif due > clock:
            times = self._bins["voltage"][0]
            numbers = np.unique(times[[CLOSED_BIN, BIN]])
            found = [self._close(number) for number in numbers[(numbers > clock) & (numbers <= due)].tolist()]
            self._last["clock"][0] = due
        for name, (first, rows) in _FIRST_ROWS.items():
            update_bin_means(
                frame.values[first : first + rows].reshape(-1), frame.taken_utc_ms[first : first + rows].reshape(-1),
                *self._bins[name], bin_ms=self._bin_ms, back_bins=MAX_GAP_BINS,
            )
        return found

    def _close(self, number: int) -> ServiceSteps:
        places, last = self._places, self._last
        mean = {name: means_of(number, *pair) for name, pair in self._bins.items()}
        v_v = mean["voltage"][places.row]
        v_v = np.where((v_v > 0.6 * places.nominal_v) & (v_v < 1.4 * places.nominal_v), v_v, np.nan)
        x_a, register_step_a = self._active_current(mean, v_v)
        is_valid = np.isfinite(v_v) & np.isfinite(x_a)
        is_same = is_valid & (v_v == last["v"])
        is_freed = last["same"] >= _STUCK_BINS
        last["same"] += is_same
        last["same"][is_valid & ~is_same] = 0
        gap = number - last["bin"]
        is_step = is_valid & (last["bin"] != NO_BIN) & (gap >= 1) & (gap <= MAX_GAP_BINS) & ~is_freed & (last["same"] < _STUCK_BINS)
        v_step_v = np.where(is_step, v_v - last["v"], np.nan)
        is_import = (x_a > _EXPORT_A) & (last["x"] > _EXPORT_A)
        x_step_a = np.where(is_step & is_import, x_a - last["x"], np.nan)
        level_a = np.maximum(np.abs(x_a), np.abs(last["x"]))
        power_step_w = np.where(is_step, x_a * v_v - last["x"] * last["v"], np.nan)
        usual_gap = int(np.bincount(gap[is_step]).argmax()) if is_step.any() else 1
        is_usual = is_step & (gap == usual_gap)
        area_v, area_w = self._area(mean)
        self.reference.keep_area(number, area_v, area_w)
        reference_v = self.reference.steps_v(number, v_step_v, gap, is_usual)
        loss_w = self.reference.loss_w(number, usual_gap, power_step_w, is_usual)
        last["bin"][is_valid] = number
        np.copyto(last["v"], v_v, where=is_valid)
        np.copyto(last["x"], x_a, where=is_valid)
        least_a = np.where(self.reference.is_alone, self._x_min_alone_a, self._x_min_a)
        return ServiceSteps(
            number=number, x_a=x_a, x_step_a=x_step_a, y_step_v=v_step_v - reference_v, loss_step_a=loss_w / v_v,
            x_min_a=np.maximum(np.maximum(least_a, _OF_LEVEL * level_a), _REGISTER_STEPS * np.minimum(register_step_a, _COARSEST_A)),
            gap_bins=gap.astype(float),
        )

    def _active_current(self, mean: dict[str, Floats], v_v: Floats) -> tuple[Floats, Floats]:
        """P / V where there is power, of the phase or of a single-phase meter; else the current as it is. And the step of its register."""
        places, last = self._places, self._last
        by_phase, by_current = mean["power"][places.row], mean["current"][places.row]
        by_total = np.where(places.is_single, mean["total"][places.meter], np.nan)
        best = np.select([np.isfinite(by_phase), np.isfinite(by_total), np.isfinite(by_current)], [_BY_PHASE, _BY_TOTAL, _BY_CURRENT], 0)
        is_better = best > last["source"]
        last["bin"][is_better] = NO_BIN
        np.copyto(last["source"], best.astype(np.int8), where=is_better)
        is_phase, is_total = last["source"] == _BY_PHASE, last["source"] == _BY_TOTAL
        x_a = np.where(is_phase, by_phase / v_v, np.where(is_total, by_total / v_v, by_current))
        register = {name: self._bins[name][1][REGISTER_STEP] for name in ("current", "power", "total")}
        step_a = np.where(
            is_phase, register["power"][places.row] / places.nominal_v,
            np.where(is_total, register["total"][places.meter] / places.nominal_v, register["current"][places.row]),
        )
        return x_a, step_a

    def _area(self, mean: dict[str, Floats]) -> tuple[Floats, Floats]:
        """Volts (3,) and watts (3 phases and the total) of the meter at the transformer, NaN where not given."""
        area, n = self._places.area, self._places.n
        if area < 0:
            return np.full(3, np.nan), np.full(4, np.nan)
        rows = area + n * np.arange(3)
        watts = mean["power"][rows]
        total_w = mean["total"][area]
        return mean["voltage"][rows], np.append(watts, total_w if np.isfinite(total_w) else watts.sum())
