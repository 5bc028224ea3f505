"""The thermal loop; ``_thermal_reference`` says what is right."""

from libc.stdint cimport int64_t
from libc.math cimport exp, isfinite, isnan


cdef Py_ssize_t _update(
    const double[::1] current_a, const int64_t[::1] taken_ms, const double[::1] reference_a,
    double[::1] heat, int64_t[::1] seen_ms, signed char[::1] level, signed char[::1] code,
    double tau_s, double max_gap_s, double ends, double warns, double alarms,
) noexcept nogil:
    cdef Py_ssize_t i, changed = 0
    cdef int64_t now_ms
    cdef double ratio, step_s
    cdef signed char new_level
    for i in range(current_a.shape[0]):
        code[i] = 0
        now_ms = taken_ms[i]
        if now_ms == seen_ms[i] or now_ms < 0 or not isfinite(current_a[i]) or isnan(reference_a[i]):
            continue
        if seen_ms[i] >= 0 and now_ms > seen_ms[i]:
            step_s = (now_ms - seen_ms[i]) / 1000.0
            if step_s > max_gap_s:
                step_s = max_gap_s
            ratio = current_a[i] / reference_a[i]
            heat[i] = heat[i] + (ratio * ratio - heat[i]) * (1.0 - exp(-step_s / tau_s))
        seen_ms[i] = now_ms
        new_level = level[i]
        if heat[i] > alarms:
            new_level = 2
        elif heat[i] < ends:
            new_level = 0
        elif level[i] == 0 and heat[i] > warns:
            new_level = 1
        elif level[i] == 2 and heat[i] < warns:
            new_level = 1
        if new_level != level[i]:
            level[i] = new_level
            code[i] = new_level + 1
            changed += 1
    return changed


def update_thermal(
    const double[::1] current_a, const int64_t[::1] taken_ms, const double[::1] reference_a,
    double[::1] heat, int64_t[::1] seen_ms, signed char[::1] level, signed char[::1] code,
    double tau_s, double max_gap_s, double ends, double warns, double alarms,
):
    cdef Py_ssize_t changed
    with nogil:
        changed = _update(current_a, taken_ms, reference_a, heat, seen_ms, level, code, tau_s, max_gap_s, ends, warns, alarms)
    return changed
