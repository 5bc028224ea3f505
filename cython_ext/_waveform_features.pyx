"""The feature loop; ``_waveform_features_reference`` says what is right."""

from libc.math cimport fabs, sqrt
from libc.stdint cimport int64_t


cdef void _features(
    const double[::1] x, const int64_t[::1] bounds, Py_ssize_t lag, const double[::1] band, double flat_below, double[:, ::1] out
) noexcept nogil:
    cdef double b0 = band[0], b1 = band[1], b2 = band[2], a1 = band[3], a2 = band[4]
    cdef double u1 = 0, u2 = 0, y1 = 0, y2 = 0, y
    cdef double peak, flat_limit, slope, x1, x2, v, magnitude, squared, moved, bent, rms, mean_square
    cdef double total, square, fourth, bend, change, inside, step
    cdef Py_ssize_t k, i, begin, end, n, flat, compared
    for k in range(bounds.shape[0] - 1):
        begin = bounds[k]
        end = bounds[k + 1]
        n = end - begin
        peak = 0
        for i in range(begin, end):
            if fabs(x[i]) > peak:
                peak = fabs(x[i])
        flat_limit = flat_below * peak
        slope = x[1] - x[0] if x.shape[0] > 1 else 0.0
        x1 = x[begin - 1] if begin > 0 else x[0] - slope
        x2 = x[begin - 2] if begin > 1 else x1 - slope
        total = square = fourth = bend = change = inside = step = 0
        flat = 0
        compared = 0
        for i in range(begin, end):
            v = x[i]
            magnitude = fabs(v)
            squared = v * v
            total += magnitude
            square += squared
            fourth += squared * squared
            flat += magnitude < flat_limit
            moved = fabs(v - x1)
            if moved > step:
                step = moved
            bent = v - 2.0 * x1 + x2
            bend += bent * bent
            if i >= lag:
                change += fabs(v - x[i - lag])
                compared += 1
            y = b0 * v + b1 * u1 + b2 * u2 - a1 * y1 - a2 * y2
            inside += y * y
            u2 = u1
            u1 = v
            y2 = y1
            y1 = y
            x2 = x1
            x1 = v
        rms = sqrt(square / n)
        out[k, 0] = rms
        out[k, 1] = peak
        out[k, 2] = out[k, 3] = out[k, 5] = out[k, 6] = out[k, 7] = out[k, 8] = 0
        out[k, 4] = <double> flat / n
        if rms > 0 and square > 0:
            mean_square = square / n
            out[k, 2] = total / n / rms
            out[k, 3] = fourth / n / mean_square / mean_square
            out[k, 5] = step / peak
            out[k, 6] = sqrt(bend / n) / rms
            if compared > 0:
                out[k, 7] = change / compared / rms
            out[k, 8] = sqrt(inside / n) / rms


def window_features(
    const double[::1] samples, const int64_t[::1] bounds, Py_ssize_t lag, const double[::1] band, double flat_below, double[:, ::1] out
):
    with nogil:
        _features(samples, bounds, lag, band, flat_below, out)
