"""The CUSUM loops; ``_cusum_reference`` says what is right."""

from libc.stdint cimport int64_t
from libc.math cimport fabs, isfinite, isnan


cdef Py_ssize_t _update(
    const double[::1] value, const int64_t[::1] taken_ms, const double[::1] limit,
    int64_t[::1] seen_ms, double[::1] mean, double[::1] up, double[::1] down, double[::1] spread,
    signed char[::1] code, double[::1] before, double share, double slack, double spreads, int64_t max_gap_ms,
) noexcept nogil:
    cdef Py_ssize_t i, changed = 0
    cdef int64_t now_ms
    cdef double x, off, rises, falls, needed
    cdef bint is_anew
    for i in range(value.shape[0]):
        code[i] = 0
        now_ms = taken_ms[i]
        x = value[i]
        if now_ms == seen_ms[i] or now_ms < 0 or not isfinite(x) or isnan(limit[i]):
            continue
        is_anew = seen_ms[i] < 0 or now_ms < seen_ms[i] or now_ms - seen_ms[i] > max_gap_ms
        seen_ms[i] = now_ms
        if is_anew:
            mean[i] = x
            up[i] = 0.0
            down[i] = 0.0
            continue
        off = x - mean[i]
        rises = up[i] + (off - slack)
        falls = down[i] - (off + slack)
        rises = rises if rises > 0.0 else 0.0
        falls = falls if falls > 0.0 else 0.0
        needed = spreads * spread[i]
        needed = needed if needed > limit[i] else limit[i]
        if rises > needed or falls > needed:
            before[i] = mean[i]
            code[i] = 1 if rises > needed else -1
            mean[i] = x
            up[i] = 0.0
            down[i] = 0.0
            changed += 1
        else:
            up[i] = rises
            down[i] = falls
            mean[i] = mean[i] + share * off
            spread[i] = spread[i] + share * (fabs(off) - spread[i])
    return changed


cdef Py_ssize_t _series(
    const double* values, signed char* codes, Py_ssize_t n, double* state, double share, double slack, double limit,
) noexcept nogil:
    # pointers, and what follows an alarm by itself: the sums are a chain from value to value, so each operation on them counts
    cdef Py_ssize_t i, begin = 0, changed = 0
    cdef double mean = state[0], up = state[1], down = state[2], kept = 1.0 - share, x, off, rises, falls
    while mean != mean and begin < n:
        mean = values[begin]
        codes[begin] = 0
        if mean != mean:
            begin += 1
    for i in range(begin, n):
        x = values[i]
        codes[i] = 0
        if x != x:
            continue
        off = x - mean
        rises = up + (off - slack)
        falls = down - (off + slack)
        if rises > limit or falls > limit:
            codes[i] = 1 if rises > limit else -1
            mean = x
            up = 0.0
            down = 0.0
            changed += 1
            continue
        up = rises if rises > 0.0 else 0.0
        down = falls if falls > 0.0 else 0.0
        mean = kept * mean + share * x
    state[0] = mean
    state[1] = up
    state[2] = down
    return changed


def update_cusum(
    const double[::1] value, const int64_t[::1] taken_ms, const double[::1] limit,
    int64_t[::1] seen_ms, double[::1] mean, double[::1] up, double[::1] down, double[::1] spread,
    signed char[::1] code, double[::1] before, double share, double slack, double spreads, int64_t max_gap_ms,
):
    cdef Py_ssize_t changed
    with nogil:
        changed = _update(
            value, taken_ms, limit, seen_ms, mean, up, down, spread, code, before, share, slack, spreads, max_gap_ms
        )
    return changed


def cusum_series(
    const double[::1] values, signed char[::1] codes, double[::1] state, double share, double slack, double limit,
):
    cdef Py_ssize_t changed
    if values.shape[0] == 0:
        return 0
    with nogil:
        changed = _series(&values[0], &codes[0], values.shape[0], &state[0], share, slack, limit)
    return changed
