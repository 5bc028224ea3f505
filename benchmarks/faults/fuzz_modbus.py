"""Random, mutated and truncated bytes through the Modbus decoders of both framings and roles: nothing may raise, grow or lose a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edge_agent.wire.modbus import (
    ReadRequest,
    Reply,
    RtuReplyDecoder,
    RtuRequestDecoder,
    TcpReplyDecoder,
    TcpRequestDecoder,
    encode_reply_rtu,
    encode_reply_tcp,
    encode_request_rtu,
    encode_request_tcp,
)

_TRANSACTION = 0x1234
_LONGEST_JUNK_BYTES, _HELD_LIMIT_BYTES = 300, 1024      # the decoders' own limit
_ASKED = ReadRequest(unit=17, function=4, address=0x0102, count=6)
_ANSWER = Reply(unit=17, function=4, data=bytes(range(12)))
_OTHERS = (Reply(unit=17, function=4, data=bytes(8)), Reply(unit=9, function=3, data=bytes(40)), Reply(unit=17, function=4, exception=2))


@dataclass(slots=True)
class FuzzCounts:
    """``decoded_frames``: what the junk itself held. A good frame that does not come through after a reset raises."""

    inputs: int = 0
    decoded_frames: int = 0
    recovered_frames: int = 0
    longest_held_bytes: int = 0


def fuzz(inputs: int, seed: int) -> FuzzCounts:
    """``inputs`` pieces of junk, each into one of the four decoders, then silence and a good frame.

    Raises:
        AssertionError: a good frame was lost, or a decoder held more than its limit; with seed, number and bytes of the input.
    """
    counts, rng = FuzzCounts(), np.random.default_rng(seed)
    sides = _sides()
    for number in range(inputs):
        decoder, take, good, wanted, sound = sides[number % len(sides)]
        junk = _junk(rng, sound)
        counts.inputs += 1
        try:
            decoder.feed(junk)
            counts.longest_held_bytes = max(counts.longest_held_bytes, len(decoder._buffer))
            while take() is not None:
                counts.decoded_frames += 1
            decoder._buffer.clear()      # silence on a line, a new connection on TCP
            decoder.feed(good)
            found = take()
        except Exception as error:
            error.add_note(f"seed {seed}, input {number}: {junk.hex()}")
            raise
        if found != wanted or counts.longest_held_bytes > _HELD_LIMIT_BYTES:
            raise AssertionError(f"seed {seed}, input {number}: {junk.hex()}: found {found}, {counts.longest_held_bytes} bytes held")
        counts.recovered_frames += 1
    return counts


def _sides() -> list[tuple[Any, Any, bytes, object, list[bytes]]]:
    """Each decoder with its way of taking frames, a good frame and what it says, and sound frames to damage."""
    rtu, tcp, rtu_in, tcp_in = RtuReplyDecoder(), TcpReplyDecoder(), RtuRequestDecoder(), TcpRequestDecoder()
    rtu.expect(_ASKED)
    tcp.expect(_ASKED, _TRANSACTION)
    replies_rtu = [encode_reply_rtu(reply) for reply in (_ANSWER, *_OTHERS)]
    replies_tcp = [encode_reply_tcp(reply, _TRANSACTION) for reply in (_ANSWER, *_OTHERS)]
    request_rtu, request_tcp = encode_request_rtu(_ASKED), encode_request_tcp(_ASKED, _TRANSACTION)
    return [
        (rtu, rtu.next_reply, replies_rtu[0], _ANSWER, [*replies_rtu, request_rtu]),
        (tcp, tcp.next_reply, replies_tcp[0], _ANSWER, [*replies_tcp, request_tcp]),
        (rtu_in, rtu_in.next_request, request_rtu, _ASKED, [*replies_rtu, request_rtu]),
        (tcp_in, lambda: _request(tcp_in.next_request()), request_tcp, _ASKED, [*replies_tcp, request_tcp]),
    ]


def _request(found: Any) -> Any:
    """Of Modbus TCP a request comes with its transaction."""
    return found if found is None or isinstance(found, ReadRequest) else next(part for part in found if isinstance(part, ReadRequest))


def _junk(rng: np.random.Generator, sound: list[bytes]) -> bytes:
    kind, length, which, where = rng.integers(0, [4, _LONGEST_JUNK_BYTES, len(sound), 2**31]).tolist()
    if kind == 0:
        return rng.bytes(length)
    frame = bytearray(sound[which])
    if kind == 1:
        frame[where % len(frame)] = length & 0xFF
        return bytes(frame)
    cut = where % len(frame)
    return bytes(frame[:cut]) + (rng.bytes(length % 20) if kind == 2 else sound[length % len(sound)])
