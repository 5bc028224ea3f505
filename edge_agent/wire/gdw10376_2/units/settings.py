"""Values that are set by 05H and, where they can be asked, read by 03H.

Source: Q/GDW 10376.2-2024 sections 6.5.4 and 6.5.6, tables 23, 33, 34, 41-43, 46-49, 53, 54.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader, block, number, time_bytes

SERIAL_SPEEDS_BAUD = (9600, 19200, 38400, 57600, 115200)  # table 47
BROADCAST_PHASE_IDENTIFICATION = 3                        # table 43: control word; below it is a MeterProtocol

READ_MAIN_ADDRESS, SET_MAIN_ADDRESS = Code(0x03, 4), Code(0x05, 1)
READ_BAND, SET_BAND = Code(0x03, 16), Code(0x05, 16)
READ_RADIO_CHANNEL, SET_RADIO_CHANNEL = Code(0x03, 17), Code(0x05, 17)
ALLOW_EVENTS, ALLOW_AREA_IDENTIFICATION, ALLOW_REFUSED_NODES = Code(0x05, 2), Code(0x05, 6), Code(0x05, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class MainAddress:
    """03H F4 up (READ_MAIN_ADDRESS) and 05H F1 down."""

    main_address: str
    code: Code = SET_MAIN_ADDRESS

    def to_bytes(self) -> bytes:
        return address_bytes(self.main_address)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(main_address=reader.address(), code=code))


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """05H F2 event reports, F6 area identification, F200 reports of refused nodes: forbid or allow."""

    code: Code
    allowed: bool

    def to_bytes(self) -> bytes:
        return number(self.allowed, 1)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(code=code, allowed=reader.flag()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """05H F3: ``control`` is a MeterProtocol (0..2) or BROADCAST_PHASE_IDENTIFICATION. The confirm says how long to wait."""

    code: ClassVar[Code] = Code(0x05, 3)
    control: int
    payload: bytes

    def to_bytes(self) -> bytes:
        return number(self.control, 1) + block(self.payload)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(control=reader.number(1), payload=reader.block()))


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialSpeed:
    """05H F10; the confirm still goes out at the old speed, and any reset goes back to 9600."""

    code: ClassVar[Code] = Code(0x05, 10)
    baud: int

    def to_bytes(self) -> bytes:
        if self.baud not in SERIAL_SPEEDS_BAUD:
            raise ValueError(f"{self.baud} baud is none of {SERIAL_SPEEDS_BAUD}")
        return number(SERIAL_SPEEDS_BAUD.index(self.baud), 1)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        index = reader.number(1)
        if index >= len(SERIAL_SPEEDS_BAUD):
            raise reader.wrong(f"serial speed {index} is reserved")
        return reader.finished(cls(baud=SERIAL_SPEEDS_BAUD[index]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """03H F16 up (READ_BAND) and 05H F16 down: 0 1.953-11.96 MHz, 1 2.441-5.615, 2 0.781-2.930, 3 1.758-2.930."""

    band: int
    code: Code = SET_BAND

    def to_bytes(self) -> bytes:
        return number(self.band, 1)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(band=reader.number(1), code=code))


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioChannel:
    """03H F17 up (READ_RADIO_CHANNEL) and 05H F17 down: ``option`` 2 = 500 kHz, channels 1-79; 3 = 200 kHz, channels 1-200."""

    option: int
    channel: int
    negotiates: bool = True
    code: Code = SET_RADIO_CHANNEL

    def to_bytes(self) -> bytes:
        return number(self.option, 1) + number(self.channel, 1) + number(self.negotiates, 1)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(option=reader.number(1), channel=reader.number(1), negotiates=reader.flag(), code=code))


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreTime:
    """05H F101: local time of the area, without zone, as the standard sends it."""

    code: ClassVar[Code] = Code(0x05, 101)
    time: datetime.datetime

    def to_bytes(self) -> bytes:
        return time_bytes(self.time)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        time = reader.time()
        if time is None:
            raise reader.wrong("time is all zeros")
        return reader.finished(cls(time=time))
