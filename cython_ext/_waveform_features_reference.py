"""Plain twin of the feature loop: defines what is right."""

import math


def window_features(samples, bounds, lag, band, flat_below, out):  # type: ignore[no-untyped-def]
    x, (b0, b1, b2, a1, a2) = samples.tolist(), band.tolist()
    u1 = u2 = y1 = y2 = 0.0      # of the band-pass
    for k in range(len(bounds) - 1):
        begin, end = int(bounds[k]), int(bounds[k + 1])
        n = end - begin
        peak = 0.0
        for i in range(begin, end):
            if abs(x[i]) > peak:
                peak = abs(x[i])
        flat_limit = flat_below * peak
        # before the first sample the current goes on in a straight line: no step, no bend
        first = x[0]
        slope = x[1] - x[0] if len(x) > 1 else 0.0
        x1 = x[begin - 1] if begin > 0 else first - slope
        x2 = x[begin - 2] if begin > 1 else x1 - slope
        total = square = fourth = bend = change = inside = step = 0.0
        flat = compared = 0
        for i in range(begin, end):
            v = x[i]
            magnitude, squared = abs(v), v * v
            total += magnitude
            square += squared
            fourth += squared * squared
            if magnitude < flat_limit:
                flat += 1
            moved = abs(v - x1)
            if moved > step:
                step = moved
            bent = v - 2.0 * x1 + x2
            bend += bent * bent
            if i >= lag:
                change += abs(v - x[i - lag])
                compared += 1
            y = b0 * v + b1 * u1 + b2 * u2 - a1 * y1 - a2 * y2
            inside += y * y
            u2, u1, y2, y1 = u1, v, y1, y
            x2, x1 = x1, v
        rms = math.sqrt(square / n)
        out[k, :2] = rms, peak
        out[k, 2:] = 0.0
        out[k, 4] = flat / n
        if rms > 0.0 and square > 0.0:
            mean_square = square / n
            out[k, 2] = total / n / rms
            out[k, 3] = fourth / n / mean_square / mean_square
            out[k, 5] = step / peak
            out[k, 6] = math.sqrt(bend / n) / rms
            if compared > 0:
                out[k, 7] = change / compared / rms
            out[k, 8] = math.sqrt(inside / n) / rms
