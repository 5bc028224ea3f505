"""Checks a DL/T 645 profile against whole frames of documents and captures, with a reader of frames of its own."""

from __future__ import annotations

from firmware_profiles.dlt645 import IDENTIFIER_DIGITS, DataPoint
from firmware_profiles.dlt645_coding import decode_data_point
from firmware_profiles.schema import Golden, Profile

_START, _END, _PREAMBLE = 0x68, 0x16, b"\xfe"
_CONTROL_AT, _LENGTH_AT, _DATA_AT, _OVERHEAD = 8, 9, 10, 12
_READ_REPLIES = {8: (0x91, 0xB1), 4: (0x81, 0xA1)}     # by digits of the identifier; section 7 of both standards


def dlt645_golden_problems(profile: Profile, *, all_points_read: bool = True) -> list[str]:
    """One line for each golden value that the profile does not reproduce, as ``golden_problems`` of the Modbus profiles."""
    return [
        f"golden {number} ({golden.origin}): {problem}"
        for number, golden in enumerate(profile.golden, start=1)
        for problem in _check(profile, golden, all_points_read)
    ]


def _check(profile: Profile, golden: Golden, all_points_read: bool) -> list[str]:
    try:
        identifier, payload = _identifier_and_payload(golden.frame, IDENTIFIER_DIGITS.get(profile.protocol, 8))
        found = _points_in(profile, identifier, payload)
    except ValueError as exc:
        return [str(exc)]
    problems = []
    for key, expected in golden.values:
        matching = [(point, data) for point, data in found if point.key == key]
        if not matching and all_points_read:
            problems.append(f"{key}: no such point in the reply to {identifier}; correct the name, the frame or the point")
        for point, data in matching:
            value = decode_data_point(point, data).value
            if value != expected:
                problems.append(
                    f"{key} at {point.identifier}: decoded {_shown(value)} {point.unit}, the document says {_shown(expected)};"
                    " correct bytes, scale, sign or value"
                )
    return problems


def _identifier_and_payload(given: bytes, digits: int) -> tuple[str, bytes]:
    """Raises ValueError where the bytes are no reply to a read."""
    frame = given.lstrip(_PREAMBLE)
    if not frame:
        raise ValueError("no bytes; give frame as the whole reply, from 68 to 16")
    if len(frame) < _OVERHEAD or frame[0] != _START or frame[7] != _START or frame[-1] != _END:
        raise ValueError(f"frame {frame.hex(' ')[:60]} is no frame 68 .. 68 .. 16; compare with the document")
    if len(frame) != _OVERHEAD + frame[_LENGTH_AT]:
        raise ValueError(f"the length byte says {frame[_LENGTH_AT]} data bytes, {len(frame) - _OVERHEAD} are there; add or remove some")
    if sum(frame[:-2]) & 0xFF != frame[-2]:
        raise ValueError(f"the sum is {frame[-2]:02x}, the bytes give {sum(frame[:-2]) & 0xFF:02x}; compare with the document")
    if frame[_CONTROL_AT] not in _READ_REPLIES[digits]:
        raise ValueError(f"control code {frame[_CONTROL_AT]:02x} is no reply to a read of this protocol; give the reply of the meter")
    data = bytes((byte - 0x33) & 0xFF for byte in frame[_DATA_AT:-2])
    size = digits // 2
    if len(data) <= size:
        raise ValueError("the reply carries no value; give one that does")
    return data[:size][::-1].hex().upper(), data[size:]


def _points_in(profile: Profile, identifier: str, payload: bytes) -> list[tuple[DataPoint, bytes]]:
    """Raises ValueError where the reply fits neither point nor block."""
    for block in profile.data_blocks:
        if block.identifier == identifier:
            return block.split_payload(payload)
    found = [(point, payload) for point in profile.data_points if point.identifier == identifier]
    for point, data in found:
        if len(data) != point.size:
            raise ValueError(f"{point.key}: the reply to {identifier} has {len(data)} bytes, the point {point.size}; correct bytes")
    return found


def _shown(value: float | str | None) -> str:
    return "no value" if value is None else str(value)
