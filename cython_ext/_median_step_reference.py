"""Plain twin of the loop of median steps: defines what is right."""

import math

_NOISE_SHARE = 0.05     # of a new difference in the noise: the last 20 samples


def _median(a: float, b: float, c: float) -> float:
    """NaN where one is."""
    if a != a or b != b or c != c:
        return math.nan
    low, high = (a, b) if a < b else (b, a)
    return low if c < low else high if c > high else c


def update_steps(  # type: ignore[no-untyped-def]
    power_w, reactive_var, taken_ms, least_w, ring_w, ring_var, ring_ms, filled, side, at_ms, noise_w, change, code,
    share, spreads, max_gap_ms,
):
    changed = 0
    for i in range(len(power_w)):
        code[i] = 0
        now_ms, x = int(taken_ms[i]), float(power_w[i])
        newest_ms = int(ring_ms[i, 5])
        if math.isnan(least_w[i]) or now_ms < 0 or (filled[i] > 0 and now_ms == newest_ms) or not math.isfinite(x):
            continue
        if filled[i] > 0 and (now_ms < newest_ms or now_ms - newest_ms > max_gap_ms):
            filled[i], side[i] = 0, 0
        for k in range(5):
            ring_w[i, k], ring_var[i, k], ring_ms[i, k] = ring_w[i, k + 1], ring_var[i, k + 1], ring_ms[i, k + 1]
        ring_w[i, 5], ring_var[i, 5], ring_ms[i, 5] = x, reactive_var[i], now_ms
        if filled[i] < 6:
            filled[i] += 1
        if filled[i] < 6:
            continue
        w = [float(value) for value in ring_w[i]]
        before, after = _median(w[0], w[1], w[2]), _median(w[3], w[4], w[5])
        size = abs(after - before)
        needed = spreads * float(noise_w[i])
        needed = needed if needed > least_w[i] else float(least_w[i])
        largest = abs(before) if abs(before) > abs(after) else abs(after)
        needed = share * largest if share * largest > needed else needed
        now_side = 0 if size <= needed else 1 if after > before else -1
        if side[i] != 0 and now_side != side[i]:
            change[1, i] = before
            change[3, i] = _median(*(float(value) for value in ring_var[i, :3]))
            if abs(float(change[1, i]) - float(change[0, i])) > needed:
                code[i] = 1 if change[1, i] > change[0, i] else -1
                changed += 1
            side[i] = 0
        if now_side != 0 and side[i] == 0:
            side[i] = now_side
            change[0, i] = before
            change[2, i] = _median(*(float(value) for value in ring_var[i, :3]))
            first = 5
            for k in (4, 3):
                if abs(w[k] - before) > 0.25 * size:
                    first = k
            at_ms[i] = ring_ms[i, first]
        elif now_side == 0:
            between = abs(w[2] - w[1])      # the newest may be the first of a step
            between = between if between < needed else needed
            noise_w[i] = float(noise_w[i]) + _NOISE_SHARE * (between - float(noise_w[i]))
    return changed
