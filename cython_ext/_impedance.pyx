"""The impedance loop; ``_impedance_reference`` says what is right."""

from libc.math cimport fabs, isfinite

cdef double HUBER = 1.5 * 1.4826


cdef Py_ssize_t _update(
    const double[::1] x, const double[::1] y, const double[::1] x_min,
    double[:, ::1] centre, double[::1] scale, double[:, ::1] sums,
    double forgetting, double scale_factor, double scale_min,
) noexcept nogil:
    cdef Py_ssize_t i, accepted = 0
    cdef double x1, y1, xx, xy, slope, residual, size, limit, weight, wxx, wxy, yy, new_scale
    for i in range(x.shape[0]):
        x1 = x[i]
        y1 = y[i]
        if not (isfinite(x1) and isfinite(y1)) or not fabs(x1) >= x_min[i]:
            continue
        xx = centre[0, i]
        xy = centre[1, i]
        slope = 0.0
        if xx > 0.0:
            slope = xy / xx
        residual = y1 + slope * x1
        size = fabs(residual)
        limit = HUBER * scale[i]
        weight = 1.0
        if size > limit:
            weight = limit / size
        if size > scale[i]:
            new_scale = scale[i] * scale_factor
        else:
            new_scale = scale[i] / scale_factor
        if new_scale < scale_min:
            new_scale = scale_min
        scale[i] = new_scale
        wxx = weight * x1 * x1
        wxy = -weight * x1 * y1
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


def update_impedance(
    const double[::1] x, const double[::1] y, const double[::1] x_min,
    double[:, ::1] centre, double[::1] scale, double[:, ::1] sums,
    double forgetting, double scale_factor, double scale_min,
):
    cdef Py_ssize_t accepted
    with nogil:
        accepted = _update(x, y, x_min, centre, scale, sums, forgetting, scale_factor, scale_min)
    return accepted
