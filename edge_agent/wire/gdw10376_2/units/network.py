"""10H F111 networks that the CCO hears and F112 chips of its nodes. Source: Q/GDW 10376.2-2024 section 6.5.8.5.15-16, tables 102-105."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader, counted, digits, digits_bytes, number
from edge_agent.wire.gdw10376_2.units.nodes import CHIPS, MAX_PAGE_NODES

CHIP_ID_BYTES = 24
CHIP_ID_HEAD = bytes.fromhex("01029c01c1fb")  # table 104: fixed; then class 1, vendor 2, model 2, serial 5, check 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    """10H F111 up: own network identifier and those of the neighbours. The count on the wire is that of the neighbours (text of 2019)."""

    code: ClassVar[Code] = Code(0x10, 111)
    nid: int
    main_address: str
    neighbours: tuple[int, ...]

    def to_bytes(self) -> bytes:
        neighbours = counted([number(nid, 3) for nid in self.neighbours])
        return neighbours[:1] + number(self.nid, 3) + address_bytes(self.main_address) + neighbours[1:]

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        turns, nid, main_address = reader.count(), reader.number(3), reader.address()
        return reader.finished(cls(nid=nid, main_address=main_address, neighbours=tuple(reader.number(3) for _ in turns)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipNode:
    """``device_type`` 2 CCO, 3 single-phase unit, 4 repeater, 5 and 6 collectors, 7 three-phase unit; ``version`` four digits."""

    address: str
    device_type: int
    chip_id: bytes
    version: str

    def to_bytes(self) -> bytes:
        if len(self.chip_id) != CHIP_ID_BYTES:
            raise ValueError(f"chip id of {len(self.chip_id)} bytes, not {CHIP_ID_BYTES}")
        return address_bytes(self.address) + number(self.device_type, 1) + self.chip_id + digits_bytes(self.version, 2)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            address=reader.address(),
            device_type=reader.number(1),
            chip_id=reader.take(CHIP_ID_BYTES),
            version=digits(reader.take(2)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipList:
    """10H F112 up: one page."""

    code: ClassVar[Code] = CHIPS
    total: int
    start: int
    nodes: tuple[ChipNode, ...]

    def to_bytes(self) -> bytes:
        return number(self.total, 2) + number(self.start, 2) + counted([node.to_bytes() for node in self.nodes], MAX_PAGE_NODES)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        total, start = reader.number(2), reader.number(2)
        nodes = tuple(ChipNode.read(reader) for _ in reader.count(MAX_PAGE_NODES))
        return reader.finished(cls(total=total, start=start, nodes=nodes))
