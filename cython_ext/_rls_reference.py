"""Plain twin of the recursive least squares: defines what is right."""

import math


def update_rls(  # type: ignore[no-untyped-def]
    x, y, x_min, theta, covariance, variance, forgetting, covariance_max, clip_sigma
):
    accepted = 0
    for i in range(len(y)):
        x1, x2, y1 = float(x[0, i]), float(x[1, i]), float(y[i])
        if not (math.isfinite(x1) and math.isfinite(x2) and math.isfinite(y1)) or not abs(x1) > x_min[i]:
            continue
        p11, p12, p22 = float(covariance[0, i]), float(covariance[1, i]), float(covariance[2, i])
        px1, px2 = p11 * x1 + p12 * x2, p12 * x1 + p22 * x2
        scale = forgetting + x1 * px1 + x2 * px2
        k1, k2 = px1 / scale, px2 / scale
        error = y1 - (float(theta[0, i]) * x1 + float(theta[1, i]) * x2)
        limit = clip_sigma * math.sqrt(float(variance[i]))
        error = max(-limit, min(limit, error))
        theta[0, i] += k1 * error
        theta[1, i] += k2 * error
        variance[i] = forgetting * float(variance[i]) + (1.0 - forgetting) * error * error
        p11, p12, p22 = (p11 - k1 * px1) / forgetting, (p12 - k1 * px2) / forgetting, (p22 - k2 * px2) / forgetting
        if p11 > covariance_max:
            p12 *= math.sqrt(covariance_max / p11)
            p11 = covariance_max
        if p22 > covariance_max:
            p12 *= math.sqrt(covariance_max / p22)
            p22 = covariance_max
        covariance[0, i], covariance[1, i], covariance[2, i] = p11, p12, p22
        accepted += 1
    return accepted
