"""11H: the archive of slaves and the search for unknown ones. Source: Q/GDW 10376.2-2024 section 6.5.9, tables 107, 108, 112."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader, counted, number, time_bytes

REGISTRATION_SLOT_MS = 150  # table 112 c)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeProtocol:
    """A slave and what it speaks (a MeterProtocol)."""

    address: str
    protocol: int

    def to_bytes(self) -> bytes:
        return address_bytes(self.address) + number(self.protocol, 1)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(address=reader.address(), protocol=reader.number(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNodes:
    """11H F1 down."""

    code: ClassVar[Code] = Code(0x11, 1)
    nodes: tuple[NodeProtocol, ...]

    def to_bytes(self) -> bytes:
        return counted([node.to_bytes() for node in self.nodes])

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(nodes=tuple(NodeProtocol.read(reader) for _ in reader.count())))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNodes:
    """11H F2 down."""

    code: ClassVar[Code] = Code(0x11, 2)
    addresses: tuple[str, ...]

    def to_bytes(self) -> bytes:
        return counted([address_bytes(address) for address in self.addresses])

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(addresses=tuple(reader.address() for _ in reader.count())))


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRegistration:
    """11H F5 down: search for ``minutes`` from ``start`` (local time; None, six zero bytes: at once, our reading)."""

    code: ClassVar[Code] = Code(0x11, 5)
    start: datetime.datetime | None = None
    minutes: int
    repeats: int
    slots: int

    def to_bytes(self) -> bytes:
        return time_bytes(self.start) + number(self.minutes, 2) + number(self.repeats, 1) + number(self.slots, 1)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(
            cls(start=reader.time(), minutes=reader.number(2), repeats=reader.number(1), slots=reader.number(1))
        )
