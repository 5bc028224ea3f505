"""The loop of the running quantile; ``_quantile_reference`` says what is right."""

from libc.math cimport isfinite
from libc.stdint cimport int64_t


cdef double _quantile(const double[:] values, Py_ssize_t n, double[::1] scratch, double share) noexcept nogil:
    cdef Py_ssize_t j, k, low, high
    cdef double x, place
    for j in range(n):
        x = values[j]
        k = j
        while k > 0 and scratch[k - 1] > x:
            scratch[k] = scratch[k - 1]
            k -= 1
        scratch[k] = x
    place = share * (n - 1)
    low = <Py_ssize_t> place
    high = low + 1 if low + 1 < n else n - 1
    return scratch[low] + (scratch[high] - scratch[low]) * (place - low)


cdef Py_ssize_t _update(
    const double[::1] value, const int64_t[::1] taken_ms, const signed char[::1] is_held, int64_t[::1] seen_ms,
    int64_t[::1] bin_number, double[::1] total, int64_t[::1] count, double[:, ::1] ring, int64_t[::1] filled,
    double[::1] quantile, signed char[::1] code, double[::1] scratch, double share, int64_t bin_ms,
) noexcept nogil:
    cdef Py_ssize_t i, closed = 0, bins = ring.shape[1]
    cdef int64_t now_ms, number
    cdef double x
    for i in range(value.shape[0]):
        code[i] = 0
        now_ms = taken_ms[i]
        x = value[i]
        if now_ms == seen_ms[i] or now_ms < 0 or not isfinite(x):
            continue
        seen_ms[i] = now_ms
        if is_held[i]:
            continue
        number = now_ms // bin_ms
        if number != bin_number[i]:
            if count[i] > 0 and number > bin_number[i]:
                ring[i, filled[i] % bins] = total[i] / <double> count[i]
                filled[i] += 1
                quantile[i] = _quantile(ring[i], filled[i] if filled[i] < bins else bins, scratch, share)
                code[i] = 1
                closed += 1
            bin_number[i] = number
            total[i] = 0.0
            count[i] = 0
        total[i] += x
        count[i] += 1
    return closed


def update_quantile(
    const double[::1] value, const int64_t[::1] taken_ms, const signed char[::1] is_held, int64_t[::1] seen_ms,
    int64_t[::1] bin_number, double[::1] total, int64_t[::1] count, double[:, ::1] ring, int64_t[::1] filled,
    double[::1] quantile, signed char[::1] code, double[::1] scratch, double share, int64_t bin_ms,
):
    cdef Py_ssize_t closed
    with nogil:
        closed = _update(
            value, taken_ms, is_held, seen_ms, bin_number, total, count, ring, filled, quantile, code, scratch, share, bin_ms
        )
    return closed
