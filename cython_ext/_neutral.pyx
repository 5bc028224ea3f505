"""The neutral loops; ``_neutral_reference`` says what is right."""

from libc.math cimport fabs, sqrt, INFINITY, NAN
from libc.stdint cimport int64_t

cdef double SQRT3 = sqrt(3.0)


cdef inline void _solve(double va, double vb, double vc, double usual, double* re, double* im, double* line) noexcept nogil:
    cdef double a2 = va * va, b2 = vb * vb, c2 = vc * vc
    cdef double total = a2 + b2 + c2, inner, root, high, low2, low, u, scale
    re[0] = NAN
    im[0] = NAN
    line[0] = NAN
    if not (va >= 0.0 and vb >= 0.0 and vc >= 0.0 and 0.0 < total and total < INFINITY):
        return
    inner = 3.0 * (total * total - 2.0 * (a2 * a2 + b2 * b2 + c2 * c2))
    root = sqrt(inner) if inner > 0.0 else 0.0
    high = sqrt((total + root) / 2.0)
    low2 = (total - root) / 2.0
    low = sqrt(low2) if low2 > 0.0 else 0.0
    u = low if fabs(low - usual) < fabs(high - usual) else high
    if not (0.0 < u and u < INFINITY):
        return
    scale = 1.0 / (SQRT3 * u)
    re[0] = -(a2 - 0.5 * (b2 + c2)) * scale
    im[0] = 0.5 * SQRT3 * (b2 - c2) * scale
    line[0] = u


cdef void _displace(
    const double[:, ::1] voltage_v, const double[::1] baseline_v, double[::1] shift_v, double[::1] line_v,
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(baseline_v.shape[0]):
        _solve(voltage_v[0, i], voltage_v[1, i], voltage_v[2, i], baseline_v[i], &shift_v[2 * i], &shift_v[2 * i + 1], &line_v[i])


cdef Py_ssize_t _readings(
    const double[:, ::1] values, const int64_t[:, ::1] taken_ms, const Py_ssize_t[:, ::1] row_of, const Py_ssize_t[::1] meter,
    const double[::1] baseline_v, double[:, ::1] voltage_v, int64_t[::1] last_ms, double[::1] shift_v, double[::1] line_v,
    int64_t together_ms, double alert_v,
) noexcept nogil:
    cdef Py_ssize_t i, row, at, alerts = 0
    cdef int64_t first, last, now
    cdef bint is_together
    for i in range(meter.shape[0]):
        at = meter[i]
        first = taken_ms[0, at]
        last = first
        for row in range(1, 3):
            now = taken_ms[row, at]
            if now < first:
                first = now
            if now > last:
                last = now
        last_ms[i] = last
        is_together = first >= 0 and last - first <= together_ms
        for row in range(3):
            voltage_v[row, i] = values[row_of[row, i], at] if is_together else NAN
        _solve(voltage_v[0, i], voltage_v[1, i], voltage_v[2, i], baseline_v[i], &shift_v[2 * i], &shift_v[2 * i + 1], &line_v[i])
        if shift_v[2 * i] * shift_v[2 * i] + shift_v[2 * i + 1] * shift_v[2 * i + 1] > alert_v * alert_v:
            alerts += 1
    return alerts


def displace_neutral(const double[:, ::1] voltage_v, const double[::1] baseline_v, double[::1] shift_v, double[::1] line_v):
    with nogil:
        _displace(voltage_v, baseline_v, shift_v, line_v)


def displace_readings(
    const double[:, ::1] values, const int64_t[:, ::1] taken_ms, const Py_ssize_t[:, ::1] row_of, const Py_ssize_t[::1] meter,
    const double[::1] baseline_v, double[:, ::1] voltage_v, int64_t[::1] last_ms, double[::1] shift_v, double[::1] line_v,
    int64_t together_ms, double alert_v,
):
    cdef Py_ssize_t alerts
    with nogil:
        alerts = _readings(values, taken_ms, row_of, meter, baseline_v, voltage_v, last_ms, shift_v, line_v, together_ms, alert_v)
    return alerts
