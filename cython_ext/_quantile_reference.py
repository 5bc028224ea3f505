"""Plain twin of the running quantile: defines what is right."""

import math


def update_quantile(  # type: ignore[no-untyped-def]
    value, taken_ms, is_held, seen_ms, bin_number, total, count, ring, filled, quantile, code, scratch, share, bin_ms
):
    closed, bins = 0, ring.shape[1]
    for i in range(len(value)):
        code[i] = 0
        now_ms, x = taken_ms[i], value[i]
        if now_ms == seen_ms[i] or now_ms < 0 or not math.isfinite(x):
            continue
        seen_ms[i] = now_ms
        if is_held[i]:
            continue
        number = now_ms // bin_ms
        if number != bin_number[i]:
            if count[i] > 0 and number > bin_number[i]:
                ring[i, filled[i] % bins] = total[i] / count[i]
                filled[i] += 1
                quantile[i] = _quantile(ring[i], min(filled[i], bins), scratch, share)  # type: ignore[no-untyped-call]
                code[i] = 1
                closed += 1
            bin_number[i], total[i], count[i] = number, 0.0, 0
        total[i] += x
        count[i] += 1
    return closed


def _quantile(values, n, scratch, share):  # type: ignore[no-untyped-def]
    """Linear between the order statistics, as numpy's default."""
    for j in range(n):
        x, k = values[j], j
        while k > 0 and scratch[k - 1] > x:
            scratch[k] = scratch[k - 1]
            k -= 1
        scratch[k] = x
    place = share * (n - 1)
    low = int(place)
    high = min(low + 1, n - 1)
    return scratch[low] + (scratch[high] - scratch[low]) * (place - low)
