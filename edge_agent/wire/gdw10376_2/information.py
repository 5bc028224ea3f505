"""Information field R: six bytes, one layout down and another up.

Source: Q/GDW 10376.2-2024 section 6.2, tables 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass

INFORMATION_BYTES = 6
MODULE_FLAG = 0x04
# "Reserved bits are 0": kept apart, so that a capture with others encodes to its own bytes.
_UP_UNUSED = int.from_bytes(bytes.fromhex("0af00000fe00"), "little")
_NOTHING_UNUSED = bytes(INFORMATION_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class DownInfo:
    """R of a frame to the module. ``rate`` is in bit/s, or kbit/s with ``rate_is_kbit``; 0 on HPLC, as are channel and coding."""

    sequence: int
    without_route: bool = False
    has_subordinates: bool = False
    detects_conflict: bool = False
    relay_level: int = 0
    channel: int = 0
    coding: int = 0
    expected_reply_bytes: int = 0
    rate: int = 0
    rate_is_kbit: bool = False

    def to_bytes(self, has_addresses: bool) -> bytes:
        """Six bytes; ``has_addresses`` is the module flag. Raises ValueError for a number that its bits cannot hold."""
        flags = self.without_route | self.has_subordinates << 1 | has_addresses << 2 | self.detects_conflict << 3
        if not 0 <= self.rate < 0x8000:
            raise ValueError(f"rate {self.rate} does not fit 15 bits")
        speed = (self.rate | self.rate_is_kbit << 15).to_bytes(2, "little")
        first = bytes([flags | _nibble(self.relay_level, "relay level") << 4, _nibbles(self.channel, self.coding, "channel and coding")])
        return first + bytes([self.expected_reply_bytes]) + speed + bytes([self.sequence])

    @classmethod
    def parse(cls, wire: bytes) -> DownInfo:
        speed = int.from_bytes(wire[3:5], "little")
        return cls(
            sequence=wire[5],
            without_route=bool(wire[0] & 1),
            has_subordinates=bool(wire[0] & 2),
            detects_conflict=bool(wire[0] & 8),
            relay_level=wire[0] >> 4,
            channel=wire[1] & 15,
            coding=wire[1] >> 4,
            expected_reply_bytes=wire[2],
            rate=speed & 0x7FFF,
            rate_is_kbit=bool(speed >> 15),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpInfo:
    """R of a frame from the module.

    ``phase`` 0 unknown, 1-3; ``meter_channel`` 1-3 single-phase supply with 1-3 channels, 4 three-phase; qualities 0 none, 1 worst,
    15 best. ``unused`` holds the six bytes with everything but the reserved bits masked out.
    """

    sequence: int
    without_route: bool = False
    relay_level: int = 0
    channel: int = 0
    phase: int = 0
    meter_channel: int = 0
    command_quality: int = 0
    reply_quality: int = 0
    event_pending: bool = False
    unused: bytes = _NOTHING_UNUSED

    def to_bytes(self, has_addresses: bool) -> bytes:
        """Six bytes; ``has_addresses`` is the module flag. Raises ValueError for a number that its bits cannot hold."""
        used = bytes(
            [
                self.without_route | has_addresses << 2 | _nibble(self.relay_level, "relay level") << 4,
                _nibble(self.channel, "channel"),
                _nibbles(self.phase, self.meter_channel, "phase and meter channel"),
                _nibbles(self.command_quality, self.reply_quality, "quality"),
                self.event_pending,
                self.sequence,
            ]
        )
        return (int.from_bytes(used, "little") | _unused_bits(self.unused)).to_bytes(INFORMATION_BYTES, "little")

    @classmethod
    def parse(cls, wire: bytes) -> UpInfo:
        return cls(
            sequence=wire[5],
            without_route=bool(wire[0] & 1),
            relay_level=wire[0] >> 4,
            channel=wire[1] & 15,
            phase=wire[2] & 15,
            meter_channel=wire[2] >> 4,
            command_quality=wire[3] & 15,
            reply_quality=wire[3] >> 4,
            event_pending=bool(wire[4] & 1),
            unused=_unused_bits(wire).to_bytes(INFORMATION_BYTES, "little"),
        )


def _unused_bits(information: bytes) -> int:
    return int.from_bytes(information, "little") & _UP_UNUSED


def _nibble(value: int, what: str) -> int:
    if not 0 <= value <= 15:
        raise ValueError(f"{what} {value} does not fit 4 bits")
    return value


def _nibbles(low: int, high: int, what: str) -> int:
    return _nibble(low, what) | _nibble(high, what) << 4
