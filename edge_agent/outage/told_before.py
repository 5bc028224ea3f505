"""Outages that are over: so that what a meter remembers of them is not told a second time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from edge_agent.outage.incident import Incident

_MOST_KEPT = 200
_CLOCKS_MS = 300_000          # how far the clocks of terminal and meter may be apart, DL/T 698.45 object 3106 (outage.md 1.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    id: str
    from_ms: int
    until_ms: int
    members: frozenset[int]
    is_discarded: bool


class ToldBefore:
    """The last ones, in order."""

    def __init__(self) -> None:
        self._past: deque[_Past] = deque(maxlen=_MOST_KEPT)

    def note(self, incident: Incident, until_ms: int, *, is_discarded: bool) -> None:
        """One that is forgotten now. ``is_discarded``: it was a suspicion and was taken back."""
        self._past.append(_Past(
            id=incident.id, from_ms=incident.began_ms - incident.uncertainty_ms, until_ms=until_ms,
            members=frozenset(incident.members), is_discarded=is_discarded,
        ))

    def covers(self, index: int, from_ms: int, until_ms: int) -> bool:
        """Whether one with this meter was told that overlaps this time."""
        return any(index in past.members and not past.is_discarded and _overlap(past, from_ms, until_ms) for past in self._past)

    def discarded(self, index: int, from_ms: int, until_ms: int) -> str:
        """Id of a suspicion about this meter alone that was taken back; "" = there was none."""
        return next((
            past.id for past in self._past if past.is_discarded and past.members == {index} and _overlap(past, from_ms, until_ms)
        ), "")

    def save(self) -> list[Any]:
        return [[past.id, past.from_ms, past.until_ms, sorted(past.members), past.is_discarded] for past in self._past]

    @classmethod
    def loaded(cls, saved: list[Any], n_meters: int) -> ToldBefore:
        """Raises ValueError or TypeError for what ``save`` did not give for as many meters."""
        found = cls()
        for name, from_ms, until_ms, members, is_discarded in saved:
            indices = frozenset(int(index) for index in members)
            if any(not 0 <= index < n_meters for index in indices):
                raise ValueError("of other meters")
            found._past.append(_Past(
                id=str(name), from_ms=int(from_ms), until_ms=int(until_ms), members=indices, is_discarded=bool(is_discarded),
            ))
        return found


def overlaps(one_from_ms: int, one_until_ms: int, from_ms: int, until_ms: int) -> bool:
    """As far as clocks can be compared."""
    return one_from_ms - _CLOCKS_MS <= until_ms and from_ms <= one_until_ms + _CLOCKS_MS


def _overlap(past: _Past, from_ms: int, until_ms: int) -> bool:
    return overlaps(past.from_ms, past.until_ms, from_ms, until_ms)
