"""Which segment goes when space or age demands it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge_agent.journal.segments import Segment

# the least important first; a stream later in the order goes only when no earlier one has anything left
DROP_ORDER = "resta"


def not_above(stream: str) -> str:
    """``stream`` and those less important: what may go for its sake."""
    return DROP_ORDER[: DROP_ORDER.index(stream) + 1]


def oldest_sent(streams: Mapping[str, Sequence[Segment]], cursor: Mapping[str, int]) -> str | None:
    """The stream whose oldest segment is the oldest of all that are closed and wholly at the broker."""
    ready = [stream for stream in DROP_ORDER if _is_sent(streams[stream], cursor[stream])]
    return min(ready, key=lambda stream: streams[stream][0].created_utc_ms, default=None)


def oldest_unsent(streams: Mapping[str, Sequence[Segment]], allowed: str = DROP_ORDER) -> str | None:
    """The least important stream of ``allowed`` that has a closed segment."""
    return next((stream for stream in DROP_ORDER if stream in allowed and len(streams[stream]) > 1), None)


def aged(streams: Mapping[str, Sequence[Segment]], cursor: Mapping[str, int], oldest_utc_ms: Mapping[str, int]) -> str | None:
    """A stream whose oldest segment is at the broker and holds nothing younger than ``oldest_utc_ms``.

    What was not sent never leaves for its age: a clock that jumps would else cost data.
    """
    for stream in DROP_ORDER:
        segments = streams[stream]
        # all records of a segment are older than the beginning of the next one
        if _is_sent(segments, cursor[stream]) and 0 < segments[1].created_utc_ms < oldest_utc_ms[stream]:
            return stream
    return None


def _is_sent(segments: Sequence[Segment], acked_seq: int) -> bool:
    return len(segments) > 1 and segments[1].first_seq - 1 <= acked_seq
