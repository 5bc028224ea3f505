"""The journal: what was detected or read is here before it is published, and stays until the broker has it."""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.errors import ConfigError, OutboxFull
from edge_agent.journal.fs import FileSystem, RealFs
from edge_agent.journal.losses import Loss, LossBook
from edge_agent.journal.opening import STREAMS, open_streams
from edge_agent.journal.reader import SegmentReader
from edge_agent.journal.recent import RecentRecords
from edge_agent.journal.record import MAX_PAYLOAD_BYTES, Record
from edge_agent.journal.settings import JournalSettings
from edge_agent.journal.small_files import Cursor
from edge_agent.journal.space import Space

_CURSOR_EVERY_ACKS = 500
_READ_TRIES = 3            # a segment may be dropped while it is read; the next try sees what is left
_FAULTS_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStats:
    """``backlog``: committed and not yet acked, by stream. ``lost``: records dropped or found damaged since the start, by stream."""

    backlog: dict[str, int]
    pending: int
    size_bytes: int
    fault: str
    lost: dict[str, int] = field(default_factory=dict)
    faults: int = 0
    written_bytes: int = 0


class Journal:
    """Streams of numbered records. ``commit`` and ``store_cursor`` belong to one worker thread, all else to the event loop's."""

    def __init__(
        self, directory: Path, fs: FileSystem, settings: JournalSettings, lock_handle: int, *, agent: str, utc_ms: Callable[[], int] | None,
    ) -> None:
        self._directory, self._fs, self._settings, self._lock_handle = directory, fs, settings, lock_handle
        opened = open_streams(fs, directory, settings, agent=agent, utc_ms=utc_ms)
        self.epoch, self.recovered, self._files = opened.epoch, opened.recovered, opened.files
        self._cursor = Cursor(fs, directory / "cursor", STREAMS, epoch=self.epoch)
        self._losses = LossBook()
        self._space = Space(fs, directory, self._files, self._cursor, self._losses, settings=settings, utc_ms=utc_ms)
        self._guard = threading.Lock()
        self._pending: dict[str, list[Record]] = {stream: [] for stream in STREAMS}
        self._taken: dict[str, list[Record]] = {stream: [] for stream in STREAMS}     # of the worker: swapped out, not yet durable
        self._recent = {stream: RecentRecords() for stream in STREAMS}
        self._readers = {stream: SegmentReader(fs) for stream in STREAMS}
        # an acked number was given out, whatever the disk says: it must not stand for another record (a lost cursor is all 0)
        used = {stream: max(opened.used_seq[stream], self._cursor.positions[stream]) for stream in STREAMS}
        self._next = {stream: used[stream] + 1 for stream in STREAMS}
        self._committed = dict(used)
        self._settled = dict(used)      # of the worker: committed or given up
        self._faults: list[str] = []
        self._fault_count = 0
        self.fault = ""
        self.on_cursor_due: Callable[[], None] | None = None
        if self._cursor.is_lost:
            self._begin_cursor()
        self._declare_holes()

    @classmethod
    def open(
        cls, directory: Path, *, fs: FileSystem | None = None, settings: JournalSettings | None = None, agent: str = "",
        utc_ms: Callable[[], int] | None = None,
    ) -> Journal:
        """Open or create the journal in ``directory``; recovers from whatever a power cut left.

        Args:
            agent: written into the heads of segments, for whoever finds the files.
            utc_ms: labels segments and drives retention by age; None: nothing leaves for its age.
        Raises:
            ConfigError: the directory cannot be used, another process uses it, or a newer version wrote it.
        """
        fs = fs or RealFs()
        try:
            fs.make_directory(directory)
            lock_handle = fs.lock(directory / "lock")
        except BlockingIOError as exc:
            raise ConfigError([f"{directory}: another agent uses this journal; stop it, or give this one its own state_dir"]) from exc
        except OSError as exc:
            raise _unusable(directory, exc) from exc
        try:
            return cls(directory, fs, settings or JournalSettings(), lock_handle, agent=agent, utc_ms=utc_ms)
        except BaseException as exc:
            with contextlib.suppress(OSError):
                fs.close(lock_handle)
            if isinstance(exc, OSError):
                raise _unusable(directory, exc) from exc
            raise

    @property
    def set_aside(self) -> list[Path]:
        """Damaged segments that the start renamed to ``.bad``."""
        return [found.path for found in self.recovered if found.path is not None]

    def append(self, stream: str, kind: int, encode: Callable[[int], bytes]) -> int:
        """Give the next seq to the record that ``encode(seq)`` makes; in memory until ``commit``.

        Raises:
            OutboxFull: too many records of this stream wait for the disk; no seq was used.
            ValueError: the record is empty or larger than 64 KiB; no seq was used.
        """
        seq = self._next[stream]
        if seq - 1 - self._settled[stream] >= self._settings.pending_records:
            raise OutboxFull(f"{self._settings.pending_records} records of stream {stream} wait for the disk")
        payload = encode(seq)
        if not 0 < len(payload) <= MAX_PAYLOAD_BYTES:
            raise ValueError(f"record of {len(payload)} bytes; 1 to {MAX_PAYLOAD_BYTES} are possible")
        with self._guard:
            self._pending[stream].append(Record(seq, kind, payload))
        self._next[stream] = seq + 1
        return seq

    def pending(self, stream: str) -> int:
        """Records that are not on disk yet."""
        return self._next[stream] - 1 - self._settled[stream]

    def commit(self) -> None:
        """Write and sync all that is pending. What the disk does not take stays pending for the next call, with ``fault`` set."""
        fault = ""
        for stream in STREAMS:
            fault = self._commit_stream(stream) or fault
        try:
            self._space.tidy()
        except OSError as exc:
            fault = fault or self._told(exc)
        self.fault = fault
        if self._cursor.unstored_acks >= _CURSOR_EVERY_ACKS:
            self.store_cursor()

    def next_seq(self, stream: str) -> int:
        return self._next[stream]

    def committed(self, stream: str) -> int:
        """The last seq that a power cut cannot take any more."""
        return self._committed[stream]

    def read_from(self, stream: str, seq: int, limit: int) -> list[Record]:
        """Up to ``limit`` committed records from ``seq`` on, without a hole among them; one before them is declared (``take_losses``)."""
        files, reader = self._files[stream], self._readers[stream]
        with self._guard:
            committed = self._committed[stream]
            recent = self._recent[stream].read(seq, limit)
        if seq > committed:
            return []
        segments = files.segments
        if recent is not None and segments and seq >= segments[0].first_seq:   # else dropped, and declared as lost
            return recent
        unsent_seq = max(seq, self._cursor.positions[stream] + 1)
        for _ in range(_READ_TRIES):
            segments = files.segments
            try:
                found = reader.read(segments, seq=seq, last_seq=committed, limit=limit)
            except FileNotFoundError:
                continue   # dropped by retention since we looked
            except OSError as exc:
                self._told(exc)
                if (beyond := next((segment.first_seq for segment in segments if segment.first_seq > seq), None)) is None:
                    return []
                seq = beyond   # one bad sector must not hold back all that follows
                continue
            self._losses.declare(stream, unsent_seq, found[0].seq - 1 if found else committed, "records are damaged or gone")
            return found
        return []

    def ack(self, stream: str, seq: int) -> None:
        """Everything of ``stream`` up to ``seq`` has reached the broker. Raises ValueError for what was never committed."""
        if seq > self._committed[stream]:
            raise ValueError(f"stream {stream}: {seq} acked, {self._committed[stream]} committed")
        if seq <= self._cursor.positions[stream]:
            return
        self._cursor.positions[stream] = seq
        if self._cursor.unstored_acks >= _CURSOR_EVERY_ACKS and self.on_cursor_due is not None:
            self.on_cursor_due()

    def cursor(self, stream: str) -> int:
        return self._cursor.positions[stream]

    def store_cursor(self) -> None:
        """Make the cursor durable; a lost one costs repeated deliveries, never a record."""
        if self._cursor.unstored_acks:
            try:
                self._cursor.store()
            except OSError as exc:
                self.fault = self._told(exc)

    def take_losses(self) -> list[Loss]:
        """Losses since the last call, to be declared; those that the start found come first."""
        return self._losses.take()

    def take_faults(self) -> list[str]:
        """What the disk refused since the last call, also where the next try went well; to be told as a ``store`` fault."""
        with self._guard:
            faults, self._faults = self._faults, []
            return faults

    def stats(self) -> JournalStats:
        return JournalStats(
            backlog={stream: self._committed[stream] - self._cursor.positions[stream] for stream in STREAMS},
            pending=sum(map(self.pending, STREAMS)), size_bytes=self._space.used_bytes(), fault=self.fault,
            lost=dict(self._losses.records), faults=self._fault_count,
            written_bytes=sum(files.written_bytes for files in self._files.values()),
        )

    def close(self) -> None:
        """Commit what is pending, store the cursor, free the directory for another process."""
        try:
            self.commit()
            self.store_cursor()
            for files in self._files.values():
                files.close()
            self._cursor.close()
        finally:
            self._fs.close(self._lock_handle)

    def _commit_stream(self, stream: str) -> str:
        """Gives the fault that kept records from the disk, or nothing."""
        with self._guard:
            self._taken[stream] += self._pending[stream]
            self._pending[stream] = []
        taken, failures = self._taken[stream], 0
        while taken:
            try:
                count = self._files[stream].append(taken)
            except OSError as exc:
                fault, failures = self._told(exc), failures + 1
                if exc.errno == errno.ENOSPC and self._found_room(stream):
                    continue
                if exc.errno == errno.ENOSPC or failures > 1:
                    self._thin_out(stream)
                    return fault
                continue   # once more, on a new file
            with self._guard:
                self._recent[stream].extend(taken[:count])
                self._committed[stream] = self._settled[stream] = taken[count - 1].seq
            del taken[:count]
        return ""

    def _found_room(self, stream: str) -> bool:
        try:
            return self._space.find_room(stream, is_pressed=2 * self.pending(stream) >= self._settings.pending_records)
        except OSError as exc:
            self._told(exc)
            return False

    def _thin_out(self, stream: str) -> None:
        """Readings that no disk takes give up their oldest half when memory is full of them: the newest are worth more."""
        taken = self._taken[stream]
        if stream != "r" or self.pending(stream) < self._settings.pending_records:
            return
        dropped = (len(taken) + 1) // 2
        self._losses.declare(stream, taken[0].seq, taken[dropped - 1].seq, "the disk takes no records")
        self._settled[stream] = taken[dropped - 1].seq
        del taken[:dropped]

    def _told(self, exc: OSError) -> str:
        fault = f"{self._directory}: {exc.strerror or exc}"
        with self._guard:
            self._fault_count += 1
            if fault not in self._faults and len(self._faults) < _FAULTS_KEPT:
                self._faults.append(fault)
        return fault

    def _begin_cursor(self) -> None:
        # what retention removed before was at the broker or declared: begin with what is there
        self._cursor.positions.update({stream: files.segments[0].first_seq - 1 for stream, files in self._files.items()})
        try:
            self._cursor.store()
            self._fs.sync_directory(self._directory)     # from now on a journal without cursor is one that lost it
        except OSError as exc:
            self.fault = self._told(exc)

    def _declare_holes(self) -> None:
        """Numbers that were never acked and have no record any more."""
        for found in self.recovered:
            self._losses.declare(found.stream, max(found.from_seq, self._cursor.positions[found.stream] + 1), found.to_seq, found.reason)
        for stream, files in self._files.items():
            if files.segments:
                acked, first = self._cursor.positions[stream], files.segments[0].first_seq
                self._losses.declare(stream, acked + 1, min(first - 1, self._committed[stream]), "records are damaged or gone")


def _unusable(directory: Path, exc: OSError) -> ConfigError:
    return ConfigError([f"{directory}: cannot be used for the journal: {exc.strerror or exc}; choose another state_dir"])
