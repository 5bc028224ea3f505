"""What a step of power may be, by its size and power factor, and what its sample period does not let one tell (detection.md 6)."""

from __future__ import annotations

import math

_FAST_S, _SLOW_S = 5.0, 30.0
_RESISTIVE, _RECTIFIER = 0.98, 0.70      # power factors: a heater and a corrected supply above, a rectifier without correction below


def step_class(power_w: float, reactive_var: float, period_s: float) -> str:
    """The class of a load of this size; without reactive power only its size speaks."""
    if math.isnan(reactive_var):
        return "load of unknown kind: no reactive power read"
    apparent = math.hypot(power_w, reactive_var)
    factor = abs(power_w) / apparent if apparent > 0 else 1.0
    if factor >= _RESISTIVE:
        if power_w < 400.0:
            return "heater, cooker or corrected supply, small"
        if power_w < 4000.0:
            return f"resistive or corrected: {'kettle, heater, induction hob' if period_s <= _FAST_S else 'heater, charger'}"
        return "resistive or corrected, beyond a socket: water heater, vehicle charger"
    if factor < _RECTIFIER:
        return "rectifier without correction: charger, supply, lamps" if power_w < 400.0 else "machine at low load or rectifier"
    return "motor: compressor, pump, fan, vacuum cleaner" if reactive_var > 0 else "supply with filter capacitors"


def not_told_apart(period_s: float) -> str:
    """What readings this far apart cannot show."""
    if period_s <= _FAST_S:
        return f"at {period_s:.0f} s not told apart: television, computer, lamps; loads of one kind; anything below 40 W"
    if period_s <= _SLOW_S:
        return f"at {period_s:.0f} s not told apart: inrush is not seen; loads shorter than two readings are missed"
    return f"at {period_s:.0f} s not told apart: kettle-length loads; only long loads by their course (vehicle, e-bike, water heater)"
