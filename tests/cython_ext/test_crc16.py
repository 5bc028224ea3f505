"""CRC-16 of Modbus: printed frames, and the kernel against its plain twin."""

import random

import pytest

from cython_ext import _crc16_reference
from cython_ext.crc16 import crc16_modbus


@pytest.mark.parametrize(
    ("body", "crc_on_the_wire"),
    [
        ("02 07", "41 12"),                   # Modbus over Serial Line V1.02, 6.2.2: the worked example
        ("01 04 00 00 00 02", "71 cb"),       # Eastron SDM630 protocol document: request of phase 1 volts
        ("01 03 00 00 00 0a", "c5 cd"),
    ],
)
def test_crc_is_the_one_that_documents_print(body: str, crc_on_the_wire: str):
    assert crc16_modbus(bytes.fromhex(body)).to_bytes(2, "little") == bytes.fromhex(crc_on_the_wire)


def test_crc_of_nothing_is_the_start_value():
    assert crc16_modbus(b"") == 0xFFFF


def test_crc_over_a_frame_with_its_crc_is_zero():
    body = bytes.fromhex("01 04 04 43 66 33 34")
    assert crc16_modbus(body + crc16_modbus(body).to_bytes(2, "little")) == 0


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_kernel_and_plain_twin_agree(form: type):
    rng = random.Random(20)
    for length in [*range(1, 40), 255, 256, 5000]:
        data = rng.randbytes(length)
        assert crc16_modbus(form(data)) == _crc16_reference.crc16(data), f"{length} bytes, seed 20: {data[:16].hex()}"


def test_one_flipped_bit_changes_the_crc():
    data = bytearray(random.Random(21).randbytes(64))
    right = crc16_modbus(data)
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        assert crc16_modbus(data) != right
        data[bit // 8] ^= 1 << bit % 8
