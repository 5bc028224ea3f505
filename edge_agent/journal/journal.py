"""The journal: what was detected or read is here before it is published, and stays until the broker has it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import ConfigError, OutboxFull
from edge_agent.journal.fs import FileSystem, RealFs
from edge_agent.journal.record import HEAD_BYTES, MAX_PAYLOAD_BYTES, Record, decode_head, decode_records
from edge_agent.journal.segments import StreamFiles, find_segments
from edge_agent.journal.small_files import Cursor, load_epoch, store_epoch

# in order of priority: fire and outage, other events, alarms that are on (retained), state and losses, readings
STREAMS = "aetsr"
_DROP_ORDER = "rse"        # what may be dropped unsent when space is out; "a" and the few records of "t" never
_RECENT_RECORDS = 2000     # kept in memory for each stream, so that live sending never reads the disk
_CURSOR_EVERY_ACKS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """Sizes of the store, and when a group is committed (mqtt_reliability.md 2.4)."""

    segment_bytes: int = 4 * 2**20
    max_bytes: int = 2 * 2**30
    pending_records: int = 20_000        # waiting for the disk; beyond it reading slows down
    readings_records: int = 100
    readings_s: float = 2.0
    events_s: float = 0.1

    def __post_init__(self) -> None:
        if self.segment_bytes < 2 * MAX_PAYLOAD_BYTES or self.max_bytes < 8 * self.segment_bytes:
            raise ValueError(f"segment_bytes must be at least {2 * MAX_PAYLOAD_BYTES}, max_bytes at least 8 segments")
        if self.pending_records < 1 or self.readings_records < 1 or self.readings_s <= 0 or self.events_s <= 0:
            raise ValueError("pending_records, readings_records, readings_s and events_s must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Records that will never be sent."""

    stream: str
    from_seq: int
    to_seq: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStats:
    """``backlog``: committed and not yet acked, by stream."""

    backlog: dict[str, int]
    pending: int
    size_bytes: int
    fault: str


