"""The CRC-32C loop: slicing by eight, so that one step takes eight bytes through eight tables."""

from libc.stdint cimport uint32_t


cdef uint32_t[8][256] TABLES


cdef void _fill_tables() noexcept nogil:
    cdef int byte, bit, k
    cdef uint32_t value
    for byte in range(256):
        value = <uint32_t>byte
        for bit in range(8):
            value = (value >> 1) ^ <uint32_t>0x82F63B78 if value & 1 else value >> 1
        TABLES[0][byte] = value
    for k in range(1, 8):
        for byte in range(256):
            value = TABLES[k - 1][byte]
            TABLES[k][byte] = (value >> 8) ^ TABLES[0][value & 0xFF]


_fill_tables()


cdef uint32_t _crc32c(const unsigned char *data, Py_ssize_t length, uint32_t crc) noexcept nogil:
    cdef Py_ssize_t i = 0
    while length - i >= 8:
        # bytes are joined by hand: the same on every byte order, and no unaligned load
        crc ^= (
            <uint32_t>data[i] | (<uint32_t>data[i + 1] << 8) | (<uint32_t>data[i + 2] << 16) | (<uint32_t>data[i + 3] << 24)
        )
        crc = (
            TABLES[7][crc & 0xFF] ^ TABLES[6][(crc >> 8) & 0xFF] ^ TABLES[5][(crc >> 16) & 0xFF] ^ TABLES[4][crc >> 24]
            ^ TABLES[3][data[i + 4]] ^ TABLES[2][data[i + 5]] ^ TABLES[1][data[i + 6]] ^ TABLES[0][data[i + 7]]
        )
        i += 8
    while i < length:
        crc = (crc >> 8) ^ TABLES[0][(crc ^ data[i]) & 0xFF]
        i += 1
    return crc


def crc32c(const unsigned char[::1] data not None, uint32_t value=0):
    if data.shape[0] == 0:
        return value
    return _crc32c(&data[0], data.shape[0], value ^ <uint32_t>0xFFFFFFFF) ^ <uint32_t>0xFFFFFFFF
