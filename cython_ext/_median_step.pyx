"""The loop of median steps; ``_median_step_reference`` says what is right."""

from libc.stdint cimport int32_t, int64_t
from libc.math cimport NAN, fabs, isfinite, isnan

cdef double NOISE_SHARE = 0.05


cdef inline double _median(double a, double b, double c) noexcept nogil:
    cdef double low, high
    if a != a or b != b or c != c:
        return NAN
    low = a if a < b else b
    high = b if a < b else a
    return low if c < low else (high if c > high else c)


cdef Py_ssize_t _update(
    const double[::1] power_w, const double[::1] reactive_var, const int64_t[::1] taken_ms, const double[::1] least_w,
    double[:, ::1] ring_w, double[:, ::1] ring_var, int64_t[:, ::1] ring_ms, int32_t[::1] filled,
    signed char[::1] side, int64_t[::1] at_ms, double[::1] noise_w, double[:, ::1] change, signed char[::1] code,
    double share, double spreads, int64_t max_gap_ms,
) noexcept nogil:
    cdef Py_ssize_t i, k, first, changed = 0
    cdef int64_t now_ms, newest_ms
    cdef double x, before, after, size, needed, largest, between
    cdef signed char now_side
    for i in range(power_w.shape[0]):
        code[i] = 0
        now_ms = taken_ms[i]
        x = power_w[i]
        newest_ms = ring_ms[i, 5]
        if isnan(least_w[i]) or now_ms < 0 or (filled[i] > 0 and now_ms == newest_ms) or not isfinite(x):
            continue
        if filled[i] > 0 and (now_ms < newest_ms or now_ms - newest_ms > max_gap_ms):
            filled[i] = 0
            side[i] = 0
        for k in range(5):
            ring_w[i, k] = ring_w[i, k + 1]
            ring_var[i, k] = ring_var[i, k + 1]
            ring_ms[i, k] = ring_ms[i, k + 1]
        ring_w[i, 5] = x
        ring_var[i, 5] = reactive_var[i]
        ring_ms[i, 5] = now_ms
        if filled[i] < 6:
            filled[i] += 1
        if filled[i] < 6:
            continue
        before = _median(ring_w[i, 0], ring_w[i, 1], ring_w[i, 2])
        after = _median(ring_w[i, 3], ring_w[i, 4], ring_w[i, 5])
        size = fabs(after - before)
        needed = spreads * noise_w[i]
        needed = needed if needed > least_w[i] else least_w[i]
        largest = fabs(before) if fabs(before) > fabs(after) else fabs(after)
        needed = share * largest if share * largest > needed else needed
        now_side = 0 if size <= needed else (1 if after > before else -1)
        if side[i] != 0 and now_side != side[i]:
            change[1, i] = before
            change[3, i] = _median(ring_var[i, 0], ring_var[i, 1], ring_var[i, 2])
            if fabs(change[1, i] - change[0, i]) > needed:
                code[i] = 1 if change[1, i] > change[0, i] else -1
                changed += 1
            side[i] = 0
        if now_side != 0 and side[i] == 0:
            side[i] = now_side
            change[0, i] = before
            change[2, i] = _median(ring_var[i, 0], ring_var[i, 1], ring_var[i, 2])
            first = 5
            if fabs(ring_w[i, 4] - before) > 0.25 * size:
                first = 4
            if fabs(ring_w[i, 3] - before) > 0.25 * size:
                first = 3
            at_ms[i] = ring_ms[i, first]
        elif now_side == 0:
            between = fabs(ring_w[i, 2] - ring_w[i, 1])
            between = between if between < needed else needed
            noise_w[i] = noise_w[i] + NOISE_SHARE * (between - noise_w[i])
    return changed


def update_steps(
    const double[::1] power_w, const double[::1] reactive_var, const int64_t[::1] taken_ms, const double[::1] least_w,
    double[:, ::1] ring_w, double[:, ::1] ring_var, int64_t[:, ::1] ring_ms, int32_t[::1] filled,
    signed char[::1] side, int64_t[::1] at_ms, double[::1] noise_w, double[:, ::1] change, signed char[::1] code,
    double share, double spreads, int64_t max_gap_ms,
):
    cdef Py_ssize_t changed
    with nogil:
        changed = _update(
            power_w, reactive_var, taken_ms, least_w, ring_w, ring_var, ring_ms, filled, side, at_ms, noise_w, change, code,
            share, spreads, max_gap_ms
        )
    return changed
