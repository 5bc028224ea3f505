"""The transformer loop; ``_hot_spot_reference`` says what is right."""

from libc.stdint cimport int64_t
from libc.math cimport exp, exp2, fabs, pow


cdef Py_ssize_t _update(
    const double[::1] load_pu, const double[::1] oil_load_pu, const double[::1] ambient_cel,
    const int64_t[::1] taken_ms, const double[:, ::1] constants, double[:, ::1] state, int64_t[::1] seen_ms, double max_gap_s,
) noexcept nogil:
    cdef Py_ssize_t i, moved = 0
    cdef int64_t now_ms, before_ms
    cdef double step_s, step_min, load, oil_load, loss_ratio, oil_cel, gradient_k, hot_cel, tau_oil_min, k21, k22
    for i in range(load_pu.shape[0]):
        now_ms = taken_ms[i]
        before_ms = seen_ms[i]
        load = fabs(load_pu[i])
        oil_load = fabs(oil_load_pu[i])
        if now_ms == before_ms or now_ms < 0 or not load <= 10.0 or not oil_load <= 10.0 or not fabs(ambient_cel[i]) <= 90.0:
            continue
        seen_ms[i] = now_ms
        if before_ms < 0 or now_ms < before_ms:
            continue
        step_s = (now_ms - before_ms) / 1000.0
        if step_s > max_gap_s:
            step_s = max_gap_s
        step_min = step_s / 60.0
        loss_ratio = constants[2, i]
        tau_oil_min = constants[5, i]
        k21 = constants[8, i]
        k22 = constants[9, i]
        oil_cel = ambient_cel[i] + constants[0, i] * pow((1.0 + loss_ratio * (oil_load * oil_load)) / (1.0 + loss_ratio), constants[3, i])
        gradient_k = constants[1, i] * pow(load, constants[4, i])
        state[0, i] = state[0, i] + (oil_cel - state[0, i]) * (1.0 - exp(-step_min / (constants[7, i] * tau_oil_min)))
        state[1, i] = state[1, i] + (k21 * gradient_k - state[1, i]) * (1.0 - exp(-step_min / (k22 * constants[6, i])))
        state[2, i] = state[2, i] + ((k21 - 1.0) * gradient_k - state[2, i]) * (1.0 - exp(-step_min * k22 / tau_oil_min))
        hot_cel = state[0, i] + state[1, i] - state[2, i]
        state[3, i] = hot_cel
        state[4, i] = state[4, i] + exp2((hot_cel - 98.0) / 6.0) * step_min
        state[5, i] = state[5, i] + exp(15000.0 / 383.0 - 15000.0 / (hot_cel + 273.0)) * step_min
        moved += 1
    return moved


def update_hot_spot(
    const double[::1] load_pu, const double[::1] oil_load_pu, const double[::1] ambient_cel,
    const int64_t[::1] taken_ms, const double[:, ::1] constants, double[:, ::1] state, int64_t[::1] seen_ms, double max_gap_s,
):
    cdef Py_ssize_t moved
    with nogil:
        moved = _update(load_pu, oil_load_pu, ambient_cel, taken_ms, constants, state, seen_ms, max_gap_s)
    return moved
