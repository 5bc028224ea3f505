"""Plain twin of the neutral loops: defines what is right."""

import math

SQRT3 = math.sqrt(3.0)


def _solved(va: float, vb: float, vc: float, usual: float) -> tuple[float, float, float]:
    a2, b2, c2 = va * va, vb * vb, vc * vc
    total = a2 + b2 + c2
    if not (va >= 0.0 and vb >= 0.0 and vc >= 0.0 and 0.0 < total < math.inf):
        return math.nan, math.nan, math.nan
    inner = 3.0 * (total * total - 2.0 * (a2 * a2 + b2 * b2 + c2 * c2))
    root = math.sqrt(inner) if inner > 0.0 else 0.0
    high = math.sqrt((total + root) / 2.0)
    low2 = (total - root) / 2.0
    low = math.sqrt(low2) if low2 > 0.0 else 0.0
    u = low if abs(low - usual) < abs(high - usual) else high
    if not 0.0 < u < math.inf:
        return math.nan, math.nan, math.nan
    scale = 1.0 / (SQRT3 * u)
    return -(a2 - 0.5 * (b2 + c2)) * scale, 0.5 * SQRT3 * (b2 - c2) * scale, u


def displace_neutral(voltage_v, baseline_v, shift_v, line_v):  # type: ignore[no-untyped-def]
    for i in range(len(baseline_v)):
        va, vb, vc = float(voltage_v[0, i]), float(voltage_v[1, i]), float(voltage_v[2, i])
        shift_v[2 * i], shift_v[2 * i + 1], line_v[i] = _solved(va, vb, vc, float(baseline_v[i]))


def displace_readings(  # type: ignore[no-untyped-def]
    values, taken_ms, row_of, meter, baseline_v, voltage_v, last_ms, shift_v, line_v, together_ms, alert_v
):
    alerts = 0
    for i in range(len(meter)):
        at = int(meter[i])
        times = [int(taken_ms[row, at]) for row in range(3)]
        last_ms[i] = max(times)
        is_together = min(times) >= 0 and max(times) - min(times) <= together_ms
        for row in range(3):
            voltage_v[row, i] = values[int(row_of[row, i]), at] if is_together else math.nan
        va, vb, vc = float(voltage_v[0, i]), float(voltage_v[1, i]), float(voltage_v[2, i])
        re, im, line_v[i] = _solved(va, vb, vc, float(baseline_v[i]))
        shift_v[2 * i], shift_v[2 * i + 1] = re, im
        if re * re + im * im > alert_v * alert_v:
            alerts += 1
    return alerts
