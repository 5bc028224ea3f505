"""What the silence detector remembers between ticks: which meters are silent, and as part of what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Group:
    """What is on at a node. ``members`` are the indices of the meters it covers."""

    kind: str
    members: list[int]
    begun_ms: int
    confidence: float
    answering_since_ms: int | None = None  # since when some member answers again


@dataclass(slots=True)
class SilentState:
    """A silent meter is in one of ``singles`` and ``held``, or a member of a group that is on."""

    groups: dict[str, Group] = field(default_factory=dict)  # node path -> group
    singles: dict[int, int] = field(default_factory=dict)  # meter -> when its silence began
    held: dict[int, int] = field(default_factory=dict)  # meter -> when it was found silent; not told yet
    spared: dict[int, int] = field(default_factory=dict)  # meter of a group that has ended without it -> when: not told at once

    def __bool__(self) -> bool:
        return bool(self.groups or self.singles or self.held)

    def hold(self, silent: Iterable[int], now_ms: int) -> None:
        """Note the meters that are silent and not told yet, each with the time it was found; forget those that are silent no more."""
        told = {index for group in self.groups.values() for index in group.members} | self.singles.keys()
        self.held = {index: self.held.get(index, now_ms) for index in silent if index not in told}
        self.spared = {index: since_ms for index, since_ms in self.spared.items() if index in self.held}

    def begins_ms(self) -> dict[int, int]:
        """When the silence of meters that are told already began: the frame of an agent that has restarted no longer knows."""
        begins = dict(self.singles)
        for group in self.groups.values():
            begins.update(dict.fromkeys(group.members, group.begun_ms))
        return begins

    def forget_the_future(self, now_ms: int) -> None:
        """After the clock was set back nothing has begun later than now: else no answer would ever count as one that came after."""
        for group in self.groups.values():
            group.begun_ms = min(group.begun_ms, now_ms)
            if group.answering_since_ms is not None:
                group.answering_since_ms = min(group.answering_since_ms, now_ms)
        for table in (self.singles, self.held, self.spared):
            for index, since_ms in table.items():
                table[index] = min(since_ms, now_ms)

    def save(self) -> list[Any]:
        groups = {
            node: [group.kind, group.members, group.begun_ms, group.confidence, group.answering_since_ms]
            for node, group in self.groups.items()
        }
        return [groups, list(self.singles.items()), list(self.held.items()), list(self.spared.items())]

    @classmethod
    def loaded(cls, saved: list[Any], *, n_meters: int, nodes: Iterable[str]) -> SilentState:
        """Raises ValueError, TypeError or AttributeError for what ``save`` did not give for these meters and nodes."""
        groups, singles, held, spared = saved
        state = cls(
            {
                node: Group(
                    str(kind), [int(index) for index in members], int(begun_ms), float(confidence),
                    None if since_ms is None else int(since_ms),
                )
                for node, (kind, members, begun_ms, confidence, since_ms) in groups.items()
            },
            {int(index): int(begun_ms) for index, begun_ms in singles},
            {int(index): int(noticed_ms) for index, noticed_ms in held},
            {int(index): int(since_ms) for index, since_ms in spared},
        )
        indices = [*state.singles, *state.held, *state.spared, *(index for group in state.groups.values() for index in group.members)]
        if any(not 0 <= index < n_meters for index in indices) or not set(state.groups) <= set(nodes):
            raise ValueError("of other meters or nodes")
        return state
