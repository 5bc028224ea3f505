"""The loop of peer medians; ``_peer_median_reference`` says what is right."""

from libc.math cimport isfinite, NAN
from libc.stdint cimport int32_t


cdef void _sort(double[::1] work, Py_ssize_t count) noexcept nogil:
    """Shell sort with Ciura's gaps: no stack, no allocation."""
    cdef Py_ssize_t[8] gaps
    gaps[0], gaps[1], gaps[2], gaps[3], gaps[4], gaps[5], gaps[6], gaps[7] = 701, 301, 132, 57, 23, 10, 4, 1
    cdef Py_ssize_t g, gap, i, j, wide = 701
    cdef double held
    while wide * 9 // 4 < count:
        wide = wide * 9 // 4
    while wide > 701:
        for i in range(wide, count):
            held = work[i]
            j = i
            while j >= wide and work[j - wide] > held:
                work[j] = work[j - wide]
                j -= wide
            work[j] = held
        wide = wide * 4 // 9
    for g in range(8):
        gap = gaps[g]
        for i in range(gap, count):
            held = work[i]
            j = i
            while j >= gap and work[j - gap] > held:
                work[j] = work[j - gap]
                j -= gap
            work[j] = held


cdef Py_ssize_t _first_at_least(const double[::1] work, Py_ssize_t count, double value) noexcept nogil:
    cdef Py_ssize_t low = 0, high = count, middle
    while low < high:
        middle = (low + high) // 2
        if work[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


cdef Py_ssize_t _medians(
    const double[::1] value, const int32_t[::1] members, const int32_t[::1] member_starts,
    const int32_t[::1] users, const int32_t[::1] user_starts, double[::1] work, double[::1] out,
    Py_ssize_t min_peers, double min_share,
) noexcept nogil:
    cdef Py_ssize_t i, group, count, own, half, low, high, found = 0
    cdef int32_t user
    for i in range(out.shape[0]):
        out[i] = NAN
    for group in range(member_starts.shape[0] - 1):
        count = 0
        for i in range(member_starts[group], member_starts[group + 1]):
            if isfinite(value[members[i]]):
                work[count] = value[members[i]] + 0.0      # no -0: equal values have the same bits
                count += 1
        if count - 1 < min_peers or count < min_share * (member_starts[group + 1] - member_starts[group]):
            continue
        _sort(work, count)
        half = (count - 1) // 2
        for i in range(user_starts[group], user_starts[group + 1]):
            user = users[i]
            if not isfinite(value[user]):
                continue
            own = _first_at_least(work, count, value[user])
            high = half if half < own else half + 1
            if (count - 1) % 2:
                out[user] = work[high]
            else:
                low = half - 1 if half - 1 < own else half
                out[user] = 0.5 * (work[low] + work[high])
            found += 1
    return found


def peer_median(
    const double[::1] value, const int32_t[::1] members, const int32_t[::1] member_starts,
    const int32_t[::1] users, const int32_t[::1] user_starts, double[::1] work, double[::1] out,
    Py_ssize_t min_peers, double min_share,
):
    cdef Py_ssize_t found
    with nogil:
        found = _medians(value, members, member_starts, users, user_starts, work, out, min_peers, min_share)
    return found
