"""Event ids: UUID version 7 (RFC 9562, 5.7), so that they sort by time; time and randomness are given."""

from __future__ import annotations

import random


class EventIds:
    """32 hexadecimal digits, usable in a topic. Ids of the same millisecond still differ by 74 random bits."""

    def __init__(self, source: random.Random) -> None:
        self._source = source

    def new(self, utc_ms: int) -> str:
        time_bits = utc_ms & (1 << 48) - 1
        value = time_bits << 80 | 0x7 << 76 | self._source.getrandbits(12) << 64 | 0b10 << 62 | self._source.getrandbits(62)
        return f"{value:032x}"
