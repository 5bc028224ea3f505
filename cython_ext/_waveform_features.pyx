"""The feature loop; ``_waveform_features_reference`` says what is right. Two samples a turn: a single sum would wait for its last addition."""

from libc.math cimport fabs, sqrt
from libc.stdint cimport int64_t


cdef inline double _larger(double best, double value) noexcept nogil:
    return value if value > best else best


cdef double _peak(const double* x, Py_ssize_t n) noexcept nogil:
    cdef double p0 = 0, p1 = 0, p2 = 0, p3 = 0
    cdef Py_ssize_t i = 0
    while i + 4 <= n:
        p0 = _larger(p0, fabs(x[i]))
        p1 = _larger(p1, fabs(x[i + 1]))
        p2 = _larger(p2, fabs(x[i + 2]))
        p3 = _larger(p3, fabs(x[i + 3]))
        i += 4
    while i < n:
        p0 = _larger(p0, fabs(x[i]))
        i += 1
    return _larger(_larger(p0, p1), _larger(p2, p3))


cdef void _features(
    const double[::1] samples, const int64_t[::1] bounds, Py_ssize_t lag, const double[::1] band, double flat_below, double[:, ::1] out
) noexcept nogil:
    cdef double b0 = band[0], b2 = band[1], a1 = band[2], a2 = band[3], y1 = 0, y2 = 0, y, z
    cdef double peak, flat_limit, slope, x1, x2, v, w, squared, moved, moved_on, bent, rms, mean_square, step
    cdef double total0, total1, square0, square1, fourth0, fourth1, bend0, bend1, change0, change1, inside0, inside1
    cdef Py_ssize_t k, i, begin, n, flat
    cdef bint compares
    cdef const double* x
    for k in range(bounds.shape[0] - 1):
        begin = bounds[k]
        n = bounds[k + 1] - begin
        x = &samples[begin]
        peak = _peak(x, n)
        flat_limit = flat_below * peak
        slope = samples[1] - samples[0] if samples.shape[0] > 1 else 0.0
        x1 = samples[begin - 1] if begin > 0 else samples[0] - slope
        x2 = samples[begin - 2] if begin > 1 else x1 - slope
        compares = begin >= lag
        total0 = total1 = square0 = square1 = fourth0 = fourth1 = bend0 = bend1 = change0 = change1 = inside0 = inside1 = step = 0
        flat = 0
        i = 0
        while i + 2 <= n:
            v = x[i]
            w = x[i + 1]
            moved = v - x1
            bent = moved - (x1 - x2)
            bend0 += bent * bent
            moved_on = w - v
            bent = moved_on - moved
            bend1 += bent * bent
            step = _larger(_larger(step, fabs(moved)), fabs(moved_on))
            total0 += fabs(v)
            total1 += fabs(w)
            flat += fabs(v) < flat_limit
            flat += fabs(w) < flat_limit
            squared = v * v
            square0 += squared
            fourth0 += squared * squared
            squared = w * w
            square1 += squared
            fourth1 += squared * squared
            if compares:
                change0 += fabs(v - x[i - lag])
                change1 += fabs(w - x[i + 1 - lag])
            y = b0 * v + b2 * x2 - a2 * y2 - a1 * y1
            z = b0 * w + b2 * x1 - a2 * y1 - a1 * y
            inside0 += y * y
            inside1 += z * z
            y2 = y
            y1 = z
            x2 = v
            x1 = w
            i += 2
        if i < n:
            v = x[i]
            moved = v - x1
            bent = moved - (x1 - x2)
            bend0 += bent * bent
            step = _larger(step, fabs(moved))
            total0 += fabs(v)
            flat += fabs(v) < flat_limit
            squared = v * v
            square0 += squared
            fourth0 += squared * squared
            if compares:
                change0 += fabs(v - x[i - lag])
            y = b0 * v + b2 * x2 - a2 * y2 - a1 * y1
            inside0 += y * y
            y2 = y1
            y1 = y
        mean_square = (square0 + square1) / n
        rms = sqrt(mean_square)
        out[k, 0] = rms
        out[k, 1] = peak
        out[k, 2] = out[k, 3] = out[k, 5] = out[k, 6] = out[k, 7] = out[k, 8] = 0
        out[k, 4] = <double> flat / n
        if rms > 0:
            out[k, 2] = (total0 + total1) / n / rms
            out[k, 3] = (fourth0 + fourth1) / n / mean_square / mean_square
            out[k, 5] = step / peak
            out[k, 6] = sqrt((bend0 + bend1) / n) / rms
            out[k, 7] = (change0 + change1) / n / rms
            out[k, 8] = sqrt((inside0 + inside1) / n) / rms


def window_features(
    const double[::1] samples, const int64_t[::1] bounds, Py_ssize_t lag, const double[::1] band, double flat_below, double[:, ::1] out
):
    with nogil:
        _features(samples, bounds, lag, band, flat_below, out)
