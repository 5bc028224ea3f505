"""Plain twin of the excursion loop: defines what is right."""

import math


def update_excursion(  # type: ignore[no-untyped-def]
    value, taken_ms, seen_ms, level, variance, learned_s, since_ms, begun_ms, side, pending, code,
    floor, factor, release, tau_s, warm_s, delay_ms, max_gap_ms,
):  # fmt: skip
    changed = 0
    for i in range(len(value)):
        code[i] = 0
        now_ms, x = taken_ms[i], value[i]
        if now_ms == seen_ms[i] or now_ms < 0 or not math.isfinite(x):
            continue
        gap_ms = now_ms - seen_ms[i]
        is_first = seen_ms[i] < 0
        seen_ms[i] = now_ms
        if is_first or gap_ms < 0 or gap_ms > max_gap_ms:
            pending[i] = 0
            if side[i] == 0 and (is_first or gap_ms > max_gap_ms):
                level[i], variance[i], learned_s[i] = x, 0.0, 0.0
            gap_ms = 0
        over = x - level[i]
        threshold = max(floor, factor * math.sqrt(variance[i]))
        if side[i] == 0:
            if over > threshold and learned_s[i] >= warm_s:
                if pending[i] == 0:
                    pending[i], since_ms[i] = 1, now_ms
                if now_ms - since_ms[i] >= delay_ms and now_ms != since_ms[i]:
                    side[i], begun_ms[i], pending[i], code[i] = 1, since_ms[i], 0, 1
                    changed += 1
                continue
            pending[i] = 0
            if gap_ms > 0:
                gap_s = gap_ms / 1000.0
                learned_s[i] += gap_s
                # at first the plain mean of what there was, later the last tau_s
                weight = max(1.0 - math.exp(-gap_s / tau_s), gap_s / learned_s[i] if learned_s[i] < tau_s else 0.0)
                bounded = max(-threshold, min(threshold, over))
                level[i] += weight * over
                variance[i] = (1.0 - weight) * (variance[i] + weight * bounded * bounded)
        elif over <= release * threshold:
            if pending[i] == 0:
                pending[i], since_ms[i] = 1, now_ms
            if now_ms - since_ms[i] >= delay_ms and now_ms != since_ms[i]:
                side[i], pending[i], code[i] = 0, 0, 2
                changed += 1
        else:
            pending[i] = 0
    return changed
