"""How many reads may be under way, and how many meter frames one read may hold. Pure; learns from what the module denies."""

from __future__ import annotations

_GROW_AFTER = 100      # answers in a row without a deny: at most one read in a hundred is then spent on finding the limit again


class Window:
    """Starts at the configured limits and stays within them."""

    def __init__(self, *, max_in_flight: int, frames_per_read: int) -> None:
        self.max_in_flight = max_in_flight
        self.size = max_in_flight
        self.frames_per_read = frames_per_read
        self._answers_in_a_row = 0

    def denied_over_concurrency(self, still_in_flight: int) -> None:
        """Reason 109: what the module did take is its limit."""
        self.size = max(1, min(self.size, still_in_flight))
        self._answers_in_a_row = 0

    def denied_too_many_frames(self, frames: int) -> None:
        """Reason 110 to a read of ``frames`` meter frames."""
        self.frames_per_read = max(1, min(self.frames_per_read, frames // 2))

    def answered(self) -> None:
        """The limit may have been that of a network still forming: try one more now and then."""
        self._answers_in_a_row += 1
        if self._answers_in_a_row >= _GROW_AFTER:
            self._answers_in_a_row = 0
            self.size = min(self.size + 1, self.max_in_flight)
