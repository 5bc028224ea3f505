"""Plain twin of the loop of minute means: defines what is right."""

import math


def update_minutes(  # type: ignore[no-untyped-def]
    power_w, reactive_var, voltage_v, taken_ms, judged, seen_ms, first_ms, count, sums, means, mean_ms, done
):
    finished = 0
    for i in range(len(power_w)):
        done[i] = 0
        now_ms = int(taken_ms[i])
        if now_ms == seen_ms[i] or now_ms < 0 or not judged[i] or not math.isfinite(power_w[i]):
            continue
        if now_ms < seen_ms[i]:
            count[i] = 0
        seen_ms[i] = now_ms
        if count[i] > 0 and now_ms // 60_000 != int(first_ms[i]) // 60_000:
            for k in range(3):
                means[k, i] = sums[k, i] / float(count[i])
            mean_ms[i] = first_ms[i]
            done[i] = 1
            count[i] = 0
            finished += 1
        if count[i] == 0:
            first_ms[i] = now_ms
            for k in range(3):
                sums[k, i] = 0.0
        for k, row in enumerate((power_w, reactive_var, voltage_v)):
            sums[k, i] = float(sums[k, i]) + float(row[i])      # of floats, which add inf and -inf without a warning
        count[i] += 1
    return finished
