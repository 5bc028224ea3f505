"""The segment files of one stream: names, recovery, appending, reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_agent.journal.fs import FileSystem
from edge_agent.journal.record import HEAD_BYTES, Record, decode_head, decode_records, encode_head, encode_record

_READ_BYTES = 512 * 1024  # a piece of a segment: some records at least (each is at most 64 KiB), no whole file for one of them
_NAME = re.compile(r"([a-z])-(\d{20})\.seg")


@dataclass(frozen=True, slots=True)
class Segment:
    first_seq: int
    path: Path


def find_segments(fs: FileSystem, directory: Path, stream: str) -> list[Segment]:
    """Segments of ``stream``, oldest first."""
    found = (_NAME.fullmatch(name) for name in fs.names(directory))
    return sorted(
        (Segment(int(match[2]), directory / match[0]) for match in found if match and match[1] == stream),
        key=lambda segment: segment.first_seq,
    )


class StreamFiles:
    """Appends to the newest segment of a stream and reads all of them. Used by one thread at a time for writing."""

    def __init__(self, fs: FileSystem, directory: Path, stream: str, *, epoch: int, segment_bytes: int) -> None:
        self._fs, self._directory, self.stream, self._epoch, self._segment_bytes = fs, directory, stream, epoch, segment_bytes
        self.segments: list[Segment] = []
        self.last_seq = 0
        self.set_aside: list[Path] = []
        self._handle: int | None = None
        self._offset = 0
        self._position: tuple[int, Path, int] | None = None  # next seq, file, offset: reading on is not scanning anew
        self._recover()

    def append(self, records: list[Record]) -> None:
        """Write and sync ``records``, which follow on from ``last_seq``. On OSError none of them counts; the next call uses a new file."""
        data = b"".join(map(encode_record, records))
        try:
            if self._handle is not None and self._offset + len(data) > self._segment_bytes:
                self._finish()
            if self._handle is None:
                self._begin(records[0].seq, HEAD_BYTES + len(data))
            assert self._handle is not None
            self._fs.write_at(self._handle, data, self._offset)
            self._fs.sync(self._handle)
        except OSError:
            self._abandon()
            raise
        self._offset += len(data)
        self.last_seq = records[-1].seq

    def read(self, seq: int, limit: int) -> list[Record]:
        """Up to ``limit`` records from ``seq`` on; stops before a hole (see ``next_after_hole``)."""
        found: list[Record] = []
        for index, segment in enumerate(self.segments):
            next_first = self.segments[index + 1].first_seq if index + 1 < len(self.segments) else self.last_seq + 1
            if seq >= next_first:
                continue
            if segment.first_seq > seq:
                break
            for record in self._records(segment, seq):
                if record.seq >= next_first or len(found) == limit:
                    break
                found.append(record)
                seq = record.seq + 1
            if len(found) == limit or seq < next_first:
                break
        return found

    def next_after_hole(self, seq: int) -> int | None:
        """The first seq of the next segment where ``seq`` itself cannot be read."""
        return next((segment.first_seq for segment in self.segments if segment.first_seq > seq), None)

    def drop_oldest(self) -> tuple[int, int]:
        """Remove the oldest segment, which must not be the newest; gives its range of seqs."""
        segment = self.segments.pop(0)
        self._fs.remove(segment.path)
        return segment.first_seq, self.segments[0].first_seq - 1

    def size_bytes(self) -> int:
        return sum(self._fs.size(segment.path) for segment in self.segments)

    def close(self) -> None:
        if self._handle is not None:
            self._finish()

    def _records(self, segment: Segment, seq: int) -> Iterator[Record]:
        offset, expected = HEAD_BYTES, segment.first_seq
        if self._position is not None and self._position[1] == segment.path and self._position[0] <= seq:
            expected, _, offset = self._position
        while True:
            data = self._fs.read(segment.path, offset=offset, limit=_READ_BYTES)
            used = 0
            for record, used in decode_records(data, offset=0, seq=expected):
                if record.seq >= seq:
                    yield record
                expected = record.seq + 1
                self._position = (expected, segment.path, offset + used)
            if not used:
                return
            offset += used

    def _recover(self) -> None:
        for segment in find_segments(self._fs, self._directory, self.stream):
            head = decode_head(self._fs.read(segment.path, limit=HEAD_BYTES))
            if head is None or head[1] != segment.first_seq or head[2] != self.stream:
                self._set_aside(segment)
            else:
                self.segments.append(segment)
        if not self.segments:
            return
        newest = self.segments[-1]
        offset, self.last_seq = HEAD_BYTES, newest.first_seq - 1
        for record, end in decode_records(self._fs.read(newest.path), offset=HEAD_BYTES, seq=newest.first_seq):
            offset, self.last_seq = end, record.seq
        self._handle, self._offset = self._fs.open(newest.path, create=False), offset
        # cut the torn tail and allocate anew: what lay behind it must never be read as records again
        self._fs.resize(self._handle, offset)
        self._fs.resize(self._handle, max(self._segment_bytes, offset))
        self._fs.sync(self._handle)

    def _set_aside(self, segment: Segment) -> None:
        aside = segment.path.with_suffix(".bad")
        self._fs.rename(segment.path, aside)
        self.set_aside.append(aside)

    def _begin(self, first_seq: int, needed_bytes: int) -> None:
        path = self._directory / f"{self.stream}-{first_seq:020d}.seg"
        if self.segments and self.segments[-1].first_seq == first_seq:
            self._set_aside(self.segments.pop())  # began before, failed before anything in it counted
        handle = self._fs.open(path, create=True)
        try:
            self._fs.resize(handle, max(self._segment_bytes, needed_bytes))
            self._fs.write_at(handle, encode_head(epoch=self._epoch, first_seq=first_seq, stream=self.stream), 0)
            self._fs.sync(handle)
            self._fs.sync_directory(self._directory)
        except OSError:
            self._fs.close(handle)
            raise
        self._handle, self._offset = handle, HEAD_BYTES
        self.segments.append(Segment(first_seq, path))

    def _finish(self) -> None:
        """Close the newest segment at its used length."""
        assert self._handle is not None
        handle, self._handle = self._handle, None
        try:
            self._fs.resize(handle, self._offset)
            self._fs.sync(handle)
        finally:
            self._fs.close(handle)

    def _abandon(self) -> None:
        # after a failed sync the kernel may have dropped the pages and will not say so again: never reuse the descriptor
        if self._handle is not None:
            handle, self._handle = self._handle, None
            self._fs.close(handle)
