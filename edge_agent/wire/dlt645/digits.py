"""Digits on the wire: two in a byte, low byte first."""

from __future__ import annotations

from edge_agent.errors import FrameError


def text_to_wire(text: str, size: int) -> bytes:
    """``size`` bytes from hexadecimal digits in natural order. Raises ValueError on another length."""
    field = bytes.fromhex(text)[::-1]
    if len(field) != size:
        raise ValueError(f"{text!r} has {len(text)} digits: {2 * size} are expected")
    return field


def text_from_wire(field: bytes) -> str:
    return field[::-1].hex().upper()


def bcd_numbers(field: bytes) -> list[int]:
    """One number 0..99 a byte. Raises FrameError where a digit is none."""
    digits = field.hex()
    if digits and not digits.isdigit():
        raise FrameError(f"{field.hex(' ')} is no BCD")
    return [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]


def to_bcd(*numbers: int) -> bytes:
    """One byte a number. Raises ValueError outside 0..99."""
    if not all(0 <= number <= 99 for number in numbers):
        raise ValueError(f"{numbers}: two digits are expected")
    return bytes.fromhex("".join(f"{number:02d}" for number in numbers))
