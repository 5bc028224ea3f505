"""What all meters of an area measure, many steps at once: gains, noise, the resolution of each model, and who is dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.model import COLUMN_INDEX, N_COLUMNS
from simulator.grid.load_law import Real
from simulator.meter.grid_meter import DARK_BELOW, NOISE, Accuracy
from simulator.meter.resolution import rounded
from simulator.scenario.world import Block

COUNTED = {"active_energy_import_wh": "import_wh", "active_energy_export_wh": "export_wh", "reactive_energy_import_varh": "reactive_varh"}
_OF_THE_AREA = ("transformer_wh", "transformer_export_wh", "transformer_varh")
_GAUGES = ("voltage_v", "current_a", "active_power_w", "reactive_power_var")
_SHOWN = [f"{name}.{phase}" for name in _GAUGES for phase in "abc"] + [*COUNTED, "active_power_w"]
_PLACES = np.array([COLUMN_INDEX[name] for name in _SHOWN])
_FIRST_COUNTER, _TOTAL_POWER = 3 * len(_GAUGES), len(_SHOWN) - 1
_NOISE_STREAM = 13      # of the area's seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Steps ``first`` .. ``first + t``, the area meter last.

    Shapes: values (t, n_meters + 1, N_COLUMNS), is_dark (t, n_meters + 1), mains_v (t, 3).
    """

    first: int
    values: npt.NDArray[np.float64]
    is_dark: npt.NDArray[np.bool_]
    mains_v: npt.NDArray[np.float64]


class MeterMatrix:
    """The meters of one area.

    Args:
        loads: of each meter, its loads in the order of its phases.
        steps: shape (n_meters + 1, N_COLUMNS), the resolution of each register in SI units; 0 = as it is.
    """

    def __init__(self, loads: Sequence[Sequence[int]], accuracy: Sequence[Accuracy], steps: Real, *, nominal_v: float, seed: int) -> None:
        self._n, self._seed, self._dark_v = len(loads), seed, DARK_BELOW * nominal_v
        self._meter_of = np.array([meter for meter, own in enumerate(loads) for _ in own], dtype=np.intp)
        self._load_of = np.array([load for own in loads for load in own], dtype=np.intp)
        self._phase_of = np.array([place for own in loads for place, _ in enumerate(own)], dtype=np.intp)
        self._begins = np.cumsum([0, *(len(own) for own in loads[:-1])])
        self._volt_gain = np.array([found.volts for found in accuracy])[self._meter_of, None]
        self._ampere_gain = np.array([found.amperes for found in accuracy])[self._meter_of, None]
        self._steps = steps[:, _PLACES]
        self._is_rounding = bool(self._steps.any())

    def measure(self, block: Block, begin: int, end: int, counted_before: dict[str, Real]) -> Piece:
        """Places ``begin`` .. ``end`` of a block. ``counted_before``: counter -> shape (n_loads, t), what is not this meter's."""
        n, t, part = self._n, end - begin, slice(begin, end)
        volts, amperes = block.volts[self._load_of, part], block.amperes[self._load_of, part]
        power = volts * amperes.conj() * (self._volt_gain * self._ampere_gain)
        noise = NOISE * np.stack([self._noise(block.first + place) for place in range(begin, end)], axis=1)
        size_v = np.abs(volts)
        shown = np.full((t, n + 1, len(_SHOWN)), np.nan)
        gauges = (size_v * self._volt_gain * (1.0 + noise), np.abs(amperes) * self._ampere_gain, power.real, power.imag)
        for number, found in enumerate(gauges):
            shown[:, self._meter_of, 3 * number + self._phase_of] = found.T
        for number, (name, flowed) in enumerate(COUNTED.items()):
            gained = (getattr(block, flowed)[:, part] - counted_before[name])[self._load_of] * (self._volt_gain * self._ampere_gain)
            shown[:, :n, _FIRST_COUNTER + number] = self._of_meters(np.add, gained).T
        shown[:, :n, _TOTAL_POWER] = self._of_meters(np.add, power.real).T
        mains_v = self._put_area_meter(shown[:, n], block, part)
        if self._is_rounding:
            shown = rounded(shown, self._steps)
        values = np.full((t, n + 1, N_COLUMNS), np.nan)
        values[:, :, _PLACES] = shown
        highest_v = np.concatenate([self._of_meters(np.maximum, size_v), mains_v.max(axis=0)[None, :]])
        return Piece(first=block.first + begin, values=values, is_dark=(highest_v < self._dark_v).T, mains_v=mains_v.T)

    def dark(self, block: Block) -> npt.NDArray[np.bool_]:
        """Which meters have no supply, shape (n_meters, t), over a whole block."""
        is_dark: npt.NDArray[np.bool_] = self._of_meters(np.maximum, np.abs(block.volts[self._load_of])) < self._dark_v
        return is_dark

    def _of_meters(self, how: np.ufunc, values: Real) -> Real:
        """From rows of phases to rows of meters: the loads of a meter follow one another."""
        found: Real = how.reduceat(values, self._begins, axis=0)
        return found

    def _noise(self, step: int) -> Real:
        return np.random.default_rng([_NOISE_STREAM, self._seed, step]).standard_normal(len(self._meter_of))

    def _put_area_meter(self, rows: Real, block: Block, part: slice) -> Real:
        volts, amperes = block.transformer_v[:, part], block.transformer_a[:, part]
        power, mains_v = volts * amperes.conj(), np.abs(volts)
        for number, found in enumerate((mains_v, np.abs(amperes), power.real, power.imag)):
            rows[:, 3 * number : 3 * number + 3] = found.T
        for number, counter in enumerate(_OF_THE_AREA):
            rows[:, _FIRST_COUNTER + number] = getattr(block, counter)[part]
        rows[:, _TOTAL_POWER] = power.real.sum(axis=0)
        return mains_v
