"""The records committed last, in memory, so that live sending never reads the disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

from edge_agent.journal.record import Record, record_bytes

_MAX_RECORDS = 2000
_MAX_BYTES = 2 * 2**20     # of one stream: 2000 usual records and some to spare, and not 2000 of 64 KiB


class RecentRecords:
    """Without a hole. Not locked: the journal does that."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        self._bytes = 0

    def extend(self, records: Sequence[Record]) -> None:
        kept = self._records
        if kept and records[0].seq != kept[-1].seq + 1:
            kept.clear()
            self._bytes = 0
        kept.extend(records)
        self._bytes += sum(map(record_bytes, records))
        while len(kept) > _MAX_RECORDS or self._bytes > _MAX_BYTES:
            self._bytes -= record_bytes(kept.popleft())

    def read(self, seq: int, limit: int) -> list[Record] | None:
        """Records from ``seq`` on, None where it is older than all that are here."""
        if not self._records or seq < self._records[0].seq:
            return None
        first = seq - self._records[0].seq
        return list(islice(self._records, first, first + limit))
