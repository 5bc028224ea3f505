"""What a meter measures now, from a recording or from the terminals of a simulated grid, by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from simulator.clock import ElapsedClock
from simulator.load.sources import Source
from simulator.meter.grid_meter import Accuracy, Terminals, columns_at, is_dark
from simulator.meter.quantities import columns_of

Columns = Mapping[str, float | None]
_SECONDS_PER_HOUR = 3600.0


class Measures(Protocol):
    """``version`` differs whenever the columns do. ``columns`` is None while the meter has no supply."""

    def version(self) -> object: ...

    def columns(self) -> Columns | None: ...


class RecordedMeasures:
    """Of a meter whose phases see ``sources``; its energies count from when it is first looked at. ``supply`` False: it is dark."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)
        self.supply = True
        self._energy_wh = self._reactive_energy_varh = 0.0
        self._position: int | None = None

    def version(self) -> object:
        return (self.supply, *(source.version() for source in self._sources))

    def columns(self) -> Columns | None:
        position = self._sources[0].position()
        if not self.supply or position is None:
            return None
        rows = [source.row() for source in self._sources]
        if self._position is not None:
            hours = max(0, position - self._position) * self._sources[0].step_s / _SECONDS_PER_HOUR
            self._energy_wh += max(0.0, sum(row.active_power_w or 0.0 for row in rows)) * hours
            self._reactive_energy_varh += max(0.0, sum(row.reactive_power_var or 0.0 for row in rows)) * hours
        self._position = position
        return columns_of(rows, energy_wh=self._energy_wh, reactive_energy_varh=self._reactive_energy_varh)


class TerminalMeasures:
    """Of a meter on a grid: ``terminals_at(step)`` says what it has at its terminals."""

    def __init__(
        self, clock: ElapsedClock, step_s: float, terminals_at: Callable[[int], Terminals], *, nominal_v: float = 220.0,
        accuracy: Accuracy | None = None, chance: np.random.Generator | None = None,
    ) -> None:
        self._clock, self._step_s, self._terminals_at, self._nominal_v = clock, step_s, terminals_at, nominal_v
        self._accuracy, self._chance = accuracy or Accuracy(), chance

    def version(self) -> int:
        return int(max(0.0, self._clock.elapsed_s()) // self._step_s)

    def columns(self) -> Columns | None:
        terminals = self._terminals_at(self.version())
        return None if is_dark(terminals, self._nominal_v) else columns_at(terminals, self._accuracy, self._chance)
