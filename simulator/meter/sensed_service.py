"""The current of a meter's service as a sensor sees it: the loads of a profile, and beside them a circuit that may arc."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from simulator.load.profile import LoadProfile
from simulator.meter.arc_circuit import ArcingCircuit

_THIRD = 0.1            # third harmonic of the current of a household, of its fundamental


class SensedService:
    """Power stands still within a half cycle of the mains. ``begin_s`` is the second of the profile at which the first sample is taken."""

    def __init__(
        self, profile: LoadProfile, *, begin_s: float = 0.0, arcing: ArcingCircuit | None = None, rms_v: float = 230.0,
        mains_hz: float = 50.0,
    ) -> None:
        self._profile, self._begin_s, self._arcing, self._rms_v, self.mains_hz = profile, begin_s, arcing, rms_v, mains_hz
        self._taken = 0

    def samples(self, count: int, rate_hz: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The next ``count`` samples of current (A) and voltage (V)."""
        at_s = (self._taken + np.arange(count)) / rate_hz
        self._taken += count
        half_cycle = np.floor(at_s * 2 * self.mains_hz + 1e-9).astype(int)
        power_w, reactive_var = self._profile.mean_power(
            self._begin_s + half_cycle[0] / (2 * self.mains_hz), 1 / (2 * self.mains_hz), int(half_cycle[-1] - half_cycle[0]) + 1
        )
        place, angle = half_cycle - half_cycle[0], 2 * math.pi * self.mains_hz * at_s
        apparent_va = np.hypot(power_w, reactive_var)
        current_a = power_w[place] * np.sin(angle) - reactive_var[place] * np.cos(angle) + _THIRD * apparent_va[place] * np.sin(3 * angle)
        current_a *= math.sqrt(2) / self._rms_v
        if self._arcing is not None:
            current_a += self._arcing.samples(count, rate_hz)[0]
        return current_a, math.sqrt(2) * self._rms_v * np.sin(angle)
