"""From what the phases of a meter see to every column that a profile may ask for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from simulator.load.recording import Row

_FREQUENCY_HZ = 50.0
_PHASES = "abc"


def columns_of(phases: Sequence[Row], *, energy_wh: float, reactive_energy_varh: float) -> dict[str, float | None]:
    """Values by column for a meter whose phases see ``phases`` (one or three rows); None where a row is blank.

    Sums and line voltages follow from the phases (120 degrees apart); the energy registers are given, since they have a past.
    """
    columns: dict[str, float | None] = {
        "frequency_hz": _FREQUENCY_HZ,
        "active_energy_import_wh": energy_wh,
        "active_energy_total_wh": energy_wh,
        "active_energy_export_wh": 0.0,
        "reactive_energy_import_varh": reactive_energy_varh,
        "reactive_energy_total_varh": reactive_energy_varh,
        "reactive_energy_export_varh": 0.0,
        "current_a.n": 0.0,
        "voltage_v.n": 0.0,
    }
    for phase, row in zip(_PHASES, phases, strict=False):
        columns[f"voltage_v.{phase}"] = row.voltage_v
        columns[f"current_a.{phase}"] = row.current_a
        columns[f"active_power_w.{phase}"] = row.active_power_w
        columns[f"reactive_power_var.{phase}"] = row.reactive_power_var
        columns[f"apparent_power_va.{phase}"] = _apparent(row.active_power_w, row.reactive_power_var)
        columns[f"power_factor.{phase}"] = _factor(row.active_power_w, row.reactive_power_var)
    active = _sum(row.active_power_w for row in phases)
    reactive = _sum(row.reactive_power_var for row in phases)
    columns |= {
        "active_power_w": active,
        "reactive_power_var": reactive,
        "apparent_power_va": _apparent(active, reactive),
        "power_factor": _factor(active, reactive),
        "active_power_demand_w": active,
        "voltage_v": _mean(row.voltage_v for row in phases),
        "current_a": _mean(row.current_a for row in phases),
    }
    if len(phases) == 3:
        a, b, c = (row.voltage_v for row in phases)
        columns |= {"voltage_v.ab": _line(a, b), "voltage_v.bc": _line(b, c), "voltage_v.ca": _line(c, a)}
    return columns


def _sum(values: Iterable[float | None]) -> float | None:
    """The sum, or None when a value is missing."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _mean(values: Iterable[float | None]) -> float | None:
    found = list(values)
    total = _sum(found)
    return None if total is None else total / len(found)


def _line(first_v: float | None, second_v: float | None) -> float | None:
    if first_v is None or second_v is None:
        return None
    return math.sqrt(first_v**2 + second_v**2 + first_v * second_v)


def _apparent(active_w: float | None, reactive_var: float | None) -> float | None:
    return None if active_w is None or reactive_var is None else math.hypot(active_w, reactive_var)


def _factor(active_w: float | None, reactive_var: float | None) -> float | None:
    apparent_va = _apparent(active_w, reactive_var)
    if apparent_va is None or active_w is None:
        return None
    return active_w / apparent_va if apparent_va else 1.0
