"""The feature loop; ``_waveform_features_reference`` says what is right. Two samples a turn, in one vector register where there are such."""

from libc.math cimport fabs, sqrt
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <stdint.h>
    #include <stddef.h>

    /* Two doubles at once: what SSE2 and NEON have. Lanes are the even and the odd places of a window. */
    typedef double pair __attribute__((vector_size(16)));
    typedef double pair_anywhere __attribute__((vector_size(16), aligned(8), may_alias));
    typedef int64_t pair_bits __attribute__((vector_size(16)));

    static inline pair pair_at(const double *x) { return *(const pair_anywhere *)x; }
    static inline pair pair_fabs(pair v) { return (pair)((pair_bits)v & (pair_bits){INT64_MAX, INT64_MAX}); }
    static inline pair pair_larger(pair best, pair v) {
        pair_bits is_larger = v > best;
        return (pair)(((pair_bits)v & is_larger) | ((pair_bits)best & ~is_larger));
    }

    typedef struct { double total[2], square[2], fourth[2], bend[2], change[2], inside[2], step, y1, y2; ptrdiff_t flat; } window_sums;

    /* Places from .. n - 1 in pairs, from >= 2; gives the first place that is left over. */
    static ptrdiff_t sum_pairs(const double *x, ptrdiff_t from, ptrdiff_t n, ptrdiff_t lag, int compares, double flat_limit,
                               double b0, double b2, double a1, double a2, window_sums *s) {
        pair total = pair_at(s->total), square = pair_at(s->square), fourth = pair_at(s->fourth), bend = pair_at(s->bend);
        pair change = pair_at(s->change), inside = pair_at(s->inside), step = {s->step, 0.0}, limit = {flat_limit, flat_limit};
        pair_bits flat = {0, 0};
        double y1 = s->y1, y2 = s->y2;
        ptrdiff_t i = from;
        for (; i + 2 <= n; i += 2) {
            pair v = pair_at(x + i), before = pair_at(x + i - 1), magnitude = pair_fabs(v), squared = v * v;
            pair moved = v - before, bent = moved - (before - pair_at(x + i - 2));
            bend += bent * bent;
            step = pair_larger(step, pair_fabs(moved));
            total += magnitude;
            flat += magnitude < limit;
            square += squared;
            fourth += squared * squared;
            if (compares) change += pair_fabs(v - pair_at(x + i - lag));
            double y = b0 * x[i] + b2 * x[i - 2] - a2 * y2 - a1 * y1;
            double z = b0 * x[i + 1] + b2 * x[i - 1] - a2 * y1 - a1 * y;
            inside += (pair){y, z} * (pair){y, z};
            y2 = y;
            y1 = z;
        }
        *(pair_anywhere *)s->total = total;
        *(pair_anywhere *)s->square = square;
        *(pair_anywhere *)s->fourth = fourth;
        *(pair_anywhere *)s->bend = bend;
        *(pair_anywhere *)s->change = change;
        *(pair_anywhere *)s->inside = inside;
        s->step = step[1] > step[0] ? step[1] : step[0];
        s->flat -= flat[0] + flat[1];
        s->y1 = y1;
        s->y2 = y2;
        return i;
    }
    """
    ctypedef struct window_sums:
        double total[2]
        double square[2]
        double fourth[2]
        double bend[2]
        double change[2]
        double inside[2]
        double step
        double y1
        double y2
        Py_ssize_t flat
    Py_ssize_t sum_pairs(
        const double* x, Py_ssize_t begin, Py_ssize_t n, Py_ssize_t lag, bint compares, double flat_limit,
        double b0, double b2, double a1, double a2, window_sums* s,
    ) nogil


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


cdef void _take(
    const double* x, Py_ssize_t i, double x1, double x2, Py_ssize_t lag, bint compares, double flat_limit,
    double b0, double b2, double a1, double a2, window_sums* s,
) noexcept nogil:
    """One sample alone: at the begin of a window, where the two before it may not be there, and at an odd end."""
    cdef Py_ssize_t half = i % 2
    cdef double v = x[i], moved = x[i] - x1, squared = x[i] * x[i], bent, y
    bent = moved - (x1 - x2)
    s.bend[half] += bent * bent
    s.step = _larger(s.step, fabs(moved))
    s.total[half] += fabs(v)
    s.flat += fabs(v) < flat_limit
    s.square[half] += squared
    s.fourth[half] += squared * squared
    if compares:
        s.change[half] += fabs(v - x[i - lag])
    y = b0 * v + b2 * x2 - a2 * s.y2 - a1 * s.y1
    s.inside[half] += y * y
    s.y2 = s.y1
    s.y1 = y


cdef void _features(
    const double[::1] samples, const int64_t[::1] bounds, Py_ssize_t lag, const double[::1] band, double flat_below, double[:, ::1] out
) noexcept nogil:
    cdef double b0 = band[0], b2 = band[1], a1 = band[2], a2 = band[3]
    cdef double peak, flat_limit, slope, x1, x2, rms, mean_square
    cdef Py_ssize_t k, i, half, begin, n
    cdef bint compares
    cdef const double* x
    cdef window_sums s
    s.y1 = s.y2 = 0
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
        for half in range(2):
            s.total[half] = s.square[half] = s.fourth[half] = s.bend[half] = s.change[half] = s.inside[half] = 0
        s.step = 0
        s.flat = 0
        _take(x, 0, x1, x2, lag, compares, flat_limit, b0, b2, a1, a2, &s)
        if n > 1:
            _take(x, 1, x[0], x1, lag, compares, flat_limit, b0, b2, a1, a2, &s)
        i = sum_pairs(x, 2, n, lag, compares, flat_limit, b0, b2, a1, a2, &s)
        if i < n:
            _take(x, i, x[i - 1], x[i - 2], lag, compares, flat_limit, b0, b2, a1, a2, &s)
        mean_square = (s.square[0] + s.square[1]) / n
        rms = sqrt(mean_square)
        out[k, 0] = rms
        out[k, 1] = peak
        out[k, 2] = out[k, 3] = out[k, 5] = out[k, 6] = out[k, 7] = out[k, 8] = 0
        out[k, 4] = <double> s.flat / n
        if rms > 0:
            out[k, 2] = (s.total[0] + s.total[1]) / n / rms
            out[k, 3] = (s.fourth[0] + s.fourth[1]) / n / mean_square / mean_square
            out[k, 5] = s.step / peak
            out[k, 6] = sqrt((s.bend[0] + s.bend[1]) / n) / rms
            out[k, 7] = (s.change[0] + s.change[1]) / n / rms
            out[k, 8] = sqrt((s.inside[0] + s.inside[1]) / n) / rms


def window_features(
    const double[::1] samples, const int64_t[::1] bounds, Py_ssize_t lag, const double[::1] band, double flat_below, double[:, ::1] out
):
    with nogil:
        _features(samples, bounds, lag, band, flat_below, out)
