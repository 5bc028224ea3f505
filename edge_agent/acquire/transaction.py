"""One request and its answer on a bus: framing, silence, time-out, late-reply guard."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass

from edge_agent.acquire.guard import LateReplyGuard
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.transport.base import Framing, Link
from edge_agent.wire.modbus import (
    GATEWAY_NO_PATH,
    GATEWAY_NO_REPLY,
    DecoderCounters,
    ReadRequest,
    Reply,
    RtuReplyDecoder,
    TcpReplyDecoder,
    encode_request_rtu,
    encode_request_tcp,
)

_FRAME_GAP_CHARACTERS = 3.5         # Modbus over Serial Line V1.02, 2.5.1.1
_FRAME_GAP_FLOOR_S = 0.00175        # same place: fixed above 19200 baud
_REPLY_OVERHEAD_BYTES, _REQUEST_BYTES = 5, 8
_DAMAGE_SILENCE_S = 0.05            # after a frame with a wrong CRC: this quiet, and the meter has said all it will


class Result(enum.Enum):
    ANSWERED = "answered"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``data`` are the register bytes where answered; ``turnaround_s`` is from the request's last byte to the reply's end."""

    result: Result
    data: bytes = b""
    exception: int = 0
    turnaround_s: float = 0.0


class Transactor:
    """Asks on one open link, one request at a time. All times are the event loop's."""

    def __init__(self, link: Link, framing: Framing, settings: AcquireSettings, counters: BusCounters) -> None:
        self._link, self._framing, self._settings, self._counters = link, framing, settings, counters
        self._decoder_counters = DecoderCounters()
        self._rtu = RtuReplyDecoder(self._decoder_counters)
        self._tcp = TcpReplyDecoder(self._decoder_counters)
        self._transaction = 0
        self._quiet_since_s = 0.0
        self.guard = LateReplyGuard(late_reply_max_s=settings.late_reply_max_s)

    def reopened(self) -> None:
        """The link was opened anew: what was buffered belongs to the old one. The guard stays: a gateway may still deliver late."""
        self._rtu.reset()
        self._tcp.reset()

    async def ask(self, request: ReadRequest, timeout_s: float, *, silence_s: float = 0.0) -> Answer:
        """Send ``request`` and wait for its answer.

        On RTU the caller must ask only what ``guard.may_ask`` allows.

        Raises:
            LinkError: the link is gone.
        """
        loop = asyncio.get_running_loop()
        character_s = self._link.seconds_per_character
        if self._framing is Framing.RTU:
            await self._wait_for_silence(silence_s)
            self._count_late(self._link.drain_input())
            self._rtu.expect(request)
            frame = encode_request_rtu(request)
        else:
            self._transaction = (self._transaction + 1) & 0xFFFF
            self._tcp.expect(request, self._transaction)
            frame = encode_request_tcp(request, self._transaction)
        self._link.write(frame)
        self._counters.requests += 1
        sent_s = loop.time() + len(frame) * character_s
        reply_s = (2 * request.count + _REPLY_OVERHEAD_BYTES) * character_s
        answer = await self._wait(request, sent_s, timeout_s + reply_s)
        self._quiet_since_s = loop.time()
        self._gather()
        return answer

    async def _wait(self, request: ReadRequest, sent_s: float, wait_s: float) -> Answer:
        loop = asyncio.get_running_loop()
        decoder = self._rtu if self._framing is Framing.RTU else self._tcp
        end_s = sent_s + wait_s
        # whatever streams in, the slot ends: a babbling meter must not stop the bus
        last_end_s = sent_s + max(wait_s, self._settings.stream_timeout_s)
        damaged_before = self._decoder_counters.crc_errors
        while (left_s := end_s - loop.time()) > 0:
            chunk = await self._link.read(left_s)
            if not chunk:
                break
            decoder.feed(chunk)
            while (reply := decoder.next_reply()) is not None:
                answer = self._judge(request, reply, loop.time() - sent_s)
                if answer is not None:
                    return answer
            if self._framing is Framing.RTU:
                # the rest of a slow frame is under way: wait for it, but not for ever
                end_s = min(last_end_s, max(end_s, loop.time() + _DAMAGE_SILENCE_S))
                if self._decoder_counters.crc_errors > damaged_before:
                    end_s = min(end_s, loop.time() + _DAMAGE_SILENCE_S)
        if self._framing is Framing.RTU:
            # a damaged reply may have been a late one, so it proves nothing
            self.guard.timed_out(request.unit, (request.function, 2 * request.count), loop.time())
        if self._decoder_counters.crc_errors > damaged_before:
            return Answer(result=Result.DAMAGED)
        return Answer(result=Result.TIMED_OUT)

    def _judge(self, request: ReadRequest, reply: Reply, turnaround_s: float) -> Answer | None:
        """The answer in an intact reply of the right form; None when it may be a late one."""
        if reply.exception is None:
            self.guard.answered(request.unit)
            self._counters.replies += 1
            return Answer(result=Result.ANSWERED, data=reply.data, turnaround_s=turnaround_s)
        if self._framing is Framing.RTU and not self.guard.is_trusted_exception(request.unit, request.function):
            self._counters.late_replies += 1
            return None
        if reply.exception in (GATEWAY_NO_PATH, GATEWAY_NO_REPLY):
            return Answer(result=Result.TIMED_OUT)   # the gateway speaks, the meter does not
        self._counters.replies += 1
        self._counters.refused += 1
        return Answer(result=Result.REFUSED, exception=reply.exception, turnaround_s=turnaround_s)

    async def _wait_for_silence(self, silence_s: float) -> None:
        gap_s = max(silence_s, _FRAME_GAP_FLOOR_S, _FRAME_GAP_CHARACTERS * self._link.seconds_per_character)
        left_s = self._quiet_since_s + gap_s - asyncio.get_running_loop().time()
        if left_s > 0:
            await asyncio.sleep(left_s)

    def _count_late(self, late_bytes: int) -> None:
        if late_bytes:
            self._counters.late_replies += 1
            self._counters.discarded_bytes += late_bytes

    def _gather(self) -> None:
        """Move what the decoders counted to the counters of the bus."""
        found, counters = self._decoder_counters, self._counters
        counters.discarded_bytes += found.discarded_bytes
        counters.foreign_frames += found.foreign_frames
        counters.crc_errors += found.crc_errors
        found.discarded_bytes = found.foreign_frames = found.crc_errors = 0
