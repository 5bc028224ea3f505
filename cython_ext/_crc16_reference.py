"""Plain twin of the CRC-16 loop: bit by bit, as the standard draws it."""


def crc16(data: bytes | bytearray | memoryview) -> int:
    crc = 0xFFFF
    for byte in bytes(data):
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc
