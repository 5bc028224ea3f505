"""Plain twin of the impedance loop: defines what is right."""

import math

HUBER = 1.5 * 1.4826     # standard deviations in terms of the median of |residual|


def update_impedance(  # type: ignore[no-untyped-def]
    x, y, x_min, centre, scale, sums, forgetting, scale_factor, scale_min
):
    accepted = 0
    for i in range(len(x)):
        x1, y1 = float(x[i]), float(y[i])
        if not (math.isfinite(x1) and math.isfinite(y1)) or not abs(x1) >= x_min[i]:
            continue
        xx, xy = float(centre[0, i]), float(centre[1, i])
        slope = xy / xx if xx > 0.0 else 0.0
        residual = y1 + slope * x1
        size = abs(residual)
        limit = HUBER * float(scale[i])
        weight = 1.0 if size <= limit else limit / size
        scale[i] = max(scale_min, scale[i] * scale_factor if size > scale[i] else scale[i] / scale_factor)
        wxx, wxy = weight * x1 * x1, -weight * x1 * y1
        centre[0, i] = forgetting * xx + wxx
        centre[1, i] = forgetting * xy + wxy
        yy = weight * y1 * y1
        sums[0, i] += 1.0
        sums[1, i] += wxx
        sums[2, i] += wxy
        sums[3, i] += yy
        sums[4, i] += wxx * wxx
        sums[5, i] += wxx * wxy
        sums[6, i] += wxx * yy
        accepted += 1
    return accepted
