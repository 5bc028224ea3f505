"""TEIs as a bitmap on the line."""

from __future__ import annotations

import random

import pytest

from simulator.hplc.gasp.bitmap import bits_of, decode_bitmap, encode_bitmap, teis_of


def test_bit_0_of_the_bitmap_is_the_start_tei() -> None:
    # worked out by hand from the layout: start TEI 16 bits, bitmap with bit 0 = start TEI
    assert encode_bitmap(bits_of([300, 301, 309])) == bytes([0x2C, 0x01, 0b0000_0011, 0b0000_0010])
    assert decode_bitmap(bytes([0x2C, 0x01, 0b0000_0011, 0b0000_0010])) == bits_of([300, 301, 309])


def test_every_set_of_teis_survives_the_line() -> None:
    seed = 7
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(500):
        teis = sorted(chance.sample(range(1, 1016), chance.randint(1, 60)))
        found = decode_bitmap(encode_bitmap(bits_of(teis)))
        assert found is not None
        assert list(teis_of(found)) == teis


def test_a_bitmap_of_all_stations_fits() -> None:
    assert len(encode_bitmap(bits_of(range(1, 1016)))) == 2 + 127


@pytest.mark.parametrize(
    "data", [b"", b"\x01\x00", b"\x00\x00\x01", b"\x01\x00\x00", b"\xf7\x03\x02", b"\xff\xff\x01", b"\x01\x00" + b"\x01" * 200],
    ids=["empty", "no bitmap", "TEI 0", "no bit", "TEI 1016", "start beyond all", "too long"],
)
def test_what_names_no_possible_tei_is_none(data: bytes) -> None:
    assert decode_bitmap(data) is None


@pytest.mark.parametrize("tei", [0, 1016])
def test_a_tei_that_there_cannot_be_is_an_error(tei: int) -> None:
    with pytest.raises(ValueError, match="1 to 1015"):
        bits_of([tei])
