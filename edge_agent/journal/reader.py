"""Reading records back from segment files, in the event loop's thread, while another thread appends to the newest of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.journal.fs import FileSystem
from edge_agent.journal.record import HEAD_BYTES, Record, decode_record, find_record, record_bytes
from edge_agent.journal.segments import Segment

_PIECE_BYTES = 256 * 1024     # holds some records whatever their size (64 KiB at most), and not a whole segment for one of them


@dataclass(slots=True)
class _Place:
    """Where the record ``seq`` of a file begins, with the piece of the file that was read last."""

    path: Path
    seq: int
    offset: int
    piece: bytes = b""
    piece_offset: int = 0


class SegmentReader:
    """Keeps its place, so that reading on through a backlog touches every byte once."""

    def __init__(self, fs: FileSystem) -> None:
        self._fs = fs
        self._place: _Place | None = None

    def read(self, segments: Sequence[Segment], *, seq: int, last_seq: int, limit: int) -> list[Record]:
        """Records without a hole between them, from the first that is readable at or after ``seq``, none after ``last_seq``.

        Raises:
            FileNotFoundError: a segment was dropped meanwhile.
        """
        found: list[Record] = []
        for index, segment in enumerate(segments):
            end = segments[index + 1].first_seq if index + 1 < len(segments) else last_seq + 1
            end = min(end, last_seq + 1)
            if end <= seq:
                continue
            for record in self._records(segment, max(seq, segment.first_seq), end):
                if found and record.seq != found[-1].seq + 1:
                    return found
                found.append(record)
                if len(found) == limit:
                    return found
        return found

    def _records(self, segment: Segment, seq: int, end: int) -> Iterator[Record]:
        place = self._place
        if place is None or place.path != segment.path or place.seq > seq:
            place = self._place = _Place(segment.path, segment.first_seq, HEAD_BYTES)
        while place.seq < end:
            record = self._next(place, end)
            if record is None:
                return
            place.seq, place.offset = record.seq + 1, place.offset + record_bytes(record)
            if record.seq >= seq:
                yield record

    def _next(self, place: _Place, end: int) -> Record | None:
        """The record at ``place``, or the first intact one behind damage (``place`` is then moved to it)."""
        record = decode_record(place.piece, place.offset - place.piece_offset) if place.piece else None
        if record is None:   # the piece is used up, or the file has grown since
            place.piece, place.piece_offset = self._fs.read(place.path, offset=place.offset, limit=_PIECE_BYTES), place.offset
            record = decode_record(place.piece, 0)
        if record is not None and record.seq == place.seq:
            return record
        rest = self._fs.read(place.path, offset=place.offset)
        found = find_record(rest, offset=0, seqs=range(place.seq, end))
        if found is None:
            return None
        place.offset, place.piece = place.offset + found, b""
        return decode_record(rest, found)
