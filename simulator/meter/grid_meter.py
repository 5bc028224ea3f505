"""A meter on the terminals of a simulated grid: accuracy, noise and registers, and darkness when the voltage is gone.

What it shows of a fault it shows because volts and amperes at its terminals are what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge_agent.wire.modbus import ReadRequest, Reply
from firmware_profiles.schema import Profile
from simulator.clock import ElapsedClock
from simulator.load.recording import Row
from simulator.meter.quantities import columns_of
from simulator.meter.registers import Registers

# Below this share of nominal on all its phases a meter's own supply gives up. GB/T 17215 asks for work from 0.8 Un; how far below meters
# really go is not documented: 0.6 as for the terminal's power-down rule (DL/T 698.45), inferred.
DARK_BELOW = 0.6
_WORST_SHARE = 0.4          # of the class limit that a meter in the field uses up at most: makers keep a reserve (unverified)
NOISE = 1e-4               # of a reading, one standard deviation (unverified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminals:
    """One step: phasors of each phase of the meter (rms), and what has flowed through it so far."""

    volts: tuple[complex, ...]
    amperes: tuple[complex, ...]
    import_wh: float
    export_wh: float
    reactive_varh: float
    demand_w: float = 0.0            # mean import of the last quarter of an hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Constant gain errors of one meter: 1 is exact."""

    volts: float = 1.0
    amperes: float = 1.0
    noise: float = 0.0

    @classmethod
    def drawn(cls, chance: np.random.Generator, *, accuracy_class: float = 1.0) -> Accuracy:
        """Of a meter of ``accuracy_class`` (percent of energy), as it may hang in the field."""
        limit = _WORST_SHARE * accuracy_class / 100.0 / 2.0        # volts and amperes share it
        return cls(volts=1.0 + chance.uniform(-limit, limit), amperes=1.0 + chance.uniform(-limit, limit), noise=NOISE)


class GridMeter:
    """Answers like a meter of ``profile``; ``terminals_at(step)`` says what it has at its terminals."""

    def __init__(
        self, profile: Profile, clock: ElapsedClock, step_s: float, terminals_at: Callable[[int], Terminals], *,
        nominal_v: float = 220.0, accuracy: Accuracy | None = None, chance: np.random.Generator | None = None,
    ) -> None:
        self.profile = profile
        self.replies = 0
        self._clock, self._step_s, self._terminals_at, self._nominal_v = clock, step_s, terminals_at, nominal_v
        self._accuracy, self._chance = accuracy or Accuracy(), chance
        self._registers = Registers(profile)
        self._step = -1
        self._is_dark = True

    def answer(self, request: ReadRequest) -> Reply | None:
        """The reply to ``request``, None for silence."""
        step = int(max(0.0, self._clock.elapsed_s()) // self._step_s)
        if step != self._step:
            self._step = step
            self._measure(self._terminals_at(step))
        if self._is_dark:
            return None
        reply = self._registers.read(request)
        self.replies += reply.exception is None
        return reply

    def _measure(self, terminals: Terminals) -> None:
        self._is_dark = is_dark(terminals, self._nominal_v)
        if not self._is_dark:
            self._registers.load(columns_at(terminals, self._accuracy, self._chance))


def is_dark(terminals: Terminals, nominal_v: float) -> bool:
    """Whether none of the meter's phases keeps it alive."""
    return max(map(abs, terminals.volts)) < DARK_BELOW * nominal_v


def columns_at(terminals: Terminals, accuracy: Accuracy, chance: np.random.Generator | None = None) -> dict[str, float | None]:
    """Every column that a profile may ask for, as this meter measures it."""
    rows = []
    for volts, amperes in zip(terminals.volts, terminals.amperes, strict=True):
        noise = 1.0 + accuracy.noise * chance.standard_normal() if chance is not None else 1.0
        power = volts * amperes.conjugate() * accuracy.volts * accuracy.amperes
        rows.append(Row(
            voltage_v=abs(volts) * accuracy.volts * noise, current_a=abs(amperes) * accuracy.amperes, active_power_w=power.real,
            reactive_power_var=power.imag,
        ))
    gain = accuracy.volts * accuracy.amperes
    columns = columns_of(rows, energy_wh=terminals.import_wh * gain, reactive_energy_varh=terminals.reactive_varh * gain)
    columns["active_energy_export_wh"] = terminals.export_wh * gain
    columns["active_power_demand_w"] = terminals.demand_w * gain
    if len(terminals.volts) == 3:
        columns["current_a.n"] = abs(sum(terminals.amperes)) * accuracy.amperes
    return columns
