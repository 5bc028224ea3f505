"""Checks a profile against its golden bytes: what the document says must be what the profile decodes."""

from __future__ import annotations

import struct

from firmware_profiles.coding import decode_point
from firmware_profiles.schema import Golden, Point, Profile

_REQUEST_BYTES = 8
_RESPONSE_OVERHEAD_BYTES = 5    # unit, function, byte count, CRC


def golden_problems(profile: Profile, *, all_points_read: bool = True) -> list[str]:
    """One line for each golden value that the profile does not reproduce.

    ``all_points_read``: False while some points of the file are wrong, so that a value without point may belong to one of them.
    """
    return [
        f"golden {number} ({golden.origin}): {problem}"
        for number, golden in enumerate(profile.golden, start=1)
        for problem in _check(profile, golden, all_points_read)
    ]


def _check(profile: Profile, golden: Golden, all_points_read: bool) -> list[str]:
    try:
        function, address, data = _registers(golden)
    except ValueError as exc:
        return [str(exc)]
    words = len(data) // 2
    problems = []
    for key, expected in golden.values:
        points = [point for point in profile.points_at(function, address, words) if point.key == key]
        if not points and all_points_read:
            problems.append(
                f"{key}: no such point in the words 0x{address:04X}..0x{address + words - 1:04X} of function {function:02};"
                " correct the name, the bytes or the point"
            )
        for point in points:
            start = 2 * (point.address - address)
            found = decode_point(point, data[start : start + 2 * point.words]).value
            if not _equal(point, found, expected):
                problems.append(
                    f"{key} at 0x{point.address:04X}: decoded {_shown(found)} {point.unit}, the document says {_shown(expected)};"
                    " correct type, word order, scale or value"
                )
    return problems


def _equal(point: Point, found: float | str | None, expected: float | str | None) -> bool:
    if isinstance(found, float) and isinstance(expected, int | float) and point.type == "f32" and point.scale == 1:
        # documents print float32 with more or fewer digits than the shortest
        return found == expected or _f32(found) == _f32(expected) != b""
    return found == expected


def _f32(value: float) -> bytes:
    try:
        return struct.pack(">f", value)
    except OverflowError:
        return b""


def _shown(value: float | str | None) -> str:
    return "no value" if value is None else str(value)


def _registers(golden: Golden) -> tuple[int, int, bytes]:
    """Function, first address and register bytes of the golden case."""
    if golden.words:
        if golden.request or golden.response:
            raise ValueError("has words and frames; give one of them")
        if len(golden.words) % 2:
            raise ValueError("words: a register has two bytes; add the missing one")
        return golden.function, golden.address, golden.words
    request, response = golden.request, golden.response
    if len(request) != _REQUEST_BYTES or len(response) < _RESPONSE_OVERHEAD_BYTES:
        raise ValueError("no bytes; give request and response as whole RTU frames, or words with their address")
    for name, frame in (("request", request), ("response", response)):
        if _crc16(frame) != 0:
            raise ValueError(f"{name}: the CRC of {frame.hex(' ')} is wrong; compare with the document")
    _, function, address, count = struct.unpack_from(">BBHH", request)
    if response[:2] != request[:2] or response[2] != 2 * count or len(response) != _RESPONSE_OVERHEAD_BYTES + 2 * count:
        raise ValueError("the response does not answer the request; compare unit, function and count")
    return function, address, response[3:-2]


def _crc16(frame: bytes) -> int:
    # a profile check needs no kernel, and this package imports nothing of ours; Modbus over Serial Line V1.02, 6.2.2
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc
