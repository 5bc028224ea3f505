"""Plain twin of the band loop: defines what is right."""

import math


def update_band(  # type: ignore[no-untyped-def]
    value, taken_ms, limits, seen_ms, since_ms, begun_ms, side, pending, code, begin_delay_ms, end_delay_ms, max_gap_ms
):
    changed = 0
    for i in range(len(value)):
        code[i] = 0
        now_ms, v = taken_ms[i], value[i]
        low, high, low_end, high_end, dead = limits[:, i]
        if now_ms == seen_ms[i] or now_ms < 0 or math.isnan(v) or math.isnan(low):
            continue
        if seen_ms[i] >= 0 and (now_ms < seen_ms[i] or now_ms - seen_ms[i] > max_gap_ms):
            pending[i] = 0
        seen_ms[i] = now_ms
        if side[i] == 0:
            wanted = -1 if v < low else 1 if v > high else 0
            if wanted != pending[i]:
                pending[i], since_ms[i] = wanted, now_ms
            if wanted != 0 and now_ms - since_ms[i] >= begin_delay_ms:
                side[i], begun_ms[i], pending[i] = (-2 if v < dead else wanted), since_ms[i], 0
                code[i] = 1 if wanted < 0 else 2
                changed += 1
        elif (v >= low_end) if side[i] < 0 else (v <= high_end):
            if pending[i] == 0:
                pending[i], since_ms[i] = 2, now_ms
            if now_ms - since_ms[i] >= end_delay_ms:
                side[i], pending[i], code[i] = 0, 0, 3
                changed += 1
        else:
            pending[i] = 0
            if side[i] == -1 and v < dead:
                side[i], code[i] = -2, 4
                changed += 1
    return changed
