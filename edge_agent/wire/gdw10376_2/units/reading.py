"""Meter messages through the module: 02H, 13H, 14H, F1H. Source: Q/GDW 10376.2-2024 sections 6.5.3, 6.5.11, 6.5.12, 6.5.15."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader, block, counted, number

MONITOR, MONITOR_LONG = Code(0x13, 1), Code(0x13, 2)
CONCURRENT_READ, CONFIRM_PUSH = Code(0xF1, 1), Code(0xF1, 2)
MONITOR_TIMEOUT_S = 90  # annex A.4 c), unless 03H F10 says otherwise


def _length_bytes(code: Code) -> int:
    return 2 if code == MONITOR_LONG else 1


class ReadFlag(IntEnum):
    """First byte of 14H F1 down."""

    FAILED = 0
    DONE = 1
    MAY_READ = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """02H F1, both directions."""

    code: ClassVar[Code] = Code(0x02, 1)
    protocol: int
    payload: bytes

    def to_bytes(self) -> bytes:
        return number(self.protocol, 1) + block(self.payload)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(protocol=reader.number(1), payload=reader.block()))


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRequest:
    """13H F1 down, or F2 (MONITOR_LONG) with a two-byte length: one message to the slave in the destination address."""

    protocol: int
    payload: bytes
    depends_on_delay: bool = False
    subordinates: tuple[str, ...] = ()
    code: Code = MONITOR

    def to_bytes(self) -> bytes:
        subordinates = counted([address_bytes(address) for address in self.subordinates])
        head = number(self.protocol, 1) + number(self.depends_on_delay, 1)
        return head + subordinates + block(self.payload, _length_bytes(self.code))

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        protocol, depends_on_delay = reader.number(1), reader.flag()
        subordinates = tuple(reader.address() for _ in reader.count())
        payload = reader.block(_length_bytes(code))
        return reader.finished(
            cls(protocol=protocol, payload=payload, depends_on_delay=depends_on_delay, subordinates=subordinates, code=code)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorReply:
    """13H F1 or F2 up: what the slave answered, and how long its answer travelled."""

    protocol: int
    payload: bytes
    uplink_s: int = 0
    code: Code = MONITOR

    def to_bytes(self) -> bytes:
        return number(self.uplink_s, 2) + number(self.protocol, 1) + block(self.payload, _length_bytes(self.code))

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        uplink_s, protocol = reader.number(2), reader.number(1)
        return reader.finished(cls(protocol=protocol, payload=reader.block(_length_bytes(code)), uplink_s=uplink_s, code=code))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentQuery:
    """14H F1 up: the router asks what to read from this slave. ``phase`` 0 unknown, 1-3; ``index`` in the archive."""

    code: ClassVar[Code] = Code(0x14, 1)
    phase: int
    address: str
    index: int

    def to_bytes(self) -> bytes:
        return number(self.phase, 1) + address_bytes(self.address) + number(self.index, 2)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(phase=reader.number(1), address=reader.address(), index=reader.number(2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """14H F1 down: a ReadFlag and, where it may read, the message."""

    code: ClassVar[Code] = Code(0x14, 1)
    read_flag: int
    depends_on_delay: bool = False
    payload: bytes = b""
    subordinates: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        head = number(self.read_flag, 1) + number(self.depends_on_delay, 1) + block(self.payload)
        return head + counted([address_bytes(address) for address in self.subordinates])

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        read_flag, depends_on_delay, payload = reader.number(1), reader.flag(), reader.block()
        subordinates = tuple(reader.address() for _ in reader.count())
        return reader.finished(cls(read_flag=read_flag, depends_on_delay=depends_on_delay, payload=payload, subordinates=subordinates))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrentRequest:
    """F1H F1 down: one or more messages, one after another, to the slave in the destination address; F2 confirms a push, no reply."""

    protocol: int
    payload: bytes
    code: Code = CONCURRENT_READ

    def to_bytes(self) -> bytes:
        return number(self.protocol, 1) + bytes(1) + block(self.payload, 2)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        protocol, _reserved = reader.number(1), reader.number(1)
        return reader.finished(cls(protocol=protocol, payload=reader.block(2), code=code))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrentReply:
    """F1H F1 up. No payload: reading failed, and the source address of the frame says which meter."""

    code: ClassVar[Code] = CONCURRENT_READ
    protocol: int
    payload: bytes

    @property
    def has_failed(self) -> bool:
        return not self.payload

    def to_bytes(self) -> bytes:
        return number(self.protocol, 1) + block(self.payload, 2)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(protocol=reader.number(1), payload=reader.block(2)))
