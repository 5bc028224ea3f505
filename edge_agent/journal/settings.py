"""Sizes of the store, and when a group is committed."""

from __future__ import annotations

from dataclasses import dataclass

MIN_SEGMENT_BYTES = 4096
_MAX_BUDGET_BYTES = 2 * 2**30
_SEGMENTS_OF_BUDGET = 16       # space is freed by whole segments: with fewer of them one drop would be a large part of all


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """mqtt_reliability.md 2.4. ``max_bytes`` None: half of the partition, at most 2 GiB."""

    segment_bytes: int = 4 * 2**20
    max_bytes: int | None = None
    readings_days: float = 30.0          # sent readings are kept so long, unless space runs out before
    events_days: float = 400.0           # all other streams
    ballast_bytes: int = 2 * 2**20       # given up for an event when the disk is full; 0 = none
    pending_records: int = 20_000        # of one stream, waiting for the disk; beyond it ``append`` refuses
    readings_records: int = 64
    readings_s: float = 2.0
    events_s: float = 0.1

    def __post_init__(self) -> None:
        if self.segment_bytes < MIN_SEGMENT_BYTES:
            raise ValueError(f"segment_bytes must be at least {MIN_SEGMENT_BYTES}")
        if self.max_bytes is not None and self.max_bytes < 8 * self.segment_bytes:
            raise ValueError("max_bytes must be at least 8 times segment_bytes")
        if min(self.readings_days, self.events_days, self.readings_s, self.events_s) <= 0:
            raise ValueError("readings_days, events_days, readings_s and events_s must be above 0")
        if self.pending_records < 1 or self.readings_records < 1 or self.ballast_bytes < 0:
            raise ValueError("pending_records and readings_records must be above 0, ballast_bytes not below")

    def budget_bytes(self, partition_bytes: int) -> int:
        """What all segments together may take."""
        return self.max_bytes if self.max_bytes is not None else min(_MAX_BUDGET_BYTES, partition_bytes // 2)

    def segment_bytes_within(self, budget_bytes: int) -> int:
        """The segment size, smaller where the partition is small."""
        if self.max_bytes is not None:
            return self.segment_bytes
        return min(self.segment_bytes, max(MIN_SEGMENT_BYTES, budget_bytes // _SEGMENTS_OF_BUDGET))
