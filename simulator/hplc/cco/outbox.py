"""Bytes of the CCO on their way to its UART, in order, each not before its time; and the speed at which they go."""

from __future__ import annotations

from collections import deque

DEFAULT_BAUD = 9600
_MOST_BYTES = 65_536        # nobody takes them: a real module drops as well


class Outbox:
    """``baud``: at which the next bytes go out and come in."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._held = 0
        self.baud = DEFAULT_BAUD
        self._next_baud: int | None = None
        self.dropped_frames = 0

    def put(self, frame: bytes, at_s: float) -> None:
        """Frames keep their order: one that comes later goes out later."""
        if self._held + len(frame) > _MOST_BYTES:
            self.dropped_frames += 1
            return
        self._waiting.append((max(at_s, self._waiting[-1][0] if self._waiting else at_s), frame))
        self._held += len(frame)

    def change_baud_after(self, baud: int) -> None:
        """What waits now still goes out at the old speed."""
        self._next_baud = baud

    def take(self, now_s: float) -> bytes:
        """What is due, all of it at the speed that ``baud`` had before this call."""
        taken = b""
        while self._waiting and self._waiting[0][0] <= now_s:
            taken += self._waiting.popleft()[1]
        self._held -= len(taken)
        if self._next_baud is not None and not self._waiting:
            self.baud, self._next_baud = self._next_baud, None
        return taken

    def next_due_s(self) -> float:
        return self._waiting[0][0] if self._waiting else float("inf")

    def reset(self) -> None:
        """Nothing waits, and the speed is the one after every reset."""
        self._waiting.clear()
        self._held, self._next_baud, self.baud = 0, None, DEFAULT_BAUD
