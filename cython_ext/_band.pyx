"""The band loop; ``_band_reference`` says what is right."""

from libc.stdint cimport int64_t
from libc.math cimport isnan


cdef Py_ssize_t _update(
    const double[::1] value, const int64_t[::1] taken_ms, const double[:, ::1] limits,
    int64_t[::1] seen_ms, int64_t[::1] since_ms, int64_t[::1] begun_ms,
    signed char[::1] side, signed char[::1] pending, signed char[::1] code,
    int64_t begin_delay_ms, int64_t end_delay_ms, int64_t max_gap_ms,
) noexcept nogil:
    cdef Py_ssize_t i, changed = 0
    cdef int64_t now_ms
    cdef double v
    cdef signed char wanted
    for i in range(value.shape[0]):
        code[i] = 0
        now_ms = taken_ms[i]
        v = value[i]
        if now_ms == seen_ms[i] or now_ms < 0 or isnan(v) or isnan(limits[0, i]):
            continue
        if seen_ms[i] >= 0 and (now_ms < seen_ms[i] or now_ms - seen_ms[i] > max_gap_ms):
            pending[i] = 0
        seen_ms[i] = now_ms
        if side[i] == 0:
            wanted = -1 if v < limits[0, i] else (1 if v > limits[1, i] else 0)
            if wanted != pending[i]:
                pending[i] = wanted
                since_ms[i] = now_ms
            if wanted != 0 and now_ms - since_ms[i] >= begin_delay_ms:
                side[i] = -2 if v < limits[4, i] else wanted
                begun_ms[i] = since_ms[i]
                pending[i] = 0
                code[i] = 1 if wanted < 0 else 2
                changed += 1
        elif (v >= limits[2, i]) if side[i] < 0 else (v <= limits[3, i]):
            if pending[i] == 0:
                pending[i] = 2
                since_ms[i] = now_ms
            if now_ms - since_ms[i] >= end_delay_ms:
                side[i] = 0
                pending[i] = 0
                code[i] = 3
                changed += 1
        else:
            pending[i] = 0
            if side[i] == -1 and v < limits[4, i]:
                side[i] = -2
                code[i] = 4
                changed += 1
    return changed


def update_band(
    const double[::1] value, const int64_t[::1] taken_ms, const double[:, ::1] limits,
    int64_t[::1] seen_ms, int64_t[::1] since_ms, int64_t[::1] begun_ms,
    signed char[::1] side, signed char[::1] pending, signed char[::1] code,
    int64_t begin_delay_ms, int64_t end_delay_ms, int64_t max_gap_ms,
):
    cdef Py_ssize_t changed
    with nogil:
        changed = _update(
            value, taken_ms, limits, seen_ms, since_ms, begun_ms, side, pending, code, begin_delay_ms, end_delay_ms, max_gap_ms
        )
    return changed
