"""Numbers of Q/GDW 10376.2 that have a meaning by themselves: function codes, protocols, reasons, roles.

Source: Q/GDW 10376.2-2024 sections 5, 6.4, 6.5.1.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import NamedTuple

MAX_FN = 248  # 6.4.3.2: groups 0..30 of eight, the rest is undefined


class Direction(StrEnum):
    """Down: concentrator to module. Up: module to concentrator."""

    DOWN = "down"
    UP = "up"


class Code(NamedTuple):
    """What a frame is about: application function and information class."""

    afn: int
    fn: int

    def __str__(self) -> str:
        return f"{self.afn:02X}H F{self.fn}"


class CommType(IntEnum):
    """Bits 0-5 of C. Field captures also show 0 and 7, so frames carry a plain number."""

    NARROW_BAND_CENTRALISED = 1
    NARROW_BAND_DISTRIBUTED = 2
    HPLC = 3
    DUAL_MODE = 4
    MICRO_POWER_RADIO = 10
    ETHERNET = 20


class MeterProtocol(IntEnum):
    """What speaks inside a forwarded message."""

    TRANSPARENT = 0
    DLT645_1997 = 1
    DLT645_2007 = 2
    DLT698_45 = 3


class DenyReason(IntEnum):
    """Error words of 00H F2; 13..108 and 112..255 are reserved."""

    TIMEOUT = 0
    BAD_DATA_UNIT = 1
    WRONG_LENGTH = 2
    CHECK_FAILED = 3
    NO_SUCH_FUNCTION = 4
    WRONG_FORMAT = 5
    DUPLICATE_ADDRESS = 6
    NO_SUCH_ADDRESS = 7
    METER_DOES_NOT_REPLY = 8
    MAIN_NODE_BUSY = 9
    NOT_SUPPORTED = 10
    SLAVE_DOES_NOT_REPLY = 11
    SLAVE_NOT_IN_NETWORK = 12
    OVER_CONCURRENCY = 109
    TOO_MANY_METER_FRAMES = 110
    ALREADY_READING = 111


class DeviceType(IntEnum):
    """Device byte of 06H F4 and F5."""

    COLLECTOR = 0
    METER = 1
    HPLC_UNIT = 2
    NARROW_BAND_UNIT = 3
    RADIO_UNIT = 4
    RADIO_HPLC_UNIT = 5
    RADIO_NARROW_BAND_UNIT = 6


class NodeRole(IntEnum):
    """Role of a node in 10H F20 and F21; 3 is reserved."""

    INVALID = 0
    STA = 1
    PCO = 2
    CCO = 4
