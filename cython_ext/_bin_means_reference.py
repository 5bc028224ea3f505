"""Plain twin of the loop of bin means: defines what is right."""

import math


def update_bin_means(value, taken_ms, times, figures, bin_ms, back_bins):  # type: ignore[no-untyped-def]
    new = 0
    for i in range(len(value)):
        now_ms, v = int(taken_ms[i]), float(value[i])
        if now_ms == times[0, i] or now_ms < 0 or not math.isfinite(v):
            continue
        times[0, i] = now_ms
        new += 1
        step = abs(v - figures[3, i])
        if 1e-6 < step < figures[4, i]:
            figures[4, i] = step
        figures[3, i] = v
        number, is_open = now_ms // bin_ms, int(times[1, i])
        if number == is_open:
            figures[0, i] += v
            figures[1, i] += 1.0
            continue
        if number < is_open:
            if is_open - number <= back_bins:
                continue
            times[2, i] = -1
        elif is_open >= 0:
            times[2, i] = is_open
            figures[2, i] = figures[0, i] / figures[1, i]
        times[1, i], figures[0, i], figures[1, i] = number, v, 1.0
    return new
