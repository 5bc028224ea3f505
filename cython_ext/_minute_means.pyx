"""The loop of minute means; ``_minute_means_reference`` says what is right."""

from libc.stdint cimport int32_t, int64_t
from libc.math cimport isfinite


cdef Py_ssize_t _update(
    const double[::1] power_w, const double[::1] reactive_var, const double[::1] voltage_v,
    const int64_t[::1] taken_ms, const signed char[::1] judged,
    int64_t[::1] seen_ms, int64_t[::1] first_ms, int32_t[::1] count, double[:, ::1] sums,
    double[:, ::1] means, int64_t[::1] mean_ms, signed char[::1] done,
) noexcept nogil:
    cdef Py_ssize_t i, k, finished = 0
    cdef int64_t now_ms
    for i in range(power_w.shape[0]):
        done[i] = 0
        now_ms = taken_ms[i]
        if now_ms == seen_ms[i] or now_ms < 0 or not judged[i] or not isfinite(power_w[i]):
            continue
        if now_ms < seen_ms[i]:
            count[i] = 0
        seen_ms[i] = now_ms
        if count[i] > 0 and now_ms // 60000 != first_ms[i] // 60000:
            for k in range(3):
                means[k, i] = sums[k, i] / count[i]
            mean_ms[i] = first_ms[i]
            done[i] = 1
            count[i] = 0
            finished += 1
        if count[i] == 0:
            first_ms[i] = now_ms
            for k in range(3):
                sums[k, i] = 0.0
        sums[0, i] += power_w[i]
        sums[1, i] += reactive_var[i]
        sums[2, i] += voltage_v[i]
        count[i] += 1
    return finished


def update_minutes(
    const double[::1] power_w, const double[::1] reactive_var, const double[::1] voltage_v,
    const int64_t[::1] taken_ms, const signed char[::1] judged,
    int64_t[::1] seen_ms, int64_t[::1] first_ms, int32_t[::1] count, double[:, ::1] sums,
    double[:, ::1] means, int64_t[::1] mean_ms, signed char[::1] done,
):
    cdef Py_ssize_t finished
    with nogil:
        finished = _update(
            power_w, reactive_var, voltage_v, taken_ms, judged, seen_ms, first_ms, count, sums, means, mean_ms, done
        )
    return finished
