"""The CRC-16 loop: one table look-up a byte."""

from libc.stdint cimport uint16_t


cdef uint16_t[256] TABLE


cdef void _fill_table() noexcept nogil:
    cdef int byte, bit
    cdef uint16_t value
    for byte in range(256):
        value = <uint16_t>byte
        for bit in range(8):
            value = <uint16_t>((value >> 1) ^ 0xA001) if value & 1 else <uint16_t>(value >> 1)
        TABLE[byte] = value


_fill_table()


cdef uint16_t _crc16(const unsigned char *data, Py_ssize_t length) noexcept nogil:
    cdef uint16_t crc = 0xFFFF
    cdef Py_ssize_t i
    for i in range(length):
        crc = <uint16_t>((crc >> 8) ^ TABLE[(crc ^ data[i]) & 0xFF])
    return crc


def crc16(const unsigned char[::1] data not None):
    if data.shape[0] == 0:
        return 0xFFFF
    return _crc16(&data[0], data.shape[0])
