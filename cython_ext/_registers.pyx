"""The register loop; ``_registers_reference`` says what is right."""

from libc.math cimport fabs, floor, isinf, isnan, log10
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef struct Field:                           # laid out as FIELD of registers.py
    double numerator
    double denominator
    double low
    double high
    uint64_t markers[2]
    int32_t offset
    int32_t column
    int32_t shift
    int8_t kind
    int8_t high_word_first
    int8_t n_markers

cdef enum:
    I16 = 1
    U32 = 2
    I32 = 3
    U64 = 4
    F32 = 6
    GIVEN = 0
    NOT_AVAILABLE = 1
    IMPLAUSIBLE = 2
    UNDECIDED = 3

cdef double EXACT = 9007199254740992.0       # 2^53: up to here each integer is a double
cdef int LARGEST_POWER = 22                  # 10^22 is the last power of ten that is a double
cdef int EXACT_PLACES = 12                   # 24 bits x 5^12 fit 53 bits: the product is exact
cdef double[23] POWER


cdef void _fill_powers() noexcept nogil:
    cdef int exponent
    POWER[0] = 1.0
    for exponent in range(1, LARGEST_POWER + 1):
        POWER[exponent] = POWER[exponent - 1] * 10.0     # each of them exact


_fill_powers()


cdef inline double _times_power(double whole, int exponent) noexcept nogil:
    """``whole`` x 10^exponent, rounded once; |exponent| <= LARGEST_POWER, |whole| <= EXACT."""
    return whole * POWER[exponent] if exponent >= 0 else whole / POWER[-exponent]


cdef uint64_t _raw(const unsigned char *data, int words, bint high_word_first) noexcept nogil:
    cdef uint64_t raw = 0
    cdef int word, at
    for word in range(words):
        at = 2 * (word if high_word_first else words - 1 - word)
        raw = raw << 16 | <uint64_t>data[at] << 8 | <uint64_t>data[at + 1]
    return raw


cdef int _shortest(float value, int shift, double *si) noexcept nogil:
    """The shortest decimal within the rounding interval of ``value``, times 10^shift; of two as short the nearer one."""
    cdef double size = fabs(<double>value), below, above, scaled, whole, rest, low, high
    cdef bint has_low, has_high
    cdef int digits, places, head
    cdef uint32_t bits
    cdef float neighbour, magnitude = <float>size
    if size == 0.0:
        si[0] = 0.0
        return GIVEN
    if not 1e-6 <= size < 1e15:
        return UNDECIDED
    memcpy(&bits, &magnitude, 4)
    bits -= 1
    memcpy(&neighbour, &bits, 4)
    below = (size + <double>neighbour) / 2.0         # both borders of the interval are exact doubles
    bits += 2
    memcpy(&neighbour, &bits, 4)
    above = (size + <double>neighbour) / 2.0
    head = <int>floor(log10(size))
    for digits in range(1, 10):
        places = digits - 1 - head
        if places > LARGEST_POWER or places - shift > LARGEST_POWER or shift - places > LARGEST_POWER:
            return UNDECIDED
        scaled = _times_power(size, places)
        whole = floor(scaled)
        low, high = _times_power(whole, -places), _times_power(whole + 1.0, -places)
        if low == below or low == above or high == below or high == above:
            return UNDECIDED                         # on a border only exact arithmetic knows
        has_low, has_high = below < low < above, below < high < above
        if has_low and has_high:
            rest = scaled - whole - 0.5
            if not 0 <= places <= EXACT_PLACES and fabs(rest) < 1e-5:
                return UNDECIDED
            has_low = rest < 0.0 or rest == 0.0 and <int64_t>whole % 2 == 0     # half-way: the even one
        if has_low or has_high:
            if not has_low:
                whole += 1.0
            si[0] = _times_power(whole if value > 0 else -whole, shift - places)
            return GIVEN
    return UNDECIDED


cdef int _decode(const unsigned char *data, const Field *field, double *si) noexcept nogil:
    cdef int words = 1 if field.kind < U32 else 2 if field.kind < U64 or field.kind == F32 else 4
    cdef uint64_t raw = _raw(data, words, field.high_word_first)
    cdef uint32_t bits = <uint32_t>raw
    cdef int64_t whole = <int64_t>raw
    cdef int marker
    cdef double product
    cdef float value
    for marker in range(field.n_markers):
        if field.markers[marker] == raw:
            return NOT_AVAILABLE
    if field.kind == F32:
        memcpy(&value, &bits, 4)
        if isnan(value):
            return NOT_AVAILABLE
        return IMPLAUSIBLE if isinf(value) else _shortest(value, field.shift, si)
    if field.kind == U64 and raw >> 63:
        return UNDECIDED
    if field.kind == I16:
        whole = <int16_t>raw
    elif field.kind == I32:
        whole = <int32_t>raw
    product = <double>whole * field.numerator
    if fabs(<double>whole) >= EXACT or fabs(product) >= EXACT:
        return UNDECIDED
    si[0] = product / field.denominator + 0.0        # + 0.0: no negative zero
    return GIVEN


cdef Py_ssize_t _decode_all(
    const unsigned char *data, const Field *fields, Py_ssize_t n, double *values, int8_t *status,
) noexcept nogil:
    cdef Py_ssize_t i, doubtful = 0
    cdef int code
    cdef double si = 0.0
    for i in range(n):
        code = _decode(data + fields[i].offset, &fields[i], &si)
        if code == GIVEN:
            if fields[i].low <= si <= fields[i].high:
                values[fields[i].column] = si
            else:
                code = IMPLAUSIBLE
        status[i] = <int8_t>code
        doubtful += code != GIVEN
    return doubtful


FIELD_BYTES = sizeof(Field)


def decode_registers(const unsigned char[::1] data, const unsigned char[::1] fields, double[::1] values, int8_t[::1] status):
    if not status.shape[0]:
        return 0
    return _decode_all(&data[0], <const Field *>&fields[0], status.shape[0], &values[0], &status[0])
