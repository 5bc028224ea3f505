"""The half-cycle counter; ``_half_cycles_reference`` says what is right."""

from libc.stdint cimport int32_t, uint64_t

cdef extern from *:
    int __builtin_popcountll(unsigned long long) nogil
    int __builtin_clzll(unsigned long long) nogil

cdef uint64_t HIGH = ((<uint64_t> 1) << 36) - 1      # 100 slots = 64 + 36
cdef uint64_t HALF = ((<uint64_t> 1) << 50) - 1

cdef struct Ring:
    uint64_t low
    uint64_t high


cdef inline Ring _load(const uint64_t[:, ::1] rings, Py_ssize_t n, Py_ssize_t ring) noexcept nogil:
    cdef Ring found
    found.low = rings[n, 2 * ring]
    found.high = rings[n, 2 * ring + 1]
    return found


cdef inline Ring _older(Ring ring) noexcept nogil:
    ring.high = (ring.high << 1 | ring.low >> 63) & HIGH
    ring.low = ring.low << 1
    return ring


cdef inline int _size(Ring ring) noexcept nogil:
    return __builtin_popcountll(ring.low) + __builtin_popcountll(ring.high)


cdef inline int _newer_than_oldest(Ring ring, Ring of) noexcept nogil:
    if of.high != 0:
        return __builtin_popcountll(ring.low) + __builtin_popcountll(
            ring.high & (((<uint64_t> 1) << (63 - __builtin_clzll(of.high))) - 1)
        )
    if of.low != 0:
        return __builtin_popcountll(ring.low & (((<uint64_t> 1) << (63 - __builtin_clzll(of.low))) - 1))
    return 0


cdef void _count(const signed char[:, ::1] codes, uint64_t[:, ::1] rings, int32_t[:, :, ::1] out) noexcept nogil:
    cdef Py_ssize_t n, w
    cdef signed char code
    cdef Ring arcing, missing, moved, steady, returned
    for n in range(codes.shape[0]):
        arcing = _load(rings, n, 0)
        missing = _load(rings, n, 1)
        moved = _load(rings, n, 2)
        steady = _load(rings, n, 3)
        returned = _load(rings, n, 4)
        for w in range(codes.shape[1]):
            code = codes[n, w]
            arcing = _older(arcing)
            missing = _older(missing)
            moved = _older(moved)
            steady = _older(steady)
            returned = _older(returned)
            if code == 4:
                missing.low |= 1
            else:
                if (1 <= code <= 3 or code == 5) and (missing.low | missing.high) != 0:
                    arcing.low |= missing.low
                    arcing.high |= missing.high
                    moved.low |= 1
                missing.low = 0
                missing.high = 0
                if 1 <= code <= 3:
                    arcing.low |= 1
                if code == 2:
                    moved.low |= 1
                if code == 3:
                    steady.low |= 1
                if code == 0 or code == 5:
                    returned.low |= 1
            out[n, w, 0] = __builtin_popcountll(arcing.low & HALF)
            out[n, w, 1] = _size(arcing)
            out[n, w, 2] = _size(moved)
            out[n, w, 3] = _size(steady)
            out[n, w, 4] = _newer_than_oldest(returned, arcing)
        rings[n, 0], rings[n, 1] = arcing.low, arcing.high
        rings[n, 2], rings[n, 3] = missing.low, missing.high
        rings[n, 4], rings[n, 5] = moved.low, moved.high
        rings[n, 6], rings[n, 7] = steady.low, steady.high
        rings[n, 8], rings[n, 9] = returned.low, returned.high


def count_half_cycles(const signed char[:, ::1] codes, uint64_t[:, ::1] rings, int32_t[:, :, ::1] out):
    with nogil:
        _count(codes, rings, out)
