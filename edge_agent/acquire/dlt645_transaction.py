"""One read of a DL/T 645 meter on a line: wake-up, silence, time-out, parts of long replies, late-reply guard."""

from __future__ import annotations

import asyncio

from edge_agent.acquire.dlt645_exchange import DataExchange, Step, signature_of
from edge_agent.acquire.dlt645_plan import DataRequest
from edge_agent.acquire.guard import LateReplyGuard
from edge_agent.acquire.poll import Answer, Result
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.transport.base import Link
from edge_agent.wire.dlt645 import Decoder645, Frame645, encode
from edge_agent.wire.dlt645.frame import FRAME_OVERHEAD, MAX_FRAME_BYTES

PREAMBLE_BYTES = 4                 # DL/T 645-2007 section 5.3.1: wakes up a receiver
_WAKE_UP = b"\xfe"
_BYTE_GAP_S = 0.5                  # same standard, 5.3.3: bytes of one frame are at most this far apart
_REPLY_REST_S = 0.02               # 5.3.2: nobody speaks sooner after a frame than this
_QUIET_WAIT_S = 0.5                # a line that babbles longer than this is asked all the same


class Transactor645:
    """Asks on one open link, one request at a time. All times are the event loop's. The bytes are the same on a serial line and on TCP.

    A reply is known by its address, function and identifier. Two requests for the same identifier are told apart by the guard: after
    a time-out another identifier is asked first, and a meter answers in order.
    """

    def __init__(self, link: Link, settings: AcquireSettings, counters: BusCounters) -> None:
        self._link, self._settings, self.counters = link, settings, counters
        self._decoder = Decoder645()
        self._heard_s = self._free_s = 0.0     # when the last byte came, when the line was last used
        self.guard = LateReplyGuard(late_reply_max_s=settings.late_reply_max_s)

    def reopened(self) -> None:
        self._decoder.reset()
        self._gather()

    async def ask(self, request: DataRequest, timeout_s: float, *, silence_s: float = 0.0) -> Answer:
        """Read one identifier, all parts of it; each part may take ``timeout_s``.

        Raises:
            LinkError: the link is gone.
            ValueError: the reply could be mistaken for a late one: ask what ``guard.may_ask`` allows.
        """
        exchange = DataExchange(request)
        turnaround_s: float | None = None
        while True:
            step, took_s = await self._ask_part(exchange, timeout_s, silence_s)
            if isinstance(step, Result):
                return Answer(result=step)
            turnaround_s = took_s if turnaround_s is None else turnaround_s
            if step is Step.ANSWERED:
                self.counters.replies += 1
                return Answer(result=Result.ANSWERED, data=exchange.payload, turnaround_s=turnaround_s)
            if step is Step.REFUSED:
                self.counters.replies += 1
                self.counters.refused += 1
                return Answer(result=Result.REFUSED, reason=exchange.reason, is_final=True, turnaround_s=turnaround_s)

    async def listen_to(self, frame: Frame645, wait_s: float) -> tuple[list[Frame645], bool]:
        """Send any frame and collect what is answered until ``wait_s`` after its last byte; whether anything came damaged.

        Raises:
            LinkError: the link is gone.
        """
        await self._wait_for_silence(0.0)
        damaged_before = self._damage()
        sent_s = self._send(frame)
        end_s = sent_s + wait_s + (FRAME_OVERHEAD + 6) * self._link.seconds_per_character
        found: list[Frame645] = []
        loop = asyncio.get_running_loop()
        while (left_s := end_s - loop.time()) > 0:
            self._feed(await self._link.read(left_s))
            while (reply := self._decoder.next_frame()) is not None:
                found.append(reply)
        self._decoder.end_burst()
        while (reply := self._decoder.next_frame()) is not None:
            found.append(reply)
        self._free_s = loop.time()
        is_damaged = self._damage() > damaged_before
        self._gather()
        return found, is_damaged

    def say(self, frame: Frame645) -> None:
        """Send a frame that nobody answers, such as the time to all."""
        self._free_s = self._send(frame)

    async def _ask_part(self, exchange: DataExchange, timeout_s: float, silence_s: float) -> tuple[Step | Result, float]:
        """(what came of it, turnaround in seconds)."""
        address, signature = exchange.asked.address, exchange.signature
        await self._wait_for_silence(silence_s)
        if not self.guard.may_ask(address, signature):
            raise ValueError(f"meter {address}: a late reply to {signature[1]} may still come")
        began_s = asyncio.get_running_loop().time()
        sent_s = self._send(exchange.request)
        is_settled = False
        try:
            step, took_s = await self._wait(exchange, sent_s, timeout_s)
            is_settled = isinstance(step, Step)
        finally:
            self._free_s = asyncio.get_running_loop().time()
            self.counters.bus_busy_s += self._free_s - began_s
            if not is_settled:     # also when the link broke or the caller gave up: the reply may come on the next one
                self.guard.timed_out(address, signature, self._free_s)
            self._gather()
        if step is Result.TIMED_OUT:
            self.counters.timeouts += 1
        return step, took_s

    def _send(self, frame: Frame645) -> float:
        """When its last byte is out."""
        data = encode(frame, PREAMBLE_BYTES)
        self._link.write(data)
        self.counters.requests += 1
        return asyncio.get_running_loop().time() + len(data) * self._link.seconds_per_character

    async def _wait(self, exchange: DataExchange, sent_s: float, wait_s: float) -> tuple[Step | Result, float]:
        loop, decoder, character_s = asyncio.get_running_loop(), self._decoder, self._link.seconds_per_character
        end_s = sent_s + wait_s
        # whatever streams in, the slot ends: a babbling meter must not stop the bus
        last_end_s = sent_s + wait_s + max(self._settings.stream_timeout_s, MAX_FRAME_BYTES * character_s)
        damaged_before = self._damage()
        while (left_s := end_s - loop.time()) > 0:
            chunk = await self._link.read(left_s)
            self._feed(chunk)
            if not chunk:
                decoder.end_burst()            # nothing for as long as a frame may pause: what is held is none, what lies behind may be
            elif decoder.is_waiting_for_more or chunk.endswith(_WAKE_UP):
                end_s = min(last_end_s, max(end_s, self._heard_s + _BYTE_GAP_S))
            while (reply := decoder.next_frame()) is not None:
                step = self._judge(exchange, reply)
                if step is not Step.FOREIGN:
                    size = FRAME_OVERHEAD + len(reply.data)
                    return step, max(0.0, self._heard_s - sent_s - size * character_s)
        decoder.end_burst()
        while (reply := decoder.next_frame()) is not None:
            step = self._judge(exchange, reply)
            if step is not Step.FOREIGN:
                return step, max(0.0, self._heard_s - sent_s)
        return Result.DAMAGED if self._damage() > damaged_before else Result.TIMED_OUT, 0.0

    def _judge(self, exchange: DataExchange, reply: Frame645) -> Step:
        address = exchange.asked.address
        if reply.is_abnormal and not self.guard.is_trusted_exception(address, reply.function):
            self._came_late(reply)             # it names no identifier: it may be the late refusal of another request
            return Step.FOREIGN
        step = exchange.take(reply)
        if step is Step.FOREIGN:
            self._came_late(reply)
        else:
            self.guard.answered(address)
        return step

    async def _wait_for_silence(self, silence_s: float) -> None:
        """Until the line has been quiet for long enough; what came meanwhile is late."""
        loop = asyncio.get_running_loop()
        gap_s = max(silence_s, _REPLY_REST_S if self._link.seconds_per_character else 0.0)
        give_up_s = loop.time() + _QUIET_WAIT_S + gap_s
        while True:
            self.take_late()
            left_s = max(self._free_s, self._heard_s) + gap_s - loop.time()
            if left_s <= 0 or loop.time() >= give_up_s:
                break
            await asyncio.sleep(left_s)
        self._decoder.end_burst()              # the wait for the last reply is over: what is held was never finished
        self._take_ready()
        self._gather()

    def take_late(self) -> None:
        late = self._link.drain_input()
        if late:
            self._feed(late)
            self._take_ready()

    def _take_ready(self) -> None:
        while (reply := self._decoder.next_frame()) is not None:
            self._came_late(reply)

    def _feed(self, chunk: bytes) -> None:
        if not chunk:
            return
        self._heard_s = asyncio.get_running_loop().time()
        if not self._decoder.is_waiting_for_more:
            chunk = chunk.lstrip(_WAKE_UP)     # the wake-up of a reply is no damage
        self._decoder.feed(chunk)

    def _came_late(self, reply: Frame645) -> None:
        """An intact reply that cannot be credited to what is asked now."""
        function, form = signature_of(reply)
        now_s = asyncio.get_running_loop().time()
        if self.guard.came_late(reply.address, function, None if reply.is_abnormal else form, now_s):
            self.counters.late_replies += 1
        else:
            self.counters.foreign_frames += 1

    def _damage(self) -> int:
        """Counts up with each sign that something came which was no intact frame."""
        return self._decoder.checksum_errors + self._decoder.discarded_bytes

    def _gather(self) -> None:
        """Move what the decoder counted to the counters of the bus."""
        found, counters = self._decoder, self.counters
        counters.discarded_bytes += found.discarded_bytes
        counters.foreign_frames += found.foreign_frames
        counters.crc_errors += found.checksum_errors
        found.discarded_bytes = found.foreign_frames = found.checksum_errors = 0
