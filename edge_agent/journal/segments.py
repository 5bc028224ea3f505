"""The segment files of one stream as the committing thread sees them: begin, append, finish, drop."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.journal.fs import FileSystem, write_all
from edge_agent.journal.record import HEAD_BYTES, Head, Record, encode_head, encode_record

_NAME = re.compile(r"([a-z])-(\d{20})\.seg")


@dataclass(slots=True)
class Segment:
    """One file. Its records run from ``first_seq`` to before the next segment's; ``size_bytes`` is the space it takes."""

    first_seq: int
    path: Path
    size_bytes: int
    created_utc_ms: int = 0


def find_segments(fs: FileSystem, directory: Path, stream: str) -> list[Segment]:
    """Segments of ``stream``, oldest first."""
    found = (_NAME.fullmatch(name) for name in fs.names(directory))
    return sorted(
        (Segment(int(match[2]), directory / match[0], 0) for match in found if match and match[1] == stream),
        key=lambda segment: segment.first_seq,
    )


@dataclass(slots=True)
class Tail:
    """The newest segment, open for appending: what lies behind ``offset`` is zeros or not yet allocated."""

    handle: int
    offset: int
    allocated_bytes: int


class StreamFiles:
    """Belongs to the committing thread. ``segments`` is a tuple that is only ever replaced: any thread may look at it."""

    def __init__(
        self, fs: FileSystem, directory: Path, stream: str, *, head: Callable[[str, int], Head], segment_bytes: int,
    ) -> None:
        self._fs, self._directory, self.stream, self._segment_bytes = fs, directory, stream, segment_bytes
        self._head = head
        self.segments: tuple[Segment, ...] = ()
        self.last_seq = 0
        self.written_bytes = 0
        self._tail: Tail | None = None

    def take_over(self, segments: Sequence[Segment], last_seq: int, tail: Tail | None) -> None:
        """Go on with what recovery found."""
        self.segments, self.last_seq, self._tail = tuple(segments), last_seq, tail

    def append(self, records: Sequence[Record]) -> int:
        """Write and sync the first of ``records``, as many as one segment takes; gives their number, at least 1.

        Numbers rise by one; where they do not follow on from ``last_seq`` a new segment begins.

        Raises:
            OSError: none of them counts. The file is not used again, the next call begins a new one.
        """
        try:
            if self._tail is None or records[0].seq != self.last_seq + 1:
                self.begin(records[0].seq)
            parts = self._parts_for_room(records)
            if not parts:
                self.begin(records[0].seq)
                # a record larger than a whole segment gets a longer one of its own
                parts = self._parts_for_room(records) or [encode_record(records[0])]
            data = b"".join(parts)
            assert self._tail is not None
            tail = self._tail
            self._allocate(tail, tail.offset + len(data))
            write_all(self._fs, tail.handle, data, tail.offset)
            self._fs.sync(tail.handle)
        except OSError:
            self.abandon()
            raise
        tail.offset += len(data)
        self.written_bytes += len(data)
        self.last_seq = records[len(parts) - 1].seq
        return len(parts)

    def begin(self, first_seq: int) -> None:
        """Start a new segment; what its file may hold from an earlier try never counted. Raises OSError."""
        self.abandon()
        path = self._directory / f"{self.stream}-{first_seq:020d}.seg"
        self.segments = tuple(segment for segment in self.segments if segment.path != path)
        self._fs.remove(path)
        handle = self._fs.open(path, create=True)
        head = self._head(self.stream, first_seq)
        try:
            write_all(self._fs, handle, encode_head(head), 0)
            self._fs.sync(handle)
            self._fs.sync_directory(self._directory)
        except OSError:
            with contextlib.suppress(OSError):   # the first error is the one to tell
                self._fs.close(handle)
                self._fs.remove(path)
            raise
        self.written_bytes += HEAD_BYTES
        self._tail = Tail(handle, HEAD_BYTES, HEAD_BYTES)
        self.segments = (*self.segments, Segment(first_seq, path, HEAD_BYTES, head.created_utc_ms))

    def drop_oldest(self) -> None:
        """Forget and remove the oldest segment, be it the one in use. Raises OSError; it is forgotten all the same."""
        segment = self.segments[0]
        if len(self.segments) == 1:
            self.abandon()
        self.segments = self.segments[1:]
        self._fs.remove(segment.path)

    def abandon(self) -> None:
        """Stop using the descriptor: after a failed sync the kernel may have dropped the pages and will not say so again."""
        tail, self._tail = self._tail, None
        if tail is None:
            return
        with contextlib.suppress(OSError):   # all that counts in it is synced
            self._fs.close(tail.handle)
        with contextlib.suppress(OSError):   # what did not count only takes space, which a full disk needs
            handle = self._fs.open(self.segments[-1].path, create=False)
            try:
                self._fs.resize(handle, tail.offset)
                self.segments[-1].size_bytes = tail.offset
            finally:
                self._fs.close(handle)

    def close(self) -> None:
        """Leave the newest segment at its used length."""
        self.abandon()

    def _parts_for_room(self, records: Sequence[Record]) -> list[bytes]:
        assert self._tail is not None
        room = self._segment_bytes - self._tail.offset
        parts: list[bytes] = []
        for record in records:
            part = encode_record(record)
            room -= len(part)
            if room < 0:
                break
            parts.append(part)
        return parts

    def _allocate(self, tail: Tail, needed_bytes: int) -> None:
        if tail.allocated_bytes >= needed_bytes:
            return
        size = max(self._segment_bytes, needed_bytes)
        try:
            self._fs.allocate(tail.handle, size)
        except OSError as exc:
            # no room for all of it, or a file system that cannot: go on without, the write will tell
            if exc.errno not in (errno.ENOSPC, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
        tail.allocated_bytes = size
        self.segments[-1].size_bytes = size

