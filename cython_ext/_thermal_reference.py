"""Plain twin of the thermal loop: defines what is right."""

import math


def update_thermal(  # type: ignore[no-untyped-def]
    current_a, taken_ms, reference_a, heat, seen_ms, level, code, tau_s, max_gap_s, ends, warns, alarms
):
    changed = 0
    for i in range(len(current_a)):
        code[i] = 0
        now_ms = int(taken_ms[i])
        if now_ms == seen_ms[i] or now_ms < 0 or not math.isfinite(current_a[i]) or math.isnan(reference_a[i]):
            continue
        if seen_ms[i] >= 0 and now_ms > seen_ms[i]:
            step_s = min((now_ms - int(seen_ms[i])) / 1000.0, max_gap_s)
            ratio = float(current_a[i]) / float(reference_a[i])
            heat[i] = heat[i] + (ratio * ratio - heat[i]) * (1.0 - math.exp(-step_s / tau_s))
        seen_ms[i] = now_ms
        new_level = level[i]
        if heat[i] > alarms:
            new_level = 2
        elif heat[i] < ends:
            new_level = 0
        elif (level[i] == 0 and heat[i] > warns) or (level[i] == 2 and heat[i] < warns):
            new_level = 1
        if new_level != level[i]:
            level[i], code[i] = new_level, new_level + 1
            changed += 1
    return changed
