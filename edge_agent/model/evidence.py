"""Facts about supply and reachability that are no measurements."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class EvidenceKind(enum.Enum):
    POLL_FAILED = "poll_failed"          # asked, not answered: the meter or the way to it is dead
    BUS_DOWN = "bus_down"                # port gone or gateway refused: says nothing about the meters behind it
    BUS_UP = "bus_up"
    SUPPLY = "supply"                    # the concentrator's own mains, per phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """``meters`` are archive indices; ``supply_v`` are the volts of phases a, b, c (None = not measured)."""

    kind: EvidenceKind
    at_utc_ms: int
    meters: tuple[int, ...] = ()
    bus: str = ""
    supply_v: tuple[float | None, float | None, float | None] | None = None
