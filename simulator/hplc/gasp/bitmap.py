"""Sets of TEIs as one integer, bit k for TEI k: a union is an OR. On the line: start TEI and bitmap, bit 0 = start TEI."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.hplc.network.settings import LAST_TEI

ALL_TEIS = (1 << LAST_TEI + 1) - 2          # 1 to 1015
MOST_BYTES = LAST_TEI // 8 + 1


def bits_of(teis: Iterable[int]) -> int:
    """The set of these TEIs. Raises ValueError for one outside 1 to 1015."""
    bits = 0
    for tei in teis:
        if not 1 <= tei <= LAST_TEI:
            raise ValueError(f"TEI {tei}: 1 to {LAST_TEI} are possible")
        bits |= 1 << tei
    return bits


def teis_of(bits: int) -> tuple[int, ...]:
    """The TEIs of a set, ascending."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return tuple(found)


def encode_bitmap(bits: int) -> bytes:
    """Start TEI (2 bytes, little-endian) and as many bytes of bitmap as the last TEI needs. Raises ValueError for an empty set."""
    if not bits or bits & ~ALL_TEIS:
        raise ValueError("a bitmap holds at least one TEI, and none but 1 to 1015")
    start = (bits & -bits).bit_length() - 1
    above = bits >> start
    return start.to_bytes(2, "little") + above.to_bytes((above.bit_length() + 7) // 8, "little")


def decode_bitmap(data: bytes) -> int | None:
    """None for what is too short or long, names no TEI, or names one that there cannot be."""
    if not 3 <= len(data) <= 2 + MOST_BYTES:
        return None
    bits = int.from_bytes(data[2:], "little") << int.from_bytes(data[:2], "little")
    return bits if bits and not bits & ~ALL_TEIS else None
