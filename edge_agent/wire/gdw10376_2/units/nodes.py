"""10H F1, F2, F4 and the page question that F2, F20, F21, F31 and F112 share: the archive and the state of the router.

Source: Q/GDW 10376.2-2024 section 6.5.8, tables 65, 70-72, 75-78, 81-83.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader, counted, number

NODE_LIST, DUAL_TOPOLOGY, TOPOLOGY, PHASES, CHIPS = (Code(0x10, fn) for fn in (2, 20, 21, 31, 112))
PAGED_QUERIES = (NODE_LIST, DUAL_TOPOLOGY, TOPOLOGY, PHASES, CHIPS)
MAX_PAGE_NODES = 64  # section 6.5.8.3.9


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """``count`` nodes from ``start`` on. F20, F21, F31, F112: node 1 is the main node, and every round begins at 1."""

    code: Code
    start: int
    count: int

    def to_bytes(self) -> bytes:
        return number(self.start, 2) + number(self.count, 1)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(code=code, start=reader.number(2), count=reader.number(1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCount:
    """10H F1 up: slaves in the archive, and how many it can hold."""

    code: ClassVar[Code] = Code(0x10, 1)
    total: int
    max_nodes: int

    def to_bytes(self) -> bytes:
        return number(self.total, 2) + number(self.max_nodes, 2)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(total=reader.number(2), max_nodes=reader.number(2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveNode:
    """A slave as the router knows it. ``phase_bits`` bit 0 is the first phase; ``signal_quality`` 0 none to 15 best."""

    address: str
    protocol: int
    relay_level: int = 0
    signal_quality: int = 0
    phase_bits: int = 0

    def to_bytes(self) -> bytes:
        for value, bits, what in (
            (self.relay_level, 4, "relay level"), (self.signal_quality, 4, "signal quality"), (self.phase_bits, 3, "phases"),
            (self.protocol, 3, "protocol"),
        ):
            if not 0 <= value < 1 << bits:
                raise ValueError(f"{what} {value} does not fit {bits} bits")
        word = self.relay_level | self.signal_quality << 4 | self.phase_bits << 8 | self.protocol << 11
        return address_bytes(self.address) + number(word, 2)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        address, word = reader.address(), reader.number(2)
        return cls(
            address=address,
            protocol=word >> 11 & 7,
            relay_level=word & 15,
            signal_quality=word >> 4 & 15,
            phase_bits=word >> 8 & 7,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeList:
    """10H F2 up: one page of the archive."""

    code: ClassVar[Code] = NODE_LIST
    total: int
    nodes: tuple[ArchiveNode, ...]

    def to_bytes(self) -> bytes:
        return number(self.total, 2) + counted([node.to_bytes() for node in self.nodes])

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(cls(total=reader.number(2), nodes=tuple(ArchiveNode.read(reader) for _ in reader.count())))


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteState:
    """10H F4 up. ``status`` bit 0 learning finished, 1 working, 2 events pending; ``switches`` bit 0 learning, 1 registration allowed,
    2 events pending, 3 area identification allowed; relay levels and work steps by phase."""

    code: ClassVar[Code] = Code(0x10, 4)
    status: int
    total: int
    read: int
    relayed: int
    switches: int
    speed: int = 0
    relay_levels: tuple[int, ...] = (0, 0, 0)
    steps: tuple[int, ...] = (8, 8, 8)  # 8: idle

    def to_bytes(self) -> bytes:
        if len(self.relay_levels) != 3 or len(self.steps) != 3:
            raise ValueError("relay levels and steps are three each, one a phase")
        counts = b"".join(number(value, 2) for value in (self.total, self.read, self.relayed))
        return number(self.status, 1) + counts + number(self.switches, 1) + number(self.speed, 2) + bytes(self.relay_levels + self.steps)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        return reader.finished(
            cls(
                status=reader.number(1),
                total=reader.number(2),
                read=reader.number(2),
                relayed=reader.number(2),
                switches=reader.number(1),
                speed=reader.number(2),
                relay_levels=tuple(reader.take(3)),
                steps=tuple(reader.take(3)),
            )
        )
