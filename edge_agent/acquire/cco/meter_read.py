"""The reads of one meter through a coordinator: rounds of DL/T 645 frames, one round under way at a time. Pure."""

from __future__ import annotations

import enum

from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.cco.settings import CcoCounters
from edge_agent.acquire.dlt645_exchange import Exchange645
from edge_agent.acquire.dlt645_plan import plan645
from edge_agent.acquire.poll import BusMeter, Poll
from edge_agent.acquire.read_list import ReadList
from edge_agent.acquire.schedule import Reading
from edge_agent.model import SampleFlag
from edge_agent.wire.dlt645 import Decoder645, Frame645, encode

_SINGLE_AFTER = 2      # rounds of several frames that failed in a row: one identifier that a meter keeps silent on may fail them all
_FAILED_ROUNDS = 2     # of single frames within a poll that was answered before


class Next(enum.Enum):
    """What follows a round."""

    ROUND = "round"
    ANSWERED = "answered"
    FAILED = "failed"


class MeterRead:
    """``failures``: polls without answer in a row. ``tries``: of the poll that is under way or is tried again."""

    def __init__(self, meter: BusMeter, *, retry_s: float, counters: CcoCounters) -> None:
        self.meter = meter
        self.wanted = ReadList(plan645(meter.profile), meter_id=meter.id, retry_s=retry_s)
        self._counters = counters
        self._exchange: Exchange645 | None = None
        self._frames: list[Frame645] = []
        self._at_once = 1
        self._rounds_failed = self._batches_failed = 0
        self._asked_s: float | None = None
        self._turnaround_s = 0.0
        self.failures = self.tries = self.refusals = 0

    @property
    def is_under_way(self) -> bool:
        return self._exchange is not None

    @property
    def poll(self) -> Poll:
        """What the read has brought so far. Raises ValueError when none is under way."""
        return self._running().poll

    @property
    def turnaround_s(self) -> float:
        """From the first request to its answer."""
        return self._turnaround_s

    def begin(self, reading: Reading, now: Moment, *, at_once: int) -> None:
        """Start a read with at most ``at_once`` frames in a round."""
        self._at_once = 1 if self._batches_failed >= _SINGLE_AFTER else at_once
        self._exchange = Exchange645(self.wanted, reading, address=self.meter.address, now_s=now.wire_s, at_once=self._at_once)
        self._rounds_failed, self._asked_s, self._turnaround_s = 0, None, 0.0
        self._frames = self._exchange.next_requests()

    def end(self) -> None:
        self._exchange = None
        self._frames = []

    @property
    def frames(self) -> int:
        """How many frames the round holds."""
        return len(self._frames)

    def payload(self, now: Moment) -> bytes:
        """The frames of the round, one behind the other."""
        if self._asked_s is None:
            self._asked_s = now.wire_s
        return b"".join(encode(frame) for frame in self._frames)

    def take(self, payload: bytes, now: Moment, *, taken_utc_ms: int) -> Next:
        """What the meter answered to the round. Frames that answer nothing of it change nothing and are counted."""
        exchange = self._running()
        replies = self._replies_in(payload)
        accepted = 0
        for reply in replies:
            # a refusal names no identifier: with answers missing it is not known what it refuses
            is_doubtful = reply.is_abnormal and len(replies) != len(self._frames)
            if not is_doubtful and exchange.take(reply, now_s=now.wire_s, utc_ms=taken_utc_ms):
                accepted += 1
            else:
                self._counters.foreign_frames += 1
        if not accepted:
            return self.failed(now)
        if not self._turnaround_s and self._asked_s is not None:
            self._turnaround_s = now.wire_s - self._asked_s
        if self._at_once > 1:
            self._batches_failed = 0
        return self._next_round(now)

    def failed(self, now: Moment) -> Next:
        """The round was not answered: go on with what else there is to ask, or give up.

        Only frame by frame does silence say something about an identifier: a round that is lost whole was lost on the way.
        """
        exchange = self._running()
        self._rounds_failed += 1
        if self._at_once > 1:
            self._batches_failed += 1
            exchange.poll.flags |= SampleFlag.PARTIAL
        else:
            exchange.unanswered(now_s=now.wire_s)
        if not exchange.poll.taken_utc_ms:
            return Next.FAILED
        if self._at_once > 1 or self._rounds_failed >= _FAILED_ROUNDS:
            return Next.ANSWERED
        return self._next_round(now)

    def _next_round(self, now: Moment) -> Next:
        exchange = self._running()
        self._frames = exchange.next_requests()
        if not self._frames and not exchange.is_done:
            exchange.unanswered(now_s=now.wire_s)       # a part of the round had no answer, and nothing else is left to ask with it
            self._frames = exchange.next_requests()
        if self._frames:
            return Next.ROUND
        if self._at_once == 1 and not self._rounds_failed:
            self._batches_failed = 0                    # frame by frame it answers everything: the batch is tried again
        return Next.ANSWERED

    def _replies_in(self, payload: bytes) -> list[Frame645]:
        decoder = Decoder645()
        decoder.feed(payload)
        decoder.end_burst()
        replies = []
        while (reply := decoder.next_frame()) is not None:
            replies.append(reply)
        self._counters.crc_errors += decoder.checksum_errors
        self._counters.foreign_frames += decoder.foreign_frames
        return replies

    def _running(self) -> Exchange645:
        if self._exchange is None:
            raise ValueError(f"meter {self.meter.id}: no read is under way")
        return self._exchange
