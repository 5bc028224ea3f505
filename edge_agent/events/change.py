"""Settings of events, and what one revision of an event is to those who publish it."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_agent.contract import EventBody
from edge_agent.events.kinds import EventKind
from edge_agent.model.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    """``change_every_s``: an outage in progress sends no more than one change in this time, unless its state goes forward."""

    reopen_s: float = 300.0
    momentary_max_s: float = 300.0      # IEEE 1366 counts longer ones as sustained; other rules use 180 s (outage.md 1.6)
    cim: dict[str, str] = field(default_factory=dict)     # "outage.start" -> code of your head end
    precursor_days: float = 30.0        # an outage names what was found at its place so long before; joints fail after 5-365 days
    change_every_s: float = 10.0        # outage.md section 8: a storm of 1000 meters makes at most 20 messages
    utc_offset_h: float = 8.0           # clock times in sentences; China

    def __post_init__(self) -> None:
        if not 0 <= self.precursor_days <= 366:
            raise ValueError(f"precursor_days = {self.precursor_days}: 0 (outages name no precursors) to 366")
        if self.reopen_s < 0 or self.momentary_max_s < 0 or self.change_every_s < 0:
            raise ValueError("reopen_s, momentary_max_s and change_every_s must not be negative")
        if not -12 <= self.utc_offset_h <= 14:
            raise ValueError(f"utc_offset_h = {self.utc_offset_h}: -12 to 14")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """One revision to publish, and whether the event is on after it."""

    kind: EventKind
    type: str
    cim: str
    severity: Severity
    body: EventBody
    is_on: bool
