"""Outage and power back at the CCO: gathers what stations report, reports only what is new, forgets after a while.

Source: outage sheet 1.1 (gathering 30 s, only new bits, memory of 90 s or 4 min); timers from the module family's file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edge_agent.wire.gdw10376_2 import DeviceType
from edge_agent.wire.gdw10376_2.units import SupplyChange, SupplyEvent, SupplyNode, supply_events
from firmware_profiles.modules import OutageCoordinator

_NEVER = float("inf")


@dataclass(slots=True)
class _Gathered:
    """One kind of change from one kind of device: what waits for its report, what was reported and until when that is remembered."""

    waiting: dict[str, bool | None] = field(default_factory=dict)
    due_s: float = _NEVER
    reported: dict[str, bool | None] = field(default_factory=dict)
    forget_s: float = _NEVER


class SupplyReports:
    """Pure, given the time. A change the other way is news, also while the first is remembered [I]."""

    def __init__(self, timers: OutageCoordinator) -> None:
        self._timers = timers
        self._kinds: dict[tuple[SupplyChange, bool], _Gathered] = {}
        self.doubled = 0

    def take(self, change: SupplyChange, addresses: Sequence[str], now_s: float, *, live: Sequence[bool] = ()) -> None:
        """What one message said. ``live``: of each address, when a collector reports."""
        self._forget(now_s)
        is_collector = bool(live)
        kind = self._kinds.setdefault((change, is_collector), _Gathered())
        states: Sequence[bool | None] = live if is_collector else [None] * len(addresses)
        for address, lives in zip(addresses, states, strict=True):
            if _knows(kind.waiting, address, lives) or _knows(kind.reported, address, lives):
                self.doubled += 1
                continue
            kind.waiting[address] = lives
            self._forget_opposite(change, is_collector, address)
            if kind.due_s == _NEVER:
                kind.due_s = now_s + self._timers.gather_s

    def due(self, now_s: float) -> Iterator[SupplyEvent]:
        """Reports of what was gathered long enough, split to the frame's limit."""
        self._forget(now_s)
        for (change, is_collector), kind in self._kinds.items():
            if now_s < kind.due_s:
                continue
            nodes = [SupplyNode(address=address, is_live=lives) for address, lives in kind.waiting.items()]
            kind.reported |= kind.waiting
            kind.waiting = {}
            kind.due_s = _NEVER
            kind.forget_s = now_s + self._memory_s(change)
            yield from supply_events(change, nodes, DeviceType.COLLECTOR if is_collector else DeviceType.METER)

    def next_due_s(self) -> float:
        return min((kind.due_s for kind in self._kinds.values()), default=_NEVER)

    def reset(self) -> None:
        self._kinds.clear()

    def _memory_s(self, change: SupplyChange) -> float:
        return self._timers.memory_s if change is SupplyChange.OUTAGE else self._timers.power_back_memory_s

    def _forget(self, now_s: float) -> None:
        for kind in self._kinds.values():
            if now_s >= kind.forget_s:
                kind.reported, kind.forget_s = {}, _NEVER

    def _forget_opposite(self, change: SupplyChange, is_collector: bool, address: str) -> None:
        other = SupplyChange.RESTORE if change is SupplyChange.OUTAGE else SupplyChange.OUTAGE
        opposite = self._kinds.get((other, is_collector))
        if opposite is not None:
            opposite.reported.pop(address, None)


def _knows(states: dict[str, bool | None], address: str, lives: bool | None) -> bool:
    return address in states and states[address] is lives
