"""Random, mutated and truncated bytes through the DL/T 645 decoder and ``describe``: nothing may raise, grow or swallow a good frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645 import Decoder645, Direction, Frame645, describe, encode, request_frame
from edge_agent.wire.dlt645.requests import BroadcastTime, Credentials, Freeze, Read, Read1997, ReadMore, Relay, Write

_BATCH = 8192
_RANDOM_BYTES = 96            # of an input that is noise only
_LONGEST_FRAME_BYTES = 212
_METER = "000012345678"
_WHO = Credentials(level=2, password="123456", operator="00000007")
_REQUESTS = (
    Read(di="02010100"), Read(di="06010001", records=5, since=datetime(2026, 11, 21, 8, 15)), ReadMore(di="0001FF00", seq=1),
    Read1997(di="9010"), BroadcastTime(time=datetime(2026, 11, 21, 8, 15, 30)), Freeze(day=1, hour=0, minute=0),
    Write(di="04000102", credentials=_WHO, payload=b"\x00\x00\x08"),
    Relay(credentials=_WHO, action=0x1A, valid_until=datetime(2026, 11, 21, 9, 0)),
)
_REPLIES = (
    (0x91, "0001010222 23"), (0x91, "00ff0102" + "2223" * 3), (0x91, "00ff0100" + "78563412" * 5),
    (0x91, "00000101" + "123456" + "1508211126"), (0x91, "01001103" + "001508211126" * 2), (0x91, "ff050004" + "1000" * 7),
    (0x91, "01010004" + "06211126"), (0xB1, "00ff0100" + "00" * 196), (0x92, "00ff0100" + "11" * 8 + "01"), (0x93, "785634120000"),
    (0x81, "1f90" + "78563412" * 5 + "aa"), (0xD1, "02"), (0x97, "08"), (0x98, "02563412"), (0x9C, ""), (0x83, "00" * 20),
)
_SOUND = tuple(encode(request_frame(_METER, request)) for request in _REQUESTS) + tuple(
    encode(Frame645(address=_METER, control=control, data=bytes.fromhex(data))) for control, data in _REPLIES
)
_GOOD = {
    Direction.REPLY: Frame645(address=_METER, control=0x91, data=bytes.fromhex("000101020122")),
    Direction.REQUEST: request_frame(_METER, Read(di="02010100")),
}
_GOOD_BYTES = {direction: encode(frame) for direction, frame in _GOOD.items()}


class FuzzFailure(AssertionError):
    """The message holds seed, number and bytes of the input."""


@dataclass(slots=True)
class FuzzCounts:
    """``recovered_frames`` is ``inputs`` less ``overlapped_frames``: there the junk and the good frame's head made another frame."""

    inputs: int = 0
    refused_inputs: int = 0             # by describe, with FrameError
    described_inputs: int = 0
    decoded_frames: int = 0             # that the junk itself held
    recovered_frames: int = 0
    overlapped_frames: int = 0
    longest_held_bytes: int = 0


def fuzz(inputs: int, seed: int) -> FuzzCounts:
    """``inputs`` pieces of junk, each through ``describe`` and, followed by a good frame, through a decoder of either side.

    Raises:
        FuzzFailure: anything raised but FrameError, a good frame was lost, or more than one frame's bytes were held.
    """
    counts = FuzzCounts()
    rng = np.random.default_rng(seed)
    decoders = {direction: Decoder645(accepts=direction) for direction in Direction}
    directions = tuple(Direction)
    for number, junk in enumerate(_inputs(rng, inputs)):
        direction = directions[number & 1]
        try:
            _one(counts, decoders[direction], direction, junk, is_silence_between=bool(number & 2))
        except Exception as exc:
            raise FuzzFailure(f"seed {seed}, input {number}: {junk.hex()}: {exc!r}") from exc
    return counts


def frames_by_brute_force(stream: bytes) -> list[bytes]:
    """What a decoder of both directions should find: at every byte all that a frame needs is tried, the earliest wins, none overlap."""
    found, at = [], 0
    while at < len(stream):
        size = 12 + stream[at + 9] if at + 9 < len(stream) else 0
        frame = stream[at : at + size]
        is_frame = (
            0 < size == len(frame) <= _LONGEST_FRAME_BYTES and frame[0] == frame[7] == 0x68
            and frame[-1] == 0x16 and frame[-2] == sum(frame[:-2]) % 256
            and all(f"{byte:02x}".isdigit() or byte == 0xAA for byte in frame[1:7])
        )
        if is_frame:
            found.append(frame)
        at += size if is_frame else 1
    return found


def _one(counts: FuzzCounts, decoder: Decoder645, direction: Direction, junk: bytes, *, is_silence_between: bool) -> None:
    counts.inputs += 1
    try:
        describe(junk)
        counts.described_inputs += 1
    except FrameError:
        counts.refused_inputs += 1
    decoder.feed(junk)
    counts.longest_held_bytes = max(counts.longest_held_bytes, decoder.held_bytes)
    if decoder.held_bytes >= _LONGEST_FRAME_BYTES:
        raise FuzzFailure(f"{decoder.held_bytes} bytes are held")
    if is_silence_between:
        decoder.end_burst()
    good = _GOOD[direction]
    decoder.feed(_GOOD_BYTES[direction])
    decoder.end_burst()
    last = None
    while (frame := decoder.next_frame()) is not None:
        counts.decoded_frames += last is not None
        last = frame
    if last == good:
        counts.recovered_frames += 1
    elif not is_silence_between and _GOOD_BYTES[direction] not in frames_by_brute_force(junk + _GOOD_BYTES[direction]):
        counts.overlapped_frames += 1
    else:
        raise FuzzFailure("the good frame behind it was lost")


def _inputs(rng: np.random.Generator, inputs: int) -> Iterator[bytes]:
    """A third noise, a third damaged frames (half of them with a right sum), a third cut ones with noise behind."""
    for begin in range(0, inputs, _BATCH):
        noise = rng.integers(0, 256, _BATCH + _RANDOM_BYTES, dtype=np.uint8).tobytes()
        draws = rng.integers(0, 2**31, (min(_BATCH, inputs - begin), 4)).tolist()
        for number, (which, where, what, how) in enumerate(draws):
            frame = _SOUND[which % len(_SOUND)]
            if number % 3 == 0:
                junk = noise[number : number + what % _RANDOM_BYTES]
                yield b"\x68" + junk[:6] + b"\x68" + junk[6:] if how % 4 == 0 else junk
            elif number % 3 == 1:
                yield _mutated(frame, where, what, how)
            else:
                cut = where % len(frame)
                yield frame[cut:] if how % 4 == 0 else frame[:cut] + noise[number : number + what % 12]


def _mutated(frame: bytes, where: int, what: int, how: int) -> bytes:
    junk = bytearray(frame)
    is_sum_right = how & 8
    first, span = (10, max(1, len(junk) - 12)) if is_sum_right else (0, len(junk))
    for change in range(1 + how % 3):
        junk[first + (where >> (5 * change)) % span] = what >> (8 * change) & 0xFF
    if is_sum_right:
        junk[8] ^= 1 << what % 8 if how & 16 else 0      # another function or direction with the same data
        junk[-2] = sum(junk[:-2]) & 0xFF
    return bytes(junk)
