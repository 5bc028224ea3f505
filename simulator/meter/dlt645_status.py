"""The status words of a simulated DL/T 645 meter, from what it measures.

Bits: DL/T 645-2007 annex C. The limits are settings of a meter; those here are recalled defaults of State Grid meters, to be checked
against one before they are relied on.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.meter.measures import Columns

_VOLTAGE_LOSS, _PHASE_MISSING = 0.78, 0.60           # of nominal, with and without current
_UNDER_VOLTAGE, _OVER_VOLTAGE = 0.78, 1.20
_CURRENT_LOSS_SHARE, _FLOWS_SHARE = 0.005, 0.05      # of the rating: lost in one phase while another carries this much
_OVER_CURRENT = 1.20                                 # of the rating
_UNBALANCE = 0.30                                    # of the largest phase
_DEFAULT_RATING_A = 60.0
_PHASES = "abc"
_SUPPLY_BATTERY = 0b10 << 1


def status_words(
    columns: Columns, *, phases: str, nominal_v: float, rated_current_a: float | None, relay_is_open: bool = False, is_down: bool = False
) -> list[int]:
    """Words 1 to 7. ``is_down``: the supply is gone and the meter lives on its capacitor."""
    rated_a = rated_current_a or _DEFAULT_RATING_A
    volts = [columns.get(f"voltage_v.{phase}") or 0.0 for phase in phases]
    amperes = [abs(columns.get(f"current_a.{phase}") or 0.0) for phase in phases]
    words = [_direction(columns), 0, (0x10 if relay_is_open else 0) | (_SUPPLY_BATTERY if is_down else 0)]
    for place, phase in enumerate(_PHASES):
        is_there = place < len(volts) and not is_down
        words.append(_phase(columns, phase, volts[place] / nominal_v, amperes, place, rated_a) if is_there else 0)
    words.append(_whole(volts, amperes, rated_a, is_down=is_down))
    return words


def _direction(columns: Columns) -> int:
    return (0x10 if (columns.get("active_power_w") or 0.0) < 0 else 0) | (0x20 if (columns.get("reactive_power_var") or 0.0) < 0 else 0)


def _phase(columns: Columns, phase: str, volts: float, amperes: Sequence[float], place: int, rated_a: float) -> int:
    flows = amperes[place] > _CURRENT_LOSS_SHARE * rated_a
    others_flow = max((value for at, value in enumerate(amperes) if at != place), default=0.0) > _FLOWS_SHARE * rated_a
    power_w = columns.get(f"active_power_w.{phase}") or 0.0
    facts = (
        volts < _VOLTAGE_LOSS and flows, volts < _UNDER_VOLTAGE, volts > _OVER_VOLTAGE, not flows and others_flow,
        amperes[place] > _OVER_CURRENT * rated_a, False, power_w < 0.0, volts < _PHASE_MISSING and not flows, False,
    )
    return sum(1 << bit for bit, holds in enumerate(facts) if holds)


def _whole(volts: Sequence[float], amperes: Sequence[float], rated_a: float, *, is_down: bool) -> int:
    if is_down:
        return 1 << 5
    if len(volts) < len(_PHASES):
        return 0
    unbalanced_v = max(volts) - min(volts) > _UNBALANCE * max(volts)
    unbalanced_a = max(amperes) > _FLOWS_SHARE * rated_a and max(amperes) - min(amperes) > _UNBALANCE * max(amperes)
    return (unbalanced_v << 2) | (unbalanced_a << 3)
