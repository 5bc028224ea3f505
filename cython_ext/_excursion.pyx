"""The excursion loop; ``_excursion_reference`` says what is right."""

from libc.math cimport exp, isfinite, sqrt
from libc.stdint cimport int64_t


cdef Py_ssize_t _update(
    const double[::1] value, const int64_t[::1] taken_ms, int64_t[::1] seen_ms, double[::1] level, double[::1] variance,
    double[::1] learned_s, int64_t[::1] since_ms, int64_t[::1] begun_ms, signed char[::1] side, signed char[::1] pending,
    signed char[::1] code, double floor, double factor, double release, double tau_s, double warm_s, int64_t delay_ms,
    int64_t max_gap_ms,
) noexcept nogil:
    cdef Py_ssize_t i, changed = 0
    cdef int64_t now_ms, gap_ms
    cdef bint is_first
    cdef double x, over, threshold, gap_s, weight, start, bounded
    for i in range(value.shape[0]):
        code[i] = 0
        now_ms = taken_ms[i]
        x = value[i]
        if now_ms == seen_ms[i] or now_ms < 0 or not isfinite(x):
            continue
        gap_ms = now_ms - seen_ms[i]
        is_first = seen_ms[i] < 0
        seen_ms[i] = now_ms
        if is_first or gap_ms < 0 or gap_ms > max_gap_ms:
            pending[i] = 0
            if side[i] == 0 and (is_first or gap_ms > max_gap_ms):
                level[i] = x
                variance[i] = 0.0
                learned_s[i] = 0.0
            gap_ms = 0
        over = x - level[i]
        threshold = factor * sqrt(variance[i])
        if not threshold > floor:
            threshold = floor
        if side[i] == 0:
            if over > threshold and learned_s[i] >= warm_s:
                if pending[i] == 0:
                    pending[i] = 1
                    since_ms[i] = now_ms
                if now_ms - since_ms[i] >= delay_ms and now_ms != since_ms[i]:
                    side[i] = 1
                    begun_ms[i] = since_ms[i]
                    pending[i] = 0
                    code[i] = 1
                    changed += 1
                continue
            pending[i] = 0
            if gap_ms > 0:
                gap_s = gap_ms / 1000.0
                learned_s[i] += gap_s
                weight = 1.0 - exp(-gap_s / tau_s)
                start = gap_s / learned_s[i] if learned_s[i] < tau_s else 0.0
                if start > weight:
                    weight = start
                bounded = threshold if over > threshold else (-threshold if over < -threshold else over)
                level[i] += weight * over
                variance[i] = (1.0 - weight) * (variance[i] + weight * bounded * bounded)
        elif over <= release * threshold:
            if pending[i] == 0:
                pending[i] = 1
                since_ms[i] = now_ms
            if now_ms - since_ms[i] >= delay_ms and now_ms != since_ms[i]:
                side[i] = 0
                pending[i] = 0
                code[i] = 2
                changed += 1
        else:
            pending[i] = 0
    return changed


def update_excursion(
    const double[::1] value, const int64_t[::1] taken_ms, int64_t[::1] seen_ms, double[::1] level, double[::1] variance,
    double[::1] learned_s, int64_t[::1] since_ms, int64_t[::1] begun_ms, signed char[::1] side, signed char[::1] pending,
    signed char[::1] code, double floor, double factor, double release, double tau_s, double warm_s, int64_t delay_ms,
    int64_t max_gap_ms,
):
    cdef Py_ssize_t changed
    with nogil:
        changed = _update(
            value, taken_ms, seen_ms, level, variance, learned_s, since_ms, begun_ms, side, pending, code, floor, factor, release,
            tau_s, warm_s, delay_ms, max_gap_ms,
        )
    return changed
