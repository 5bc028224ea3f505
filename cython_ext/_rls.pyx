"""The loop of recursive least squares; ``_rls_reference`` says what is right."""

from libc.math cimport fabs, isfinite, sqrt


cdef Py_ssize_t _update(
    const double[:, ::1] x, const double[::1] y, const double[::1] x_min,
    double[:, ::1] theta, double[:, ::1] covariance, double[::1] variance,
    double forgetting, double covariance_max, double clip_sigma,
) noexcept nogil:
    cdef Py_ssize_t i, accepted = 0
    cdef double x1, x2, y1, p11, p12, p22, px1, px2, scale, k1, k2, error, limit
    for i in range(y.shape[0]):
        x1 = x[0, i]
        x2 = x[1, i]
        y1 = y[i]
        if not (isfinite(x1) and isfinite(x2) and isfinite(y1)) or not fabs(x1) > x_min[i]:
            continue
        p11 = covariance[0, i]
        p12 = covariance[1, i]
        p22 = covariance[2, i]
        px1 = p11 * x1 + p12 * x2
        px2 = p12 * x1 + p22 * x2
        scale = forgetting + x1 * px1 + x2 * px2
        k1 = px1 / scale
        k2 = px2 / scale
        error = y1 - (theta[0, i] * x1 + theta[1, i] * x2)
        limit = clip_sigma * sqrt(variance[i])
        if error > limit:
            error = limit
        if error < -limit:
            error = -limit
        theta[0, i] += k1 * error
        theta[1, i] += k2 * error
        variance[i] = forgetting * variance[i] + (1.0 - forgetting) * error * error
        p11 = (p11 - k1 * px1) / forgetting
        p12 = (p12 - k1 * px2) / forgetting
        p22 = (p22 - k2 * px2) / forgetting
        if p11 > covariance_max:
            p12 *= sqrt(covariance_max / p11)
            p11 = covariance_max
        if p22 > covariance_max:
            p12 *= sqrt(covariance_max / p22)
            p22 = covariance_max
        covariance[0, i] = p11
        covariance[1, i] = p12
        covariance[2, i] = p22
        accepted += 1
    return accepted


def update_rls(
    const double[:, ::1] x, const double[::1] y, const double[::1] x_min,
    double[:, ::1] theta, double[:, ::1] covariance, double[::1] variance,
    double forgetting, double covariance_max, double clip_sigma,
):
    cdef Py_ssize_t accepted
    with nogil:
        accepted = _update(x, y, x_min, theta, covariance, variance, forgetting, covariance_max, clip_sigma)
    return accepted
