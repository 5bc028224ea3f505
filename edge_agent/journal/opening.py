"""Opening all streams: the epoch, what recovery found, the files to append to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_agent.journal.fs import FileSystem, RealFs
from edge_agent.journal.record import HEAD_BYTES, Head, Record, decode_records
from edge_agent.journal.recovery import FoundStream, Recovered, recover_stream
from edge_agent.journal.segments import StreamFiles, find_segments
from edge_agent.journal.settings import JournalSettings
from edge_agent.journal.small_files import load_epoch, store_epoch

# in order of priority: fire and outage, other events, alarms that are on (retained), state and losses, readings
STREAMS = "aetsr"


@dataclass(slots=True, kw_only=True)
class OpenedStreams:
    epoch: int
    files: dict[str, StreamFiles]
    used_seq: dict[str, int]
    recovered: list[Recovered]


def open_streams(
    fs: FileSystem, directory: Path, settings: JournalSettings, *, agent: str, utc_ms: Callable[[], int] | None
) -> OpenedStreams:
    """Recover every stream and begin the segments that are missing. Raises OSError, ConfigError."""
    found = {stream: recover_stream(fs, directory, stream) for stream in STREAMS}
    known = load_epoch(fs, directory)
    epoch = _epoch(known, found)
    if epoch != known:
        store_epoch(fs, directory, epoch)   # before any segment: what was begun under it must not be begun again

    def head(stream: str, first_seq: int) -> Head:
        return Head(
            stream=stream, epoch=epoch, first_seq=first_seq, agent=agent, created_utc_ms=0 if utc_ms is None else max(0, utc_ms()),
        )

    segment_bytes = settings.segment_bytes_within(settings.budget_bytes(fs.total_bytes(directory)))
    files = {stream: StreamFiles(fs, directory, stream, head=head, segment_bytes=segment_bytes) for stream in STREAMS}
    for stream, one in found.items():
        files[stream].take_over(one.segments, one.last_seq, one.tail)
        if not one.segments or epoch != known:
            files[stream].begin(one.used_seq + 1)   # each stream has a segment from the start: one without was robbed of them
    return OpenedStreams(
        epoch=epoch, files=files, used_seq={stream: one.used_seq for stream, one in found.items()},
        recovered=[entry for one in found.values() for entry in one.recovered],
    )


def _epoch(known: int | None, found: dict[str, FoundStream]) -> int:
    """Grows only when numbers may start again: the journal is new, both copies of the epoch are gone, or a stream lost all its segments."""
    newest = max(one.max_epoch for one in found.values())
    if known is None:
        return newest + 1
    if any(not one.segments and not one.recovered for one in found.values()):
        return max(known, newest) + 1
    return max(known, newest)


def read_only(directory: Path, stream: str, *, fs: FileSystem | None = None) -> Iterator[Record]:
    """All intact records of a stream, without lock or repair: for looking into the journal of a running agent. Raises OSError."""
    fs = fs or RealFs()
    segments = find_segments(fs, directory, stream)
    for index, segment in enumerate(segments):
        next_first = segments[index + 1].first_seq if index + 1 < len(segments) else None
        try:
            data = fs.read(segment.path)
        except FileNotFoundError:
            continue   # the running agent dropped it since we looked
        for record in decode_records(data, offset=HEAD_BYTES, seq=segment.first_seq):
            if next_first is not None and record.seq >= next_first:
                break
            yield record
