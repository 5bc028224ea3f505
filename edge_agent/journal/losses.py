"""Numbers whose records will never be sent: each told once to whoever declares them."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Records that will never be sent. The numbers are inclusive."""

    stream: str
    from_seq: int
    to_seq: int
    reason: str


class LossBook:
    """For any thread. The same hole may be met when it is made and again when it is read over: the second time is no news."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._told: dict[str, list[range]] = {}
        self._waiting: list[Loss] = []
        self.records: dict[str, int] = {}      # lost since the start, by stream

    def declare(self, stream: str, from_seq: int, to_seq: int, reason: str) -> None:
        if to_seq < from_seq:
            return
        with self._guard:
            told = self._told.setdefault(stream, [])
            if any(from_seq in known and to_seq in known for known in told):
                return
            if told and told[-1].stop == from_seq:
                told[-1] = range(told[-1].start, to_seq + 1)
            else:
                told.append(range(from_seq, to_seq + 1))
            self._waiting.append(Loss(stream=stream, from_seq=from_seq, to_seq=to_seq, reason=reason))
            self.records[stream] = self.records.get(stream, 0) + to_seq - from_seq + 1

    def take(self) -> list[Loss]:
        """All since the last call."""
        with self._guard:
            losses, self._waiting = self._waiting, []
            return losses
