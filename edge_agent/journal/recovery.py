"""What a start finds on disk: sets damage aside, cuts a torn tail, says where numbering goes on. Never refuses to start for damage."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.errors import ConfigError
from edge_agent.journal.fs import FileSystem
from edge_agent.journal.record import (
    HEAD_BYTES,
    RECORD_OVERHEAD_BYTES,
    VERSION,
    Head,
    decode_head,
    decode_record,
    decode_records,
    find_record,
    record_bytes,
)
from edge_agent.journal.segments import Segment, Tail, find_segments

_TAIL_SEQS = 4096      # how far behind a tear numbers are looked for; a commit seldom holds more


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Numbers whose records a start found damaged. ``path`` is the file set aside, None where a tail was cut."""

    stream: str
    from_seq: int
    to_seq: int
    reason: str
    path: Path | None = None


@dataclass(slots=True)
class FoundStream:
    """``last_seq`` is the last readable record, ``used_seq`` the last number that may have been given out."""

    segments: list[Segment] = field(default_factory=list)
    last_seq: int = 0
    used_seq: int = 0
    tail: Tail | None = None
    max_epoch: int = 0
    recovered: list[Recovered] = field(default_factory=list)


def recover_stream(fs: FileSystem, directory: Path, stream: str) -> FoundStream:
    """Checks every head, scans only the newest segment.

    Raises:
        ConfigError: a segment was written by a newer version of the program.
        OSError: a damaged file can neither be read nor set aside.
    """
    found = FoundStream()
    files = find_segments(fs, directory, stream)
    while files and _is_unfinished(fs, files[-1]):
        fs.remove(files.pop().path)
    for index, segment in enumerate(files):
        head = _read_head(fs, segment)
        if head is not None and head.version > VERSION:
            raise ConfigError([f"{segment.path}: format {head.version} of a newer version; run that one, or use another state_dir"])
        if head is None or head.version < 1 or head.first_seq != segment.first_seq or head.stream != stream:
            next_first = files[index + 1].first_seq if index + 1 < len(files) else None
            _set_aside(fs, stream, segment, next_first, found)
            continue
        segment.size_bytes, segment.created_utc_ms = fs.size(segment.path), head.created_utc_ms
        found.segments.append(segment)
        found.max_epoch = max(found.max_epoch, head.epoch)
    if found.segments and found.segments[-1] is files[-1]:
        _scan_newest(fs, stream, found)
    return found


def _is_unfinished(fs: FileSystem, segment: Segment) -> bool:
    """A power cut came before the head was whole: records are only written after it."""
    try:
        data = fs.read(segment.path)
    except OSError:
        return False
    return decode_head(data) is None and not data[HEAD_BYTES:].lstrip(b"\0")


def _read_head(fs: FileSystem, segment: Segment) -> Head | None:
    try:
        return decode_head(fs.read(segment.path, limit=HEAD_BYTES))
    except OSError:
        return None


def _set_aside(fs: FileSystem, stream: str, segment: Segment, next_first: int | None, found: FoundStream) -> None:
    if next_first is None:
        # the numbers in it are unknown: no more than its bytes can hold
        used_bytes = fs.size(segment.path)
        with contextlib.suppress(OSError):
            used_bytes = len(fs.read(segment.path).rstrip(b"\0"))
        next_first = segment.first_seq + max(0, used_bytes - HEAD_BYTES) // (RECORD_OVERHEAD_BYTES + 1)
        found.last_seq = found.used_seq = next_first - 1
    aside = segment.path.with_suffix(".bad")
    fs.rename(segment.path, aside)
    found.recovered.append(Recovered(
        stream=stream, from_seq=segment.first_seq, to_seq=next_first - 1, reason="segment damaged, set aside", path=aside,
    ))


def _scan_newest(fs: FileSystem, stream: str, found: FoundStream) -> None:
    newest = found.segments[-1]
    offset, last_seq = HEAD_BYTES, newest.first_seq - 1
    try:
        data = fs.read(newest.path)
    except OSError:
        found.segments.pop()
        _set_aside(fs, stream, newest, None, found)
        return
    for record in decode_records(data, offset=HEAD_BYTES, seq=newest.first_seq):
        offset, last_seq = offset + record_bytes(record), record.seq
    found.last_seq = found.used_seq = last_seq
    is_torn = bool(data[offset:].lstrip(b"\0"))
    if is_torn and (beyond := _last_seq_behind(data, offset, last_seq + 1)) is not None:
        # a tear never committed these, bit rot may have taken some that were sent: their numbers are not given out again
        found.used_seq = beyond
        found.recovered.append(Recovered(stream=stream, from_seq=last_seq + 1, to_seq=beyond, reason="records behind damage were cut"))
    handle = fs.open(newest.path, create=False)
    allocated_bytes = len(data)
    if is_torn:
        try:
            # what lay behind the tear must never be read as records again
            fs.resize(handle, offset)
            fs.sync(handle)
        except OSError:
            with contextlib.suppress(OSError):
                fs.close(handle)
            return   # appending begins a new segment, whose first number bounds this one
        allocated_bytes = newest.size_bytes = offset
    found.tail = Tail(handle, offset, allocated_bytes)


def _last_seq_behind(data: bytes, offset: int, seq: int) -> int | None:
    last = None
    end = seq + _TAIL_SEQS
    while (at := find_record(data, offset=offset, seqs=range(seq, end))) is not None:
        record = decode_record(data, at)
        assert record is not None
        last, offset, seq = record.seq, at + record_bytes(record), record.seq + 1
    return last
