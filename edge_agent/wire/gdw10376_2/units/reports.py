"""06H F1-F4: what the module reports by itself. Source: Q/GDW 10376.2-2024 section 6.5.7.3, tables 56-59."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader, block, counted, number
from edge_agent.wire.gdw10376_2.units.archive import NodeProtocol

_MAX_SUBORDINATES = 32  # table 59 d): behind one collector; at most 8 of them a report


class RouteTask(IntEnum):
    """What ended, in 06H F3."""

    READING = 1
    SEARCH = 2
    AREA_IDENTIFICATION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNode:
    """A slave that the module reports; ``index`` is its place in the archive of the router."""

    address: str
    protocol: int
    index: int

    def to_bytes(self) -> bytes:
        return address_bytes(self.address) + number(self.protocol, 1) + number(self.index, 2)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(address=reader.address(), protocol=reader.number(1), index=reader.number(2))


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """06H F1."""

    code: ClassVar[Code] = Code(0x06, 1)
    nodes: tuple[FoundNode, ...]

    def to_bytes(self) -> bytes:
        return counted([node.to_bytes() for node in self.nodes])

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(nodes=tuple(FoundNode.read(reader) for _ in reader.count())))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """06H F2: a message that the router read by itself, and how long it travelled."""

    code: ClassVar[Code] = Code(0x06, 2)
    index: int
    protocol: int
    uplink_s: int
    payload: bytes

    def to_bytes(self) -> bytes:
        return number(self.index, 2) + number(self.protocol, 1) + number(self.uplink_s, 2) + block(self.payload)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(
            cls(index=reader.number(2), protocol=reader.number(1), uplink_s=reader.number(2), payload=reader.block())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChange:
    """06H F3: ``change`` is the RouteTask that ended."""

    code: ClassVar[Code] = Code(0x06, 3)
    change: int

    def to_bytes(self) -> bytes:
        return number(self.change, 1)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(change=reader.number(1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDevice:
    """A search result: ``device`` 0 collector, 1 meter; ``total_subordinates`` behind it, of which this report names some."""

    address: str
    protocol: int
    index: int
    device: int
    total_subordinates: int = 0
    subordinates: tuple[NodeProtocol, ...] = ()

    def to_bytes(self) -> bytes:
        head = address_bytes(self.address) + number(self.protocol, 1) + number(self.index, 2) + number(self.device, 1)
        return head + number(self.total_subordinates, 1) + counted([node.to_bytes() for node in self.subordinates], _MAX_SUBORDINATES)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            address=reader.address(),
            protocol=reader.number(1),
            index=reader.number(2),
            device=reader.number(1),
            total_subordinates=reader.number(1),
            subordinates=tuple(NodeProtocol.read(reader) for _ in reader.count(_MAX_SUBORDINATES)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """06H F4."""

    code: ClassVar[Code] = Code(0x06, 4)
    nodes: tuple[FoundDevice, ...]

    def to_bytes(self) -> bytes:
        return counted([node.to_bytes() for node in self.nodes])

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(nodes=tuple(FoundDevice.read(reader) for _ in reader.count())))
