"""Facts about supply and reachability that are no measurements."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class EvidenceKind(enum.Enum):
    POLL_FAILED = "poll_failed"          # asked, not answered: the meter or the way to it is dead
    BUS_DOWN = "bus_down"                # port gone or gateway refused: says nothing about the meters behind it
    BUS_UP = "bus_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """``meters`` are archive indices."""

    kind: EvidenceKind
    at_utc_ms: int
    meters: tuple[int, ...] = ()
    bus: str = ""
