"""Plain twin of the CUSUM loops: defines what is right."""

import math


def update_cusum(  # type: ignore[no-untyped-def]
    value, taken_ms, limit, seen_ms, mean, up, down, spread, code, before, share, slack, spreads, max_gap_ms
):
    changed = 0
    for i in range(len(value)):
        code[i] = 0
        now_ms, x = int(taken_ms[i]), float(value[i])
        if now_ms == seen_ms[i] or now_ms < 0 or not math.isfinite(x) or math.isnan(limit[i]):
            continue
        is_anew = seen_ms[i] < 0 or now_ms < seen_ms[i] or now_ms - int(seen_ms[i]) > max_gap_ms
        seen_ms[i] = now_ms
        if is_anew:
            mean[i], up[i], down[i] = x, 0.0, 0.0
            continue
        off = x - float(mean[i])
        rises, falls = float(up[i]) + (off - slack), float(down[i]) - (off + slack)
        rises, falls = rises if rises > 0.0 else 0.0, falls if falls > 0.0 else 0.0
        needed = spreads * float(spread[i])
        needed = needed if needed > limit[i] else float(limit[i])
        if rises > needed or falls > needed:
            before[i] = mean[i]
            code[i] = 1 if rises > needed else -1
            mean[i], up[i], down[i] = x, 0.0, 0.0
            changed += 1
        else:
            up[i], down[i] = rises, falls
            mean[i] = float(mean[i]) + share * off
            spread[i] = float(spread[i]) + share * (abs(off) - float(spread[i]))
    return changed


def cusum_series(values, codes, state, share, slack, limit):  # type: ignore[no-untyped-def]
    mean, up, down = (float(part) for part in state)
    kept, changed = 1.0 - share, 0
    for i in range(len(values)):
        codes[i] = 0
        x = float(values[i])
        if x != x:
            continue
        if mean != mean:
            mean = x
        off = x - mean
        rises, falls = up + (off - slack), down - (off + slack)
        if rises > limit or falls > limit:
            codes[i] = 1 if rises > limit else -1
            mean, up, down = x, 0.0, 0.0
            changed += 1
        else:
            up, down = rises if rises > 0.0 else 0.0, falls if falls > 0.0 else 0.0
            mean = kept * mean + share * x
    state[0], state[1], state[2] = mean, up, down
    return changed
