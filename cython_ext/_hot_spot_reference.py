"""Plain twin of the transformer loop: defines what is right."""

import math
from collections.abc import Callable


def update_hot_spot(  # type: ignore[no-untyped-def]
    load_pu, oil_load_pu, ambient_cel, taken_ms, constants, state, seen_ms, max_gap_s
):
    moved = 0
    for i in range(len(load_pu)):
        now_ms, before_ms = int(taken_ms[i]), int(seen_ms[i])
        load, oil_load = abs(float(load_pu[i])), abs(float(oil_load_pu[i]))
        if now_ms == before_ms or now_ms < 0 or not load <= 10.0 or not oil_load <= 10.0 or not abs(ambient_cel[i]) <= 90.0:
            continue
        seen_ms[i] = now_ms
        if before_ms < 0 or now_ms < before_ms:
            continue
        step_min = min((now_ms - before_ms) / 1000.0, max_gap_s) / 60.0
        top_rise_k, hot_rise_k, loss_ratio, x, y, tau_oil_min, tau_winding_min, k11, k21, k22 = map(float, constants[:, i])
        top_oil_cel, rise_k, fall_k, _, aged_normal_min, aged_upgraded_min = map(float, state[:, i])
        oil_cel = float(ambient_cel[i]) + top_rise_k * math.pow((1.0 + loss_ratio * (oil_load * oil_load)) / (1.0 + loss_ratio), x)
        gradient_k = hot_rise_k * math.pow(load, y)
        top_oil_cel = top_oil_cel + (oil_cel - top_oil_cel) * (1.0 - math.exp(-step_min / (k11 * tau_oil_min)))
        rise_k = rise_k + (k21 * gradient_k - rise_k) * (1.0 - math.exp(-step_min / (k22 * tau_winding_min)))
        fall_k = fall_k + ((k21 - 1.0) * gradient_k - fall_k) * (1.0 - math.exp(-step_min * k22 / tau_oil_min))
        hot_cel = top_oil_cel + rise_k - fall_k
        aged_normal_min = aged_normal_min + _unbounded(math.exp2, (hot_cel - 98.0) / 6.0) * step_min
        aged_upgraded_min = aged_upgraded_min + _unbounded(math.exp, 15000.0 / 383.0 - 15000.0 / (hot_cel + 273.0)) * step_min
        state[:, i] = top_oil_cel, rise_k, fall_k, hot_cel, aged_normal_min, aged_upgraded_min
        moved += 1
    return moved


def _unbounded(function: Callable[[float], float], power: float) -> float:
    """C gives infinity where Python raises; constants are the caller's."""
    try:
        return function(power)
    except OverflowError:
        return math.inf
