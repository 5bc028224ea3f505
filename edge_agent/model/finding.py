"""A condition on a meter or a node that begins, changes or ends."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "alarm"]


class Stage(enum.Enum):
    BEGIN = "begin"
    CHANGE = "change"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where: ``kind`` is "meter" (id = meter id), "node" (id = node path), "area" (id = area) or "bus" (id = bus name)."""

    kind: str
    id: str
    phases: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a detector says. Identity over time is (``kind``, ``place``).

    ``score`` is observed over threshold-like strength in the detector's own terms, ``confidence`` a probability-like 0..1.
    The evidence window says from when to when the detector looked; a finding is never dated before its evidence.
    """

    kind: str                              # "voltage.low", "voltage.high", "overload", "meter.silent", "supply.lost"
    stage: Stage
    place: Place
    at_utc_ms: int                         # when the condition began, changed or ended
    evidence_from_utc_ms: int
    evidence_to_utc_ms: int
    score: float
    confidence: float
    observed: float | None = None
    threshold: float | None = None
    unit: str = ""
    severity: Severity = "warning"
    meters: tuple[str, ...] = ()           # ids of the meters affected
    evidence: tuple[tuple[str, float], ...] = ()   # counted facts, e.g. ("polls_failed", 5.0)
    alternatives: tuple[str, ...] = ()     # what it could be confused with
    superseded_by: str = ""                # END only: the id of the place whose finding now covers this one
