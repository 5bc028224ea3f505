"""Plain twin of the feature loop: defines what is right. Sums are kept apart for even and odd places, and added at the end."""

import math


def window_features(samples, bounds, lag, band, flat_below, out):  # type: ignore[no-untyped-def]
    x, (b0, b2, a1, a2) = samples.tolist(), band.tolist()
    y1 = y2 = 0.0      # of the band-pass
    for k in range(len(bounds) - 1):
        begin, end = int(bounds[k]), int(bounds[k + 1])
        n = end - begin
        peak = 0.0
        for i in range(begin, end):
            if abs(x[i]) > peak:
                peak = abs(x[i])
        flat_limit = flat_below * peak
        # before the first sample the current goes on in a straight line: no step, no bend
        slope = x[1] - x[0] if len(x) > 1 else 0.0
        x1 = x[begin - 1] if begin > 0 else x[0] - slope
        x2 = x[begin - 2] if begin > 1 else x1 - slope
        total, square, fourth, bend, change, inside = ([0.0, 0.0] for _ in range(6))
        step, flat = 0.0, 0
        for i in range(begin, end):
            half, v = (i - begin) % 2, x[i]
            magnitude, squared = abs(v), v * v
            total[half] += magnitude
            square[half] += squared
            fourth[half] += squared * squared
            if magnitude < flat_limit:
                flat += 1
            moved = v - x1
            if abs(moved) > step:
                step = abs(moved)
            bent = moved - (x1 - x2)
            bend[half] += bent * bent
            if begin >= lag:
                change[half] += abs(v - x[i - lag])
            y = b0 * v + b2 * x2 - a2 * y2 - a1 * y1
            inside[half] += y * y
            y2, y1, x2, x1 = y1, y, x1, v
        mean_square = (square[0] + square[1]) / n
        rms = math.sqrt(mean_square)
        out[k] = 0.0
        out[k, 0], out[k, 1], out[k, 4] = rms, peak, flat / n
        if rms > 0.0:
            out[k, 2] = (total[0] + total[1]) / n / rms
            out[k, 3] = (fourth[0] + fourth[1]) / n / mean_square / mean_square
            out[k, 5] = step / peak
            out[k, 6] = math.sqrt((bend[0] + bend[1]) / n) / rms
            out[k, 7] = (change[0] + change[1]) / n / rms
            out[k, 8] = math.sqrt((inside[0] + inside[1]) / n) / rms