class Journal:
    """Streams of numbered records. ``append`` and reading belong to the event loop's thread, ``commit`` to one worker thread."""

    def __init__(self, directory: Path, fs: FileSystem, settings: JournalSettings, lock_handle: int) -> None:
        self._directory, self._fs, self._settings, self._lock_handle = directory, fs, settings, lock_handle
        self.epoch, is_new = _epoch(fs, directory)
        self._files = {
            stream: StreamFiles(fs, directory, stream, epoch=self.epoch, segment_bytes=settings.segment_bytes) for stream in STREAMS
        }
        if is_new:
            store_epoch(fs, directory, self.epoch)
        self._cursor = Cursor(fs, directory / "cursor", STREAMS, epoch=self.epoch)
        self._acks_since_store = 0
        self._guard = threading.Lock()
        self._pending: dict[str, list[Record]] = {stream: [] for stream in STREAMS}
        self._recent: dict[str, deque[Record]] = {stream: deque(maxlen=_RECENT_RECORDS) for stream in STREAMS}
        self._next = {stream: self._files[stream].last_seq + 1 for stream in STREAMS}
        self._committed = {stream: self._files[stream].last_seq for stream in STREAMS}
        self._losses: list[Loss] = []
        self.fault = ""
        for stream in STREAMS:
            # a cursor ahead of the records belongs to records that a power cut took: they were never acknowledged as stored
            self._cursor.positions[stream] = min(self._cursor.positions[stream], self._committed[stream])
        self.set_aside = [path for files in self._files.values() for path in files.set_aside]

    @classmethod
    def open(cls, directory: Path, *, fs: FileSystem | None = None, settings: JournalSettings | None = None) -> Journal:
        """Open or create the journal in ``directory``; recovers from whatever a power cut left.

        Raises:
            ConfigError: the directory cannot be used, or another process uses it.
        """
        fs = fs or RealFs()
        try:
            fs.make_directory(directory)
            lock_handle = fs.lock(directory / "lock")
        except BlockingIOError as exc:
            raise ConfigError([f"{directory}: another agent uses this journal; stop it, or give this one its own state_dir"]) from exc
        except OSError as exc:
            raise ConfigError([f"{directory}: cannot be used for the journal: {exc.strerror}; choose another state_dir"]) from exc
        return cls(directory, fs, settings or JournalSettings(), lock_handle)

    def append(self, stream: str, kind: int, encode: Callable[[int], bytes]) -> int:
        """Give the next seq to the record that ``encode(seq)`` makes; in memory until ``commit``.

        Raises:
            OutboxFull: too many records wait for the disk; no seq was used.
            ValueError: the record is empty or larger than 64 KiB; no seq was used.
        """
        seq = self._next[stream]
        payload = encode(seq)
        if not 0 < len(payload) <= MAX_PAYLOAD_BYTES:
            raise ValueError(f"record of {len(payload)} bytes; 1 to {MAX_PAYLOAD_BYTES} are possible")
        with self._guard:
            # alarms always have room: the bound is for what comes a thousand times a second
            if stream == "r" and len(self._pending[stream]) >= self._settings.pending_records:
                raise OutboxFull(f"{self._settings.pending_records} records wait for the disk")
            self._pending[stream].append(Record(seq, kind, payload))
        self._next[stream] = seq + 1
        return seq

    def pending(self, stream: str) -> int:
        return len(self._pending[stream])

    def commit(self) -> None:
        """Write and sync all that is pending. An error leaves it pending for the next call and is kept in ``fault``."""
        for stream in STREAMS:
            with self._guard:
                records = list(self._pending[stream])
            if not records:
                continue
            try:
                self._files[stream].append(records)
            except OSError as exc:
                self.fault = f"{self._directory}: {exc.strerror or exc}"
                continue
            self.fault = ""
            with self._guard:
                del self._pending[stream][: len(records)]
                self._recent[stream].extend(records)
                self._committed[stream] = records[-1].seq
        self._make_room()

    def next_seq(self, stream: str) -> int:
        return self._next[stream]

    def committed(self, stream: str) -> int:
        """The last seq that a power cut cannot take any more."""
        return self._committed[stream]

    def read_from(self, stream: str, seq: int, limit: int) -> list[Record]:
        """Up to ``limit`` committed records from ``seq`` on. A hole is skipped and declared (``take_losses``)."""
        with self._guard:
            recent = self._recent[stream]
            if recent and recent[0].seq <= seq:
                first = seq - recent[0].seq
                return [recent[index] for index in range(first, min(first + limit, len(recent)))]
            if seq > self._committed[stream]:
                return []
        found = self._files[stream].read(seq, limit)
        if not found and (beyond := self._files[stream].next_after_hole(seq)) is not None:
            self._losses.append(Loss(stream=stream, from_seq=seq, to_seq=beyond - 1, reason="segment damaged or gone"))
            return self._files[stream].read(beyond, limit)
        return [record for record in found if record.seq <= self._committed[stream]]

    def ack(self, stream: str, seq: int) -> None:
        """Everything of ``stream`` up to ``seq`` has reached the broker."""
        self._acks_since_store += max(0, seq - self._cursor.positions[stream])
        self._cursor.positions[stream] = max(self._cursor.positions[stream], seq)
        if self._acks_since_store >= _CURSOR_EVERY_ACKS:
            self.store_cursor()

    def cursor(self, stream: str) -> int:
        return self._cursor.positions[stream]

    def store_cursor(self) -> None:
        """Make the cursor durable; a lost one costs repeated deliveries, never a record."""
        if self._acks_since_store:
            self._acks_since_store = 0
            try:
                self._cursor.store()
            except OSError as exc:
                self.fault = f"{self._directory}: {exc.strerror or exc}"

    def take_losses(self) -> list[Loss]:
        """Losses since the last call, to be declared."""
        losses, self._losses = self._losses, []
        return losses

    def stats(self) -> JournalStats:
        return JournalStats(
            backlog={stream: self._committed[stream] - self._cursor.positions[stream] for stream in STREAMS},
            pending=sum(map(len, self._pending.values())),
            size_bytes=sum(files.size_bytes() for files in self._files.values()), fault=self.fault,
        )

    def close(self) -> None:
        """Commit what is pending, store the cursor, free the directory for another process."""
        self.commit()
        self.store_cursor()
        for files in self._files.values():
            files.close()
        self._cursor.close()
        self._fs.close(self._lock_handle)

    def _make_room(self) -> None:
        """Keep the store within ``max_bytes``: oldest sent segments first, then the oldest unsent of the least important stream."""
        if sum(len(files.segments) for files in self._files.values()) * self._settings.segment_bytes <= self._settings.max_bytes:
            return
        for stream in (*_DROP_ORDER, "t", "a"):
            files = self._files[stream]
            if len(files.segments) > 1 and files.segments[1].first_seq - 1 <= self._cursor.positions[stream]:
                files.drop_oldest()
                return
        for stream in _DROP_ORDER:
            files = self._files[stream]
            if len(files.segments) > 1:
                first, last = files.drop_oldest()
                unsent = max(first, self._cursor.positions[stream] + 1)
                self._losses.append(Loss(stream=stream, from_seq=unsent, to_seq=last, reason="retention: the store is full"))
                return


def _epoch(fs: FileSystem, directory: Path) -> tuple[int, bool]:
    """The epoch, and whether it is new: it grows only when the journal is created anew, since its numbers then start again."""
    known = load_epoch(fs, directory)
    heads = [
        decode_head(fs.read(segment.path, limit=HEAD_BYTES)) for stream in STREAMS for segment in find_segments(fs, directory, stream)
    ]
    epochs = [head[0] for head in heads if head is not None]
    if known is not None and epochs:
        return max(known, *epochs), max(epochs) > known
    return max([known or 0, *epochs]) + 1, True


def read_only(directory: Path, stream: str, *, fs: FileSystem | None = None) -> Iterator[Record]:
    """All intact records of a stream, without lock or repair: for looking into the journal of a running agent."""
    fs = fs or RealFs()
    segments = find_segments(fs, directory, stream)
    for index, segment in enumerate(segments):
        next_first = segments[index + 1].first_seq if index + 1 < len(segments) else None
        for record, _ in decode_records(fs.read(segment.path), offset=HEAD_BYTES, seq=segment.first_seq):
            if next_first is not None and record.seq >= next_first:
                break
            yield record
