"""What the area meter at the transformer sees: the sum of everybody whom it feeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from simulator.load.recording import Row
from simulator.meter.sim_meter import SimMeter


class AreaSource:
    """One phase of the area meter: sum of the powers of the meters on it that have supply, at the voltage of the first that is measured."""

    def __init__(self, meters: Sequence[SimMeter], step_s: float) -> None:
        self._meters = meters
        self.step_s = step_s

    def position(self) -> int | None:
        return self._meters[0].sources[0].position()

    def version(self) -> object:
        return tuple((meter.supply, *(source.version() for source in meter.sources)) for meter in self._meters)

    def row(self) -> Row:
        rows = [source.row() for meter in self._meters if meter.supply for source in meter.sources]
        voltage_v = next((row.voltage_v for row in rows if row.voltage_v), None)
        active_power_w = sum(row.active_power_w or 0.0 for row in rows)
        reactive_power_var = sum(row.reactive_power_var or 0.0 for row in rows)
        return Row(
            voltage_v=voltage_v, current_a=None if voltage_v is None else math.hypot(active_power_w, reactive_power_var) / voltage_v,
            active_power_w=active_power_w, reactive_power_var=reactive_power_var,
        )

    def full_read_done(self) -> None:
        """Time moves this source, not reads."""
