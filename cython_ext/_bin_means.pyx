"""The loop of bin means; ``_bin_means_reference`` says what is right."""

from libc.math cimport fabs, isfinite
from libc.stdint cimport int64_t


cdef Py_ssize_t _update(
    const double[::1] value, const int64_t[::1] taken_ms, int64_t[:, ::1] times, double[:, ::1] figures,
    int64_t bin_ms, int64_t back_bins,
) noexcept nogil:
    cdef Py_ssize_t i, new = 0
    cdef int64_t now_ms, number, is_open
    cdef double v, step
    for i in range(value.shape[0]):
        now_ms = taken_ms[i]
        v = value[i]
        if now_ms == times[0, i] or now_ms < 0 or not isfinite(v):
            continue
        times[0, i] = now_ms
        new += 1
        step = fabs(v - figures[3, i])
        if step > 1e-6 and step < figures[4, i]:
            figures[4, i] = step
        figures[3, i] = v
        number = now_ms // bin_ms
        is_open = times[1, i]
        if number == is_open:
            figures[0, i] += v
            figures[1, i] += 1.0
            continue
        if number < is_open:
            if is_open - number <= back_bins:
                continue
            times[2, i] = -1
        elif is_open >= 0:
            times[2, i] = is_open
            figures[2, i] = figures[0, i] / figures[1, i]
        times[1, i] = number
        figures[0, i] = v
        figures[1, i] = 1.0
    return new


def update_bin_means(
    const double[::1] value, const int64_t[::1] taken_ms, int64_t[:, ::1] times, double[:, ::1] figures,
    int64_t bin_ms, int64_t back_bins,
):
    cdef Py_ssize_t new
    with nogil:
        new = _update(value, taken_ms, times, figures, bin_ms, back_bins)
    return new
