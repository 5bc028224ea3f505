"""Checks a profile against its golden bytes: what the document says must be what the profile decodes."""

from __future__ import annotations

import struct

from firmware_profiles.coding import decode_point
from firmware_profiles.schema import Golden, Profile


def golden_problems(profile: Profile) -> list[str]:
    """One line for each golden value that the profile does not reproduce; also for points without any."""
    return [f"golden {number} ({golden.origin}): {problem}" for number, golden in enumerate(profile.golden, start=1) for problem in _check(profile, golden)]


def _check(profile: Profile, golden: Golden) -> list[str]:
    if not golden.values:
        return ["no values: say what the bytes mean"]
    try:
        function, address, data = _registers(golden)
    except ValueError as exc:
        return [str(exc)]
    problems = []
    for key, expected in golden.values:
        points = [point for point in profile.points_at(function, address, len(data) // 2) if point.key == key]
        if not points:
            problems.append(f"{key}: no point of this name lies in words 0x{address:04X}..0x{address + len(data) // 2 - 1:04X}")
        for point in points:
            start = 2 * (point.address - address)
            found = decode_point(point, data[start : start + 2 * point.words]).value
            if not _equal(found, expected):
                problems.append(f"{key} at 0x{point.address:04X}: decoded {found} {point.unit}, the document says {expected}")
    return problems


def _equal(found: float | int | str | None, expected: float | str | None) -> bool:
    return found is None and expected is None if found is None or expected is None else found == expected


def _registers(golden: Golden) -> tuple[int, int, bytes]:
    """Function, first address and register bytes of the golden case."""
    if golden.words:
        if len(golden.words) % 2:
            raise ValueError("words: a register has two bytes")
        return golden.function, golden.address, golden.words
    request, response = golden.request, golden.response
    if len(request) != 8 or len(response) < 5:
        raise ValueError("give request and response as whole RTU frames, or words with their address")
    for name, frame in (("request", request), ("response", response)):
        if _crc16(frame) != 0:
            raise ValueError(f"{name}: the CRC of {frame.hex(' ')} is wrong; compare with the document")
    _, function, address, count = struct.unpack_from(">BBHH", request)
    if response[1] != function or response[2] != 2 * count or len(response) != 5 + 2 * count:
        raise ValueError("the response does not answer the request")
    return function, address, response[3:-2]


def _crc16(frame: bytes) -> int:
    # a profile check needs no kernel, and this package imports nothing of ours; Modbus over Serial Line V1.02, 6.2.2
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc
