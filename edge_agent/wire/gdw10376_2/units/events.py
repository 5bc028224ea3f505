"""06H F5: events of slaves. Outage and restore, a meter of another area, refused nodes, or a message of the meter itself.

Source: Q/GDW 10376.2-2024 section 6.5.7.3.5, tables 60-63.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from edge_agent.wire.gdw10376_2.codes import Code, DeviceType, MeterProtocol
from edge_agent.wire.gdw10376_2.reader import Reader, block, counted, number
from edge_agent.wire.gdw10376_2.units import area_mismatch

SLAVE_EVENT = Code(0x06, 5)
PROTOCOL_SUPPLY, PROTOCOL_REFUSED = 4, 5
MAX_REFUSED = 32
MAX_SUPPLY_ADDRESSES = 42   # content of 255 bytes: 1 + 42 x 6
MAX_SUPPLY_ENTRIES = 36     # the same behind a collector: 1 + 36 x 7
_METER_PROTOCOLS = frozenset(MeterProtocol)


class SupplyChange(IntEnum):
    """First byte of a supply event."""

    OUTAGE = 1
    RESTORE = 2


_SUPPLY_CHANGES = frozenset(SupplyChange)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyNode:
    """``is_live`` is told by collectors only: None from others, where the event itself says it."""

    address: str
    is_live: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyEvent:
    """Outage or restore of the nodes named; a long one comes in several reports. Collectors (``device`` 0) tell each meter's state."""

    code: ClassVar[Code] = SLAVE_EVENT
    change: SupplyChange
    nodes: tuple[SupplyNode, ...]
    device: int = DeviceType.METER

    def to_bytes(self) -> bytes:
        content = number(self.change, 1) + b"".join(_supply_entry(node, self.device == DeviceType.COLLECTOR) for node in self.nodes)
        return number(self.device, 1) + number(PROTOCOL_SUPPLY, 1) + block(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaMismatch:
    """``meter`` of the archive hangs on another area, that of ``owner_main_address`` (None: not known which)."""

    code: ClassVar[Code] = SLAVE_EVENT
    meter: str
    owner_main_address: str | None
    device: int = DeviceType.METER
    protocol: int = MeterProtocol.DLT645_2007  # the text does not say; open in the sheet as well

    def to_bytes(self) -> bytes:
        content = area_mismatch.content_of(self.meter, self.owner_main_address)
        return number(self.device, 1) + number(self.protocol, 1) + block(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedNode:
    address: str
    device: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedNodes:
    """Nodes that wanted to join and are not in the archive."""

    code: ClassVar[Code] = SLAVE_EVENT
    nodes: tuple[RefusedNode, ...]
    device: int = DeviceType.METER

    def to_bytes(self) -> bytes:
        content = counted([address_bytes(node.address) + number(node.device, 1) for node in self.nodes], MAX_REFUSED)
        return number(self.device, 1) + number(PROTOCOL_REFUSED, 1) + block(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterEvent:
    """Any other event: the message as the meter sent it."""

    code: ClassVar[Code] = SLAVE_EVENT
    device: int
    protocol: int
    payload: bytes

    def to_bytes(self) -> bytes:
        return number(self.device, 1) + number(self.protocol, 1) + block(self.payload)


SlaveEvent = SupplyEvent | AreaMismatch | RefusedNodes | MeterEvent


def parse_event(code: Code, data: bytes) -> SlaveEvent:
    """The event in the data of 06H F5. Raises FrameError in one line."""
    reader = Reader(code, data)
    device, protocol, content = reader.number(1), reader.number(1), reader.block()
    reader.finished(None)
    if protocol == PROTOCOL_SUPPLY:
        return _supply_event(Reader(code, content), device)
    if protocol == PROTOCOL_REFUSED:
        return _refused_nodes(Reader(code, content), device)
    if protocol in _METER_PROTOCOLS and (found := area_mismatch.find(content)) is not None:
        return AreaMismatch(meter=found.meter, owner_main_address=found.owner_main_address, device=device, protocol=protocol)
    return MeterEvent(device=device, protocol=protocol, payload=content)


def supply_events(change: SupplyChange, nodes: Sequence[SupplyNode], device: int = DeviceType.METER) -> Iterator[SupplyEvent]:
    """As many events as it takes to name all ``nodes`` within 255 bytes of content each."""
    size = MAX_SUPPLY_ENTRIES if device == DeviceType.COLLECTOR else MAX_SUPPLY_ADDRESSES
    for at in range(0, len(nodes), size):
        yield SupplyEvent(change=change, nodes=tuple(nodes[at : at + size]), device=device)


def _supply_entry(node: SupplyNode, tells_live: bool) -> bytes:
    if tells_live != (node.is_live is not None):
        raise ValueError(f"{node.address}: collectors tell whether a meter is live, others do not")
    return address_bytes(node.address) + (number(node.is_live, 1) if node.is_live is not None else b"")


def _supply_event(reader: Reader, device: int) -> SupplyEvent:
    change = reader.number(1)
    if change not in _SUPPLY_CHANGES:
        raise reader.wrong(f"supply event {change} is neither outage (1) nor restore (2)")
    nodes = []
    while reader.left:
        address = reader.address()
        nodes.append(SupplyNode(address=address, is_live=reader.flag() if device == DeviceType.COLLECTOR else None))
    return SupplyEvent(change=SupplyChange(change), nodes=tuple(nodes), device=device)


def _refused_nodes(reader: Reader, device: int) -> RefusedNodes:
    nodes = tuple(RefusedNode(address=reader.address(), device=reader.number(1)) for _ in reader.count(MAX_REFUSED))
    return reader.finished(RefusedNodes(nodes=nodes, device=device))
