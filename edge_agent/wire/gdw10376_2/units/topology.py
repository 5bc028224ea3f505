"""10H F20, F21 network topology and F31 phases: what the power-line network looks like.

Source: Q/GDW 10376.2-2024 section 6.5.8.5.9-11, tables 91-97.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader, counted, number
from edge_agent.wire.gdw10376_2.units.nodes import DUAL_TOPOLOGY, MAX_PAGE_NODES, PHASES, TOPOLOGY

PHASE_SEQUENCES = ("ABC", "ACB", "BAC", "BCA", "CAB", "CBA", "line and neutral swapped")  # table 97


@dataclass(frozen=True, slots=True, kw_only=True)
class TopologyNode:
    """``proxy_tei`` 0 where there is no parent; ``role`` a NodeRole. F20 only: ``module_type`` 0 HPLC, 1 dual, 2 radio; ``radio_link``."""

    address: str
    tei: int
    proxy_tei: int
    level: int
    role: int
    module_type: int = 0
    radio_link: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """One page of the tree; ``code`` DUAL_TOPOLOGY (F20) or TOPOLOGY (F21), ``total`` counts all nodes of the network."""

    total: int
    start: int
    nodes: tuple[TopologyNode, ...]
    code: Code = TOPOLOGY

    def to_bytes(self) -> bytes:
        entries = [_topology_bytes(node, self.code == DUAL_TOPOLOGY) for node in self.nodes]
        return number(self.total, 2) + number(self.start, 2) + counted(entries, MAX_PAGE_NODES)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        total, start = reader.number(2), reader.number(2)
        nodes = tuple(_read_topology(reader, code == DUAL_TOPOLOGY) for _ in reader.count(MAX_PAGE_NODES))
        return reader.finished(cls(total=total, start=start, nodes=nodes, code=code))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseNode:
    """``phase_bits`` bit 0 is phase A, all 0 = unknown or being identified; ``sequence`` indexes PHASE_SEQUENCES (7 reserved)."""

    address: str
    phase_bits: int
    is_three_phase_meter: bool = False
    has_line_fault: bool = False
    sequence: int = 0

    def to_bytes(self) -> bytes:
        if not 0 <= self.phase_bits < 8 or not 0 <= self.sequence < 8:
            raise ValueError(f"phases {self.phase_bits} and sequence {self.sequence} do not fit 3 bits each")
        word = self.phase_bits | self.is_three_phase_meter << 3 | self.has_line_fault << 4 | self.sequence << 5
        return address_bytes(self.address) + number(word, 2)  # bits 0-7 go first (text of 2019)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        address, word = reader.address(), reader.number(2)
        return cls(
            address=address,
            phase_bits=word & 7,
            is_three_phase_meter=bool(word & 8),
            has_line_fault=bool(word & 0x10),
            sequence=word >> 5 & 7,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseList:
    """10H F31 up: physical phases, one page."""

    code: ClassVar[Code] = PHASES
    total: int
    start: int
    nodes: tuple[PhaseNode, ...]

    def to_bytes(self) -> bytes:
        return number(self.total, 2) + number(self.start, 2) + counted([node.to_bytes() for node in self.nodes], MAX_PAGE_NODES)

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        total, start = reader.number(2), reader.number(2)
        nodes = tuple(PhaseNode.read(reader) for _ in reader.count(MAX_PAGE_NODES))
        return reader.finished(cls(total=total, start=start, nodes=nodes))


def _topology_bytes(node: TopologyNode, is_dual: bool) -> bytes:
    """F20 gives 12 bits to the TEI and 4 to the module type; F21 gives all 16 to the TEI and has no link bit."""
    tei_bits, role_bits = (12, 3) if is_dual else (16, 4)
    for value, bits, what in (
        (node.tei, tei_bits, "TEI"), (node.module_type, 16 - tei_bits, "module type"), (node.level, 4, "level"),
        (node.role, role_bits, "role"), (node.radio_link, 4 - role_bits, "radio link"),
    ):
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{what} {value} does not fit {bits} bits")
    info = node.level | node.role << 4 | node.radio_link << 7
    return address_bytes(node.address) + number(node.tei | node.module_type << 12, 2) + number(node.proxy_tei, 2) + number(info, 1)


def _read_topology(reader: Reader, is_dual: bool) -> TopologyNode:
    address, tei, proxy_tei, info = reader.address(), reader.number(2), reader.number(2), reader.number(1)
    return TopologyNode(
        address=address,
        tei=tei & 0xFFF if is_dual else tei,
        proxy_tei=proxy_tei,
        level=info & 15,
        role=info >> 4 & 7 if is_dual else info >> 4,
        module_type=tei >> 12 if is_dual else 0,
        radio_link=bool(is_dual and info & 0x80),
    )
