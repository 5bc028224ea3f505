"""The slaves that the concentrator told the CCO of, in the order in which it did."""

from __future__ import annotations

from collections.abc import Iterable

from edge_agent.wire.gdw10376_2 import DenyReason
from edge_agent.wire.gdw10376_2.units import NodeProtocol


class Archive:
    """Address -> protocol, limited. ``changed_s``: when it last changed."""

    def __init__(self, capacity: int, *, denies_known: bool) -> None:
        self._capacity, self._denies_known = capacity, denies_known
        self._protocols: dict[str, int] = {}
        self.changed_s = float("-inf")

    def __len__(self) -> int:
        return len(self._protocols)

    def __contains__(self, address: object) -> bool:
        return address in self._protocols

    def addresses(self) -> list[str]:
        return list(self._protocols)

    def protocol(self, address: str) -> int:
        """What the slave speaks. Raises KeyError for an unknown one."""
        return self._protocols[address]

    def index(self, address: str) -> int:
        """Place in the archive from 1 on; 0 for an unknown address."""
        return next((place for place, known in enumerate(self._protocols, start=1) if known == address), 0)

    def add(self, nodes: Iterable[NodeProtocol], now_s: float) -> DenyReason | None:
        """All of them or none: None, or why not."""
        wanted = {node.address: node.protocol for node in nodes}
        if self._denies_known and any(address in self._protocols for address in wanted):
            return DenyReason.DUPLICATE_ADDRESS
        if len(self._protocols.keys() | wanted.keys()) > self._capacity:
            return DenyReason.BAD_DATA_UNIT
        self._protocols.update(wanted)
        self.changed_s = now_s
        return None

    def delete(self, addresses: Iterable[str], now_s: float) -> DenyReason | None:
        """All of them or none: None, or why not."""
        gone = list(addresses)
        if any(address not in self._protocols for address in gone):
            return DenyReason.NO_SUCH_ADDRESS
        for address in gone:
            self._protocols.pop(address, None)
        self.changed_s = now_s
        return None

    def clear(self, now_s: float) -> None:
        self._protocols.clear()
        self.changed_s = now_s
