"""A condition on a meter or a node that begins, changes or ends."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "alarm"]
OutageState = Literal["suspected", "confirmed", "localised", "partial", "restored", "closed", "discarded"]
Cause = Literal["", "fault", "planned", "arrears", "customer", "unknown"]


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
class Outage:
    """What a finding about a loss of supply says beside place and time.

    ``incident`` is its identity over time: the place may be told more exactly from one finding to the next. A finding ends (END) with the
    state "restored" or "discarded"; after "restored" one more END with "closed" follows, or the outage begins anew. ``meters`` of the
    finding are those that are still out, at an END those that are back; ``original`` are all that it took. ``parent`` is the incident
    whose restoration left this one behind.
    """

    incident: str
    state: OutageState
    cause: Cause = "unknown"
    original: tuple[str, ...] = ()
    uncertainty_s: float = 0.0             # of the finding's ``at_utc_ms`` while it begins
    is_retroactive: bool = False           # told from the memory of meters after it was over
    runner_up: str = ""                    # in words: "outage at feeder-1/branch-2", "communication failure"
    odds: float | None = None              # of what is told to the runner-up
    ambiguous_with: tuple[str, ...] = ()   # what the edge cannot tell apart from it: "upstream"
    parent: str = ""
    work: str = ""                         # id of the planned work or ticket that explains it
    reason: str = ""                       # why it is discarded
    disagreeing: tuple[str, ...] = ()      # meters whose place or phase in the archive contradicts the evidence


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
    outage: Outage | None = None           # more about a loss of supply
