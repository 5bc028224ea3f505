"""The conductor loop; ``_conductor_reference`` says what is right."""

from libc.stdint cimport int64_t
from libc.math cimport exp, isfinite, isnan


cdef Py_ssize_t _update(
    const double[::1] current_a, const double[::1] ambient_cel, const int64_t[::1] taken_ms, const double[::1] rated_a,
    double[::1] conductor_cel, int64_t[::1] seen_ms, signed char[::1] level, signed char[::1] code,
    double tau_s, double max_gap_s, double rated_cel, double rated_ambient_cel, double alpha20, double ends, double warns, double alarms,
) noexcept nogil:
    cdef Py_ssize_t i, changed = 0
    cdef int64_t now_ms
    cdef double ratio, step_s, heat_k, left, steady_cel, cel
    cdef double full_k = (rated_cel - rated_ambient_cel) / (1.0 + alpha20 * (rated_cel - 20.0))
    cdef signed char new_level
    for i in range(current_a.shape[0]):
        code[i] = 0
        now_ms = taken_ms[i]
        if now_ms == seen_ms[i] or now_ms < 0 or not rated_a[i] > 0.0 or not isfinite(current_a[i]) or not isfinite(ambient_cel[i]):
            continue
        cel = conductor_cel[i]
        if isnan(cel):
            cel = ambient_cel[i]
        elif seen_ms[i] >= 0 and now_ms > seen_ms[i]:
            step_s = (now_ms - seen_ms[i]) / 1000.0
            if step_s > max_gap_s:
                step_s = max_gap_s
            ratio = current_a[i] / rated_a[i]
            if ratio * ratio > 100.0:
                ratio = 10.0
            heat_k = full_k * (ratio * ratio)
            left = 1.0 - heat_k * alpha20
            if left < 0.05:
                left = 0.05
            steady_cel = (ambient_cel[i] + heat_k * (1.0 - 20.0 * alpha20)) / left
            cel = cel + (steady_cel - cel) * (1.0 - exp(-step_s * left / tau_s))
        conductor_cel[i] = cel
        seen_ms[i] = now_ms
        new_level = level[i]
        if cel > alarms:
            new_level = 2
        elif cel < ends:
            new_level = 0
        elif level[i] == 0 and cel > warns:
            new_level = 1
        elif level[i] == 2 and cel < warns:
            new_level = 1
        if new_level != level[i]:
            level[i] = new_level
            code[i] = new_level + 1
            changed += 1
    return changed


def update_conductor(
    const double[::1] current_a, const double[::1] ambient_cel, const int64_t[::1] taken_ms, const double[::1] rated_a,
    double[::1] conductor_cel, int64_t[::1] seen_ms, signed char[::1] level, signed char[::1] code,
    double tau_s, double max_gap_s, double rated_cel, double rated_ambient_cel, double alpha20, double ends, double warns, double alarms,
):
    cdef Py_ssize_t changed
    with nogil:
        changed = _update(
            current_a, ambient_cel, taken_ms, rated_a, conductor_cel, seen_ms, level, code,
            tau_s, max_gap_s, rated_cel, rated_ambient_cel, alpha20, ends, warns, alarms,
        )
    return changed
