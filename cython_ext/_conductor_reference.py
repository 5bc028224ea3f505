"""Plain twin of the conductor loop: defines what is right."""

import math


def update_conductor(  # type: ignore[no-untyped-def]
    current_a, ambient_cel, taken_ms, rated_a, conductor_cel, seen_ms, level, code,
    tau_s, max_gap_s, rated_cel, rated_ambient_cel, alpha20, ends, warns, alarms,
):
    changed = 0
    full_k = (rated_cel - rated_ambient_cel) / (1.0 + alpha20 * (rated_cel - 20.0))
    for i in range(len(current_a)):
        code[i] = 0
        now_ms, seen = int(taken_ms[i]), int(seen_ms[i])
        current, ambient, rated, cel = float(current_a[i]), float(ambient_cel[i]), float(rated_a[i]), float(conductor_cel[i])
        if now_ms == seen or now_ms < 0 or not rated > 0.0 or not math.isfinite(current) or not math.isfinite(ambient):
            continue
        if math.isnan(cel):
            cel = ambient
        elif 0 <= seen < now_ms:
            step_s = min((now_ms - seen) / 1000.0, max_gap_s)
            ratio = current / rated
            if ratio * ratio > 100.0:  # a garbled register; a protective device opens long before
                ratio = 10.0
            heat_k = full_k * (ratio * ratio)
            # below 0 the conductor would run away: the warmer, the more heat. A twentieth keeps it finite, far above every limit
            left = max(1.0 - heat_k * alpha20, 0.05)
            steady_cel = (ambient + heat_k * (1.0 - 20.0 * alpha20)) / left
            cel = cel + (steady_cel - cel) * (1.0 - math.exp(-step_s * left / tau_s))
        conductor_cel[i], seen_ms[i] = cel, now_ms
        new_level = level[i]
        if cel > alarms:
            new_level = 2
        elif cel < ends:
            new_level = 0
        elif (level[i] == 0 and cel > warns) or (level[i] == 2 and cel < warns):
            new_level = 1
        if new_level != level[i]:
            level[i], code[i] = new_level, new_level + 1
            changed += 1
    return changed
