"""The silence loop; ``_silence_reference`` says what is right."""

from libc.stdint cimport int32_t, int64_t


cdef Py_ssize_t _mark(
    const int32_t[::1] polls_failed, const int64_t[::1] first_failed_ms, const signed char[::1] reachable,
    signed char[::1] silent, int64_t now_ms, int32_t min_polls, int64_t min_ms,
) noexcept nogil:
    cdef Py_ssize_t i, count = 0
    cdef int64_t first_ms
    for i in range(silent.shape[0]):
        first_ms = first_failed_ms[i]
        # & and |, not and/or: without branches the loop runs over several elements at once
        silent[i] = (reachable[i] != 0) & (polls_failed[i] >= min_polls) & (first_ms >= 0) & (
            (now_ms - first_ms >= min_ms) | (first_ms > now_ms)
        )
        count += silent[i]
    return count


def mark_silent(
    const int32_t[::1] polls_failed, const int64_t[::1] first_failed_ms, const signed char[::1] reachable,
    signed char[::1] silent, int64_t now_ms, int32_t min_polls, int64_t min_ms,
):
    cdef Py_ssize_t count
    with nogil:
        count = _mark(polls_failed, first_failed_ms, reachable, silent, now_ms, min_polls, min_ms)
    return count
