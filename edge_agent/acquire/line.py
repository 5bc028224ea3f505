"""How long to wait for a meter: its measured turnaround, and what the meters of one line do to each other."""

from __future__ import annotations

from edge_agent.acquire.poll import Answer, Result
from edge_agent.acquire.settings import AcquireSettings
from edge_agent.acquire.timeouts import ReplyTimeout

# A paid probe waits less than a read may: so that probes of d meters fit into d x time-out / share with room for the read that follows.
_PROBE_WAIT_SHARE = 0.8
_NOTICEABLE_S = 0.02


class LineState:
    """What the meters of one bus share: a gateway may still be busy with a request that we have given up.

    ``block_s`` is how long it is, learned from how much longer than usual the next one waits; 0 on a serial line of our own, where a
    time-out is over when it is over.
    """

    __slots__ = ("_given_up_s", "block_s", "may_queue", "waited_s")

    def __init__(self, *, may_queue: bool, longest_s: float) -> None:
        self.may_queue = may_queue
        self.block_s = longest_s if may_queue else 0.0
        self.waited_s = 0.0                    # of the first answer after a time-out
        self._given_up_s: list[float] = []     # waits of the unanswered requests since the last answer

    @property
    def after_timeout(self) -> bool:
        return bool(self._given_up_s)

    def timed_out(self, wait_s: float) -> None:
        if self.may_queue and len(self._given_up_s) < 2:
            self._given_up_s.append(wait_s)

    def answered(self, waited_s: float) -> None:
        """``waited_s``: how much longer than usual the answer took."""
        self.waited_s = waited_s
        if len(self._given_up_s) == 1:         # of two in a row nobody knows which one the gateway was busy with
            given_up_s = self._given_up_s[0]
            self.block_s = given_up_s + waited_s if waited_s > _NOTICEABLE_S else min(self.block_s, given_up_s)
        self._given_up_s.clear()


class MeterWaits:
    """The time-outs of one meter on a line. ``turnaround_s``: the documented longest one, 0 where none is."""

    def __init__(self, line: LineState, settings: AcquireSettings, turnaround_s: float) -> None:
        self._line, self._settings = line, settings
        # a documented turnaround may be needed at any time, even where all replies so far were faster
        floor_s = max(settings.reply_timeout_floor_s, min(turnaround_s, settings.reply_timeout_s))
        self._timeout = ReplyTimeout(floor_s, settings.reply_timeout_s)

    def wait_s(self, size: int, probe_wait_s: float | None) -> float:
        """How long to wait for a reply of ``size``; ``probe_wait_s`` bounds the wait for a meter that is probably dead."""
        if probe_wait_s is not None:
            return min(probe_wait_s, self._timeout.seconds(size))
        # behind a gateway a dead meter blocks its neighbours for the gateway's own time-out: the one after it gets all the time
        return self._settings.reply_timeout_s if self._line.after_timeout else self._timeout.seconds(size)

    def learn(self, size: int, answer: Answer, waited_s: float) -> None:
        if answer.result in (Result.ANSWERED, Result.REFUSED):
            if self._line.after_timeout:
                typical_s = self._timeout.typical_s(size)     # what it took measures the gateway's queue, not this meter
                self._line.answered(max(0.0, answer.turnaround_s - (self._timeout.floor_s if typical_s is None else typical_s)))
            elif answer.result is Result.ANSWERED:
                self._timeout.answered(size, answer.turnaround_s)
        elif answer.result is Result.TIMED_OUT:
            self._timeout.timed_out(size)
            self._line.timed_out(waited_s)

    def probe_wait_s(self, size: int) -> float:
        """How long a paid probe waits for its answer."""
        wait_s, typical_s = self._timeout.seconds(size), self._timeout.typical_s(size)
        limit_s = _PROBE_WAIT_SHARE * self._settings.reply_timeout_s
        return wait_s if typical_s is not None and typical_s > limit_s / 2 else min(wait_s, limit_s)

    def free_probe_wait_s(self, size: int, gap_s: float) -> float | None:
        """How long a probe may wait that has to fit into a gap; None when this meter needs more than the gap."""
        needed_s = max(self._line.block_s, self._timeout.least_s(size))
        return min(gap_s, self._timeout.seconds(size)) if gap_s >= needed_s else None
