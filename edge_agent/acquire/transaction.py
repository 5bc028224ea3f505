"""One request and its answer on a bus: framing, silence, time-out, late-reply guard."""

from __future__ import annotations

import asyncio

from edge_agent.acquire.guard import LateReplyGuard
from edge_agent.acquire.poll import Answer, Result
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.transport.base import Framing, Link
from edge_agent.wire.modbus import (
    GATEWAY_NO_PATH,
    GATEWAY_NO_REPLY,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    DecoderCounters,
    ReadRequest,
    Reply,
    RtuReplyDecoder,
    TcpReplyDecoder,
    encode_request_rtu,
    encode_request_tcp,
)

_NEVER_SO = (ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE)    # the block will not be answered as it is; others are busy or failing now
_FRAME_GAP_CHARACTERS = 3.5         # Modbus over Serial Line V1.02, 2.5.1.1
_FRAME_GAP_FLOOR_S = 0.00175        # same place: fixed above 19200 baud
_REPLY_OVERHEAD_BYTES = 5
_PAUSE_S = 0.05                     # longer than USB adapters and gateways hold the pieces of one frame back
_QUIET_WAIT_S = 0.5                 # a line that babbles longer than this is asked all the same


_TIMED_OUT, _DAMAGED = Answer(result=Result.TIMED_OUT), Answer(result=Result.DAMAGED)


