"""Settings of reading, and what a bus counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquireSettings:
    """Times are wire times, in real seconds, whatever the clock of the schedule does."""

    reply_timeout_s: float = 1.0          # ceiling, and the start before anything was measured: twice the 500 ms that makers document
    reply_timeout_floor_s: float = 0.15   # below it a busy computer would take its own delays for a dead meter
    stream_timeout_s: float = 2.0         # a reply that has begun must end: a babbling meter costs one bus slot
    damage_retries: int = 1               # a frame with a wrong CRC is asked again at once; a silent meter is not: it would cost twice
    quarantine_after: int = 3             # unanswered polls in a row; as many as make a meter silent, so silence never waits for a probe
    probe_share: float = 0.03             # of the bus time while living meters need it
    late_reply_max_s: float = 10.0        # after this silence a unit that has no unused request left may be asked again
    refused_retry_s: float = 3600.0       # a point that a meter refused is asked again after this: it may only have been starting

    def __post_init__(self) -> None:
        if not 0 < self.reply_timeout_floor_s <= self.reply_timeout_s <= 60:
            raise ValueError("reply_timeout_floor_s must be above 0 and not above reply_timeout_s (at most 60)")
        if not 0 < self.probe_share <= 0.5 or self.quarantine_after < 1 or self.damage_retries < 0:
            raise ValueError("probe_share must be above 0 and at most 0.5, quarantine_after at least 1, damage_retries at least 0")
        if min(self.stream_timeout_s, self.late_reply_max_s, self.refused_retry_s) <= 0:
            raise ValueError("stream_timeout_s, late_reply_max_s and refused_retry_s must be above 0")


@dataclass(slots=True)
class BusCounters:
    """Since the start of the agent; published in ``health``."""

    requests: int = 0
    replies: int = 0
    timeouts: int = 0
    polls_answered: int = 0
    polls_failed: int = 0
    probes: int = 0
    late_replies: int = 0          # replies that came after their time-out: dropped
    foreign_frames: int = 0        # intact frames that answer nothing that is asked, echoes of our own requests among them
    discarded_bytes: int = 0
    crc_errors: int = 0
    refused: int = 0
    not_available: int = 0
    implausible: int = 0
    skipped_slots: int = 0         # reads that were due while the bus was still busy with older ones
    retries: int = 0
    link_failures: int = 0
    quarantined: int = 0           # meters in quarantine now
    bus_busy_s: float = 0.0        # from each request to its answer or time-out
