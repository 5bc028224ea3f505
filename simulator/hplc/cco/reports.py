"""What the CCO says by itself: one report at a time, again and again until the concentrator confirms it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.wire.gdw10376_2 import Frame10376, SequenceNumbers, report
from edge_agent.wire.gdw10376_2.units import Unit

_MOST_WAITING = 1024        # the oldest of an unconfirmed heap go
_UNTIL_CONFIRMED = -1


@dataclass(slots=True)
class _Open:
    """A report on its way. ``tries_left`` below 0: until it is confirmed."""

    unit: Unit
    tries_left: int
    frame: Frame10376 | None = None
    due_s: float = 0.0


class Reports:
    """``send(frame, now_s)`` puts a frame on the UART. ``copies``: how often each goes out at once, a fault of some modules."""

    def __init__(self, send: Callable[[Frame10376, float], None], repeat_s: float) -> None:
        self._send, self._repeat_s = send, repeat_s
        self._waiting: deque[_Open] = deque(maxlen=_MOST_WAITING)
        self._numbers = SequenceNumbers(1)
        self.copies = 1
        self.sent = self.repeated = self.confirmed = self.given_up = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, unit: Unit, now_s: float, *, tries: int = _UNTIL_CONFIRMED) -> None:
        self._waiting.append(_Open(unit=unit, tries_left=tries))
        self.advance(now_s)

    def take_confirm(self, sequence: int, now_s: float) -> bool:
        """A confirm or deny of the concentrator; whether it ends the report that is out."""
        first = self._waiting[0] if self._waiting else None
        if first is None or first.frame is None or first.frame.sequence != sequence:
            return False
        self._waiting.popleft()
        self.confirmed += 1
        self.advance(now_s)
        return True

    def advance(self, now_s: float) -> None:
        while self._waiting:
            first = self._waiting[0]
            if first.frame is not None and now_s < first.due_s:
                return
            if first.tries_left == 0:
                self._waiting.popleft()
                self.given_up += 1
                continue
            self.repeated += first.frame is not None
            if first.frame is None:
                first.frame = report(first.unit, sequence=self._numbers.take())
                self.sent += 1
            first.tries_left -= first.tries_left > 0
            first.due_s = now_s + self._repeat_s
            for _ in range(self.copies):
                self._send(first.frame, now_s)
            return

    def next_due_s(self) -> float:
        return self._waiting[0].due_s if self._waiting else float("inf")

    def reset(self) -> None:
        self._waiting.clear()