class Transactor:
    """Asks on one open link, one request at a time. All times are the event loop's."""

    def __init__(self, link: Link, framing: Framing, settings: AcquireSettings, counters: BusCounters) -> None:
        self._link, self._settings, self.counters = link, settings, counters
        self._is_rtu = framing is Framing.RTU
        self._decoder_counters = DecoderCounters()
        self._rtu = RtuReplyDecoder(self._decoder_counters)
        self._tcp = TcpReplyDecoder(self._decoder_counters)
        self._transaction = 0
        self._heard_s = self._free_s = 0.0     # when the last byte came, when the line was last used
        self._rest_s = 0.0                     # what the meter asked last needs before the next request, whoever that is for
        self.guard = LateReplyGuard(late_reply_max_s=settings.late_reply_max_s)

    def reopened(self) -> None:
        """The link was opened anew: what was held belongs to the old one. The guard stays: a gateway may still deliver late."""
        self._rtu.reset()
        self._tcp.reset()

    async def ask(self, request: ReadRequest, timeout_s: float, *, silence_s: float = 0.0) -> Answer:
        """Send ``request`` and wait for its answer; ``silence_s`` is the rest that this meter needs before a request.

        Raises:
            LinkError: the link is gone.
            ValueError: on RTU the reply could be mistaken for a late one: ask what ``guard.may_ask`` allows.
        """
        loop = asyncio.get_running_loop()
        signature = (request.function, 2 * request.count)
        if self._is_rtu:
            await self._wait_for_silence(silence_s)
            if not self.guard.may_ask(request.unit, signature):
                raise ValueError(f"unit {request.unit}: a late reply of function and length {signature} may still come")
            self._rtu.expect(request)
            frame = encode_request_rtu(request)
        else:
            self._transaction = self._transaction % 0xFFFF + 1
            self._tcp.expect(request, self._transaction)
            frame = encode_request_tcp(request, self._transaction)
        self._link.write(frame)
        self.counters.requests += 1
        began_s, character_s = loop.time(), self._link.seconds_per_character
        sent_s = began_s + len(frame) * character_s
        reply_s = (2 * request.count + _REPLY_OVERHEAD_BYTES) * character_s
        is_settled = False
        try:
            answer = await (self._wait_rtu if self._is_rtu else self._wait_tcp)(request, sent_s, timeout_s + reply_s)
            # a damaged reply may have been a late one, and a gateway that gives up may still deliver: neither proves anything
            is_settled = answer.result in (Result.ANSWERED, Result.REFUSED)
        finally:
            self._free_s = loop.time()
            self.counters.bus_busy_s += self._free_s - began_s
            if self._is_rtu and not is_settled:  # also when the link broke or the caller gave up: the reply may come on the next one
                self.guard.timed_out(request.unit, signature, self._free_s)
            self._gather()
        if answer.result is Result.TIMED_OUT:
            self.counters.timeouts += 1
        return answer

    async def _wait_tcp(self, request: ReadRequest, sent_s: float, wait_s: float) -> Answer:
        loop, decoder = asyncio.get_running_loop(), self._tcp
        end_s = sent_s + wait_s
        while (left_s := end_s - loop.time()) > 0:
            chunk = await self._link.read(left_s)
            if not chunk:
                break
            decoder.feed(chunk)
            reply = decoder.next_reply()
            if reply is not None:
                return self._judge(reply, loop.time() - sent_s)
        decoder.reset()  # half a frame must not swallow the head of the next one
        return _TIMED_OUT

    async def _wait_rtu(self, request: ReadRequest, sent_s: float, wait_s: float) -> Answer:
        loop, decoder, found = asyncio.get_running_loop(), self._rtu, self._decoder_counters
        end_s = sent_s + wait_s
        # whatever streams in, the slot ends: a babbling meter must not stop the bus
        last_end_s = sent_s + max(wait_s, self._settings.stream_timeout_s)
        damaged_before = found.crc_errors
        while (left_s := end_s - loop.time()) > 0:
            chunk = await self._link.read(min(left_s, _PAUSE_S) if decoder.is_waiting_for_more else left_s)
            if chunk:
                self._heard_s = loop.time()
                decoder.feed(chunk)
                # the rest of a slow frame is under way: wait for it, but not for ever
                end_s = min(last_end_s, max(end_s, self._heard_s + _PAUSE_S))
                reply = decoder.next_reply()
            else:
                reply = decoder.reply_behind_noise()
            self._take_foreign()
            while reply is not None:
                if reply.exception is None or self.guard.is_trusted_exception(request.unit, request.function):
                    self.guard.answered(request.unit)
                    size = _REPLY_OVERHEAD_BYTES + len(reply.data)
                    return self._judge(reply, max(0.0, self._heard_s - sent_s - size * self._link.seconds_per_character))
                self._came_late(reply)
                reply = decoder.next_reply()
            if found.crc_errors > damaged_before and self._heard_s >= sent_s:
                end_s = min(end_s, self._heard_s + _PAUSE_S)  # the meter has said all it will
        return _DAMAGED if found.crc_errors > damaged_before else _TIMED_OUT

    def _judge(self, reply: Reply, turnaround_s: float) -> Answer:
        if reply.exception is None:
            self.counters.replies += 1
            return Answer(result=Result.ANSWERED, data=reply.data, turnaround_s=turnaround_s)
        if reply.exception in (GATEWAY_NO_PATH, GATEWAY_NO_REPLY):
            return _TIMED_OUT   # the gateway speaks, the meter does not
        self.counters.replies += 1
        self.counters.refused += 1
        return Answer(
            result=Result.REFUSED, exception=reply.exception, reason=f"exception {reply.exception}",
            is_final=reply.exception in _NEVER_SO, turnaround_s=turnaround_s,
        )

    async def _wait_for_silence(self, silence_s: float) -> None:
        """Until the line has been quiet for long enough; what came meanwhile is late."""
        loop = asyncio.get_running_loop()
        gap_s = max(self._rest_s, silence_s, _FRAME_GAP_FLOOR_S, _FRAME_GAP_CHARACTERS * self._link.seconds_per_character)
        self._rest_s = silence_s
        give_up_s = loop.time() + _QUIET_WAIT_S + gap_s
        while True:
            self.take_late()
            now_s = loop.time()
            left_s = max(self._free_s, self._heard_s) + gap_s - now_s
            if left_s <= 0 or now_s >= give_up_s:
                break
            await asyncio.sleep(left_s)
        if now_s - self._heard_s > _PAUSE_S:
            self._rtu.reset()  # no frame contains such a pause
        self._gather()

    def take_late(self) -> None:
        """Look at what has come unasked on an RTU line and tell the guard; call it before deciding what may be asked."""
        late = self._link.drain_input() if self._is_rtu else b""
        if not late:
            return
        self._heard_s = asyncio.get_running_loop().time()
        self._rtu.feed(late)
        while (reply := self._rtu.next_reply()) is not None:
            self._came_late(reply)  # fits the request that was given up
        self._take_foreign()

    def _came_late(self, reply: Reply) -> None:
        """An intact reply that cannot be credited to what is asked now."""
        now_s = asyncio.get_running_loop().time()
        if self.guard.came_late(reply.unit, reply.function, len(reply.data) if reply.exception is None else None, now_s):
            self.counters.late_replies += 1
        else:
            self.counters.foreign_frames += 1

    def _take_foreign(self) -> None:
        for reply in self._rtu.take_foreign():
            self._decoder_counters.foreign_frames -= 1      # counted as what it is
            self._came_late(reply)

    def _gather(self) -> None:
        """Move what the decoders counted to the counters of the bus."""
        found, counters = self._decoder_counters, self.counters
        if self._is_rtu:
            self._take_foreign()
        elif self._tcp.late_replies:
            counters.late_replies += self._tcp.late_replies
            found.foreign_frames -= self._tcp.late_replies
            self._tcp.late_replies = 0
        if found.discarded_bytes or found.foreign_frames or found.crc_errors:
            counters.discarded_bytes += found.discarded_bytes
            counters.foreign_frames += found.foreign_frames
            counters.crc_errors += found.crc_errors
            found.discarded_bytes = found.foreign_frames = found.crc_errors = 0
