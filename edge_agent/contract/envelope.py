"""The head that every message shares, and how a message lies in a journal record."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from edge_agent.contract.messages import Event, PastEvent, SavedEvent, Simulation, TimeQuality

HISTORICAL_AFTER_MS = 60_000


class RecordKind(enum.IntEnum):
    """Kind byte of a journal record; ACTIVE is published retained."""

    READING = 1
    EVENT = 2
    ACTIVE = 3
    LOSS = 4
    SYSTEM = 5

    @property
    def is_retained(self) -> bool:
        return self is RecordKind.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stays the same for all messages of one run of the agent."""

    agent: str
    epoch: int
    boot: str
    sim: Simulation | None = None


def utc_text(utc_ms: int) -> str:
    """RFC 3339 with milliseconds: ``2026-11-21T08:00:00.123Z``."""
    seconds, ms = divmod(utc_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def frame_record(suffix: str, utc_ms: int, message: bytes) -> bytes:
    """A journal record's payload: topic and time of the fact in one line, then the message exactly as it is published."""
    return b"%s %d\n%s" % (suffix.encode("ascii"), utc_ms, message)


def split_record(payload: bytes) -> tuple[str, int, bytes]:
    """Topic suffix, time of the fact and message of a record.

    Raises:
        ValueError: not made by ``frame_record``.
    """
    head, _, message = payload.partition(b"\n")
    suffix, _, utc_ms = head.partition(b" ")
    return suffix.decode("ascii"), int(utc_ms), message


def mark_historical(message: bytes) -> bytes:
    """The message with ``"hist":true``: known on sending only, so it is no part of the record."""
    return message[:-1] + b',"hist":true}' if message.endswith(b"}") else message


def time_quality(header: Header, source: str, mono_ms: int) -> TimeQuality:
    return TimeQuality(src=source, mono_ms=mono_ms, boot=header.boot)  # type: ignore[arg-type]


def utc_ms_of(text: str) -> int:
    """The inverse of ``utc_text``."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def encode(message: msgspec.Struct | list[SavedEvent] | list[PastEvent]) -> bytes:
    return msgspec.json.encode(message)


def decode_saved_events(data: bytes) -> list[SavedEvent]:
    """Raises ValueError for anything else."""
    try:
        return msgspec.json.decode(data, type=list[SavedEvent])
    except msgspec.MsgspecError as exc:
        raise ValueError(f"saved events are damaged: {exc}") from exc


def decode_past_events(data: bytes) -> list[PastEvent]:
    """Raises ValueError for anything else."""
    try:
        return msgspec.json.decode(data, type=list[PastEvent])
    except msgspec.MsgspecError as exc:
        raise ValueError(f"saved past events are damaged: {exc}") from exc


def saved_event_of(message: bytes) -> SavedEvent:
    """What a journaled event message says about the event. Raises ValueError for anything else."""
    try:
        event = msgspec.json.decode(message, type=Event)
    except msgspec.MsgspecError as exc:
        raise ValueError(f"journaled event is damaged: {exc}") from exc
    body = event.data
    return SavedEvent(
        severity=event.sev, begin_utc_ms=utc_ms_of(body.begin), end_utc_ms=None if body.end is None else utc_ms_of(body.end), body=body,
        message=message.decode(), sent_utc_ms=utc_ms_of(body.published),
    )
