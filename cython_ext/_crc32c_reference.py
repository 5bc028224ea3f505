"""Plain twin of the CRC-32C loop: one table look-up a byte."""


def _entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ 0x82F63B78 if value & 1 else value >> 1
    return value


_TABLE = [_entry(byte) for byte in range(256)]


def crc32c(data: bytes | bytearray | memoryview, value: int = 0) -> int:
    crc = value ^ 0xFFFFFFFF
    for byte in bytes(data):
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
