"""CRC-32C against published values, and the loop against its plain twin."""

import random

import pytest

from cython_ext import _crc32c_reference
from cython_ext.crc32c import crc32c

# RFC 3720, appendix B.4; the first is the check value of the CRC catalogue
PUBLISHED = {
    "123456789": (b"123456789", 0xE3069283),
    "32 bytes of zeros": (bytes(32), 0x8A9136AA),
    "32 bytes of ones": (b"\xff" * 32, 0x62A8AB43),
    "32 incrementing bytes": (bytes(range(32)), 0x46DD794E),
    "32 decrementing bytes": (bytes(range(31, -1, -1)), 0x113FDB5C),
    "iSCSI read command": (
        bytes.fromhex("01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018 28000000 00000000 02000000 00000000"),
        0xD9963A56,
    ),
    "nothing": (b"", 0),
}


@pytest.mark.parametrize(("data", "expected"), PUBLISHED.values(), ids=PUBLISHED)
def test_published_values(data, expected):
    assert crc32c(data) == expected
    assert _crc32c_reference.crc32c(data) == expected


def test_loop_and_twin_agree_at_every_length_and_alignment():
    chance = random.Random(1)
    data = chance.randbytes(300)
    for start in range(9):
        for length in (*range(40), 255, 256, 257):
            piece = memoryview(data)[start : start + length]
            assert crc32c(piece) == _crc32c_reference.crc32c(piece)


def test_a_check_over_pieces_is_that_of_the_whole():
    data = random.Random(2).randbytes(1000)
    for cut in (0, 1, 7, 8, 500, 1000):
        assert crc32c(data[cut:], crc32c(data[:cut])) == crc32c(data)
        assert _crc32c_reference.crc32c(data[cut:], _crc32c_reference.crc32c(data[:cut])) == crc32c(data)


def test_one_wrong_bit_changes_the_value():
    data = bytearray(random.Random(3).randbytes(200))
    right = crc32c(data)
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        assert crc32c(data) != right
        data[bit // 8] ^= 1 << bit % 8
