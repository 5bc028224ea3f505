"""Requests and replies of DL/T 645 without a line: over a serial port, TCP or inside the frames of a coordinator they are the same."""

from __future__ import annotations

import enum
from collections import deque

from edge_agent.acquire.dlt645_plan import Block645, DataRequest, function_of
from edge_agent.acquire.guard import Signature
from edge_agent.acquire.poll import Outcome, Poll
from edge_agent.acquire.read_list import ReadList
from edge_agent.acquire.schedule import Reading
from edge_agent.errors import FrameError
from edge_agent.model import SampleFlag
from edge_agent.wire.dlt645 import Frame645, PayloadAssembly, answers, parse_reply, request_frame
from edge_agent.wire.dlt645.functions import IDENTIFIER_BYTES, Function
from edge_agent.wire.dlt645.reading import Read, Read1997

_MOST_PARTS = 16       # 3 kB: many times the largest block of a profile; a meter that goes on for ever is not followed


class Step(enum.Enum):
    """What a reply frame did to the exchange that it was given to."""

    FOREIGN = "foreign"        # it answers something else: nothing changed
    MORE = "more"              # a part: ask again
    ANSWERED = "answered"
    REFUSED = "refused"


class DataExchange:
    """One identifier of one meter: the request, the parts of a long reply, the payload. ``request`` is what to send now."""

    def __init__(self, asked: DataRequest) -> None:
        self.asked = asked
        is_old = function_of(asked.identifier) == Function.READ_1997
        self.request: Frame645 = request_frame(asked.address, (Read1997 if is_old else Read)(di=asked.identifier))
        self.payload = b""
        self.reason = ""                       # of a refusal
        self._assembly = None if is_old else PayloadAssembly(di=asked.identifier)
        self._parts = 0

    @property
    def signature(self) -> Signature:
        """Of the reply that is waited for."""
        return signature_of(self.request)

    def take(self, reply: Frame645) -> Step:
        """A reply is known by address, function, identifier and part; one that only refuses has no identifier."""
        if not answers(self.request, reply):
            return Step.FOREIGN
        try:
            said = parse_reply(reply)
        except FrameError:
            return Step.FOREIGN
        if said.error is not None:
            self.reason = ", ".join(said.error.names) or "no reason given"
            return Step.REFUSED
        if self._assembly is None:
            self.payload = said.payload        # the 1997 standard numbers no parts: a second one could not be told from a repeat
            return Step.ANSWERED
        if not self._assembly.add(said):
            return Step.FOREIGN
        self._parts += 1
        if self._assembly.payload is not None:
            self.payload = self._assembly.payload
            return Step.ANSWERED
        more = self._assembly.next_request()
        if more is None or self._parts >= _MOST_PARTS:
            self.reason = f"goes on after {self._parts} parts"
            return Step.REFUSED
        self.request = request_frame(self.asked.address, more)
        return Step.MORE


def signature_of(frame: Frame645) -> Signature:
    """By which a reply of one meter is told from another: function, and identifier (with the number of a part) where it has one."""
    size = IDENTIFIER_BYTES.get(frame.function, 0)
    part = frame.data[-1:].hex() if frame.function == Function.READ_MORE else ""
    return frame.function, frame.data[:size][::-1].hex().upper() + part


class Exchange645:
    """One reading of one meter through somebody who carries frames: hand out requests, take replies, get a ``Poll``.

    At most ``at_once`` requests are under way. A reply that refuses names no identifier; with several under way it is that of the
    oldest, since a meter answers in order.
    """

    def __init__(self, wanted: ReadList[Block645], reading: Reading, *, address: str, now_s: float, at_once: int = 1) -> None:
        if at_once < 1:
            raise ValueError(f"at_once = {at_once}: at least one request must be under way")
        self.poll = Poll()
        self._wanted, self._reading, self._address, self._at_once = wanted, reading, address, at_once
        self._to_ask: deque[Block645] = deque(wanted.blocks(reading, now_s))
        self._under_way: list[tuple[Block645, DataExchange]] = []
        self._to_send: list[Frame645] = []
        if wanted.is_partial:
            self.poll.flags |= SampleFlag.PARTIAL

    @property
    def is_done(self) -> bool:
        return not self._to_ask and not self._under_way

    def next_requests(self) -> list[Frame645]:
        """The frames to send now, each given once; none while all that may be under way is."""
        while self._to_ask and len(self._under_way) < self._at_once:
            block = self._to_ask.popleft()
            exchange = DataExchange(DataRequest(address=self._address, identifier=block.identifier))
            self._under_way.append((block, exchange))
            self._to_send.append(exchange.request)
        frames, self._to_send = self._to_send, []
        return frames

    def take(self, reply: Frame645, *, now_s: float, utc_ms: int) -> bool:
        """Whether ``reply`` answered something that is under way; a foreign, repeated or late one changes nothing."""
        for place, (block, exchange) in enumerate(self._under_way):
            step = exchange.take(reply)
            if step is Step.FOREIGN:
                continue
            if step is Step.MORE:
                self._to_send.append(exchange.request)
                return True
            del self._under_way[place]
            self._settle(block, exchange, step, now_s, utc_ms)
            return True
        return False

    def unanswered(self, *, now_s: float) -> None:
        """Who carries the frames gave up on what is under way: it is left out, and so is the rest where nothing was answered."""
        for block, _ in self._under_way:
            if self.poll.taken_utc_ms:
                self._wanted.was_silent(block, now_s)
        self.poll.flags |= SampleFlag.PARTIAL
        self._under_way.clear()
        self._to_send.clear()
        if not self.poll.taken_utc_ms:
            self._to_ask.clear()
            self.poll.outcome = Outcome.SILENT

    def _settle(self, block: Block645, exchange: DataExchange, step: Step, now_s: float, utc_ms: int) -> None:
        self.poll.outcome = Outcome.ANSWERED
        if step is Step.ANSWERED:
            self.poll.take(block, exchange.payload, utc_ms=utc_ms)
            self._wanted.answered(block)
        else:
            self.poll.taken_utc_ms = self.poll.taken_utc_ms or utc_ms
            instead = self._wanted.refused(block, exchange.reason, now_s)
            self._to_ask.extendleft(reversed(instead))
            if not instead:
                self.poll.flags |= SampleFlag.PARTIAL
        if self._reading is Reading.PRESENCE or not self.poll.blocks:
            self.poll.flags |= SampleFlag.PRESENCE
        else:
            self.poll.flags &= ~SampleFlag.PRESENCE
