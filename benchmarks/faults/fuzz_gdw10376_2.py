"""Throws damaged, cut, joined and invented frames of Q/GDW 10376.2 at the codec and counts what came of them.

    python -m benchmarks.faults.fuzz_gdw10376_2 [--inputs 200000] [--seed 1]

What may come out is frames, counted bytes and FrameError; any other exception ends the run with the input in its note. After each input
the line falls silent and a good frame follows: it has to come through.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2 import (
    Decoder10376,
    Direction,
    DownInfo,
    Frame10376,
    UpInfo,
    describe,
    encode,
    known_functions,
    parse_frame,
)

VECTORS = Path(__file__).parents[2] / "tests" / "data" / "vectors" / "gdw10376_2.json"
_START_AND_LENGTHS = (b"\x68", b"\x68\xff\xff", b"\x68\x0f\x00", b"\x68\x80\x02\x43")
_KNOWN = known_functions()


@dataclass(slots=True, kw_only=True)
class FuzzCounts:
    """What came of ``inputs`` inputs. ``lost_frames`` counts good frames after a silence that did not come through: 0 or a bug."""

    inputs: int = 0
    frames: int = 0
    refused_frames: int = 0      # by describe, with FrameError
    described_frames: int = 0
    refused_units: int = 0       # whole frames whose data is not of its layout
    lost_frames: int = 0
    most_held_bytes: int = 0
    discarded_bytes: int = 0
    checksum_errors: int = 0


def fuzz(inputs: int, seed: int) -> FuzzCounts:
    """Runs ``inputs`` inputs drawn from ``seed``. Raises whatever the codec should not have raised."""
    rng = random.Random(seed)
    good = [bytes.fromhex(row["hex"]) for row in json.loads(VECTORS.read_text(encoding="utf-8"))]
    sound = [(wire, parse_frame(wire)) for wire in good]
    counts = FuzzCounts()
    decoder = Decoder10376()
    for _ in range(inputs):
        junk = _MAKERS[int(rng.random() * len(_MAKERS))](rng, good)
        wire, frame = sound[int(rng.random() * len(sound))]
        try:
            _describe(junk, counts)
            _decode(decoder, junk, counts)
            decoder.feed(wire)
            counts.lost_frames += decoder.next_frame() != frame
        except Exception as error:
            error.add_note(f"seed {seed}, input {counts.inputs}: {junk.hex()}")
            raise
        counts.inputs += 1
    counts.discarded_bytes, counts.checksum_errors = decoder.discarded_bytes, decoder.checksum_errors
    return counts


def _describe(junk: bytes, counts: FuzzCounts) -> None:
    try:
        described = describe(junk)
    except FrameError:
        counts.refused_frames += 1
        return
    if "problem" in described:
        counts.refused_units += 1
    else:
        counts.described_frames += 1


def _decode(decoder: Decoder10376, junk: bytes, counts: FuzzCounts) -> None:
    decoder.feed(junk)
    counts.most_held_bytes = max(counts.most_held_bytes, decoder.held_bytes)
    while decoder.next_frame() is not None:
        counts.frames += 1
    decoder.reset()
    while decoder.next_frame() is not None:
        counts.frames += 1


def _noise(rng: random.Random, _good: list[bytes]) -> bytes:
    return rng.randbytes(int(rng.random() * 60))


def _mutated(rng: random.Random, good: list[bytes]) -> bytes:
    """A frame with one to four bytes changed; every other time the checksum is made right again, so that the damage goes deeper."""
    frame = bytearray(good[int(rng.random() * len(good))])
    for _ in range(1 + int(rng.random() * 4)):
        frame[int(rng.random() * len(frame))] = int(rng.random() * 256)
    if rng.random() < 0.5:
        frame[-2] = sum(frame[3:-2]) & 0xFF
    return bytes(frame)


def _truncated(rng: random.Random, good: list[bytes]) -> bytes:
    frame = good[int(rng.random() * len(good))]
    return frame[: int(rng.random() * len(frame))]


def _joined(rng: random.Random, good: list[bytes]) -> bytes:
    """Whole frames, halves of frames, false starts and noise on end."""
    makers = (_whole, _truncated, _mutated, _noise, _false_start)
    return b"".join(makers[int(rng.random() * len(makers))](rng, good) for _ in range(2 + int(rng.random() * 3)))


def _whole(rng: random.Random, good: list[bytes]) -> bytes:
    return good[int(rng.random() * len(good))]


def _false_start(rng: random.Random, _good: list[bytes]) -> bytes:
    return _START_AND_LENGTHS[int(rng.random() * len(_START_AND_LENGTHS))]


def _invented(rng: random.Random, good: list[bytes]) -> bytes:
    """A valid frame of a known function with data that may be anything: what reaches the layouts."""
    code, direction = _KNOWN[int(rng.random() * len(_KNOWN))]
    data = rng.randbytes(int(rng.random() * 24))
    if rng.random() < 0.5 and data:
        data = bytes([int(rng.random() * 4)]) + data[1:]  # small counts and lengths: the rest fits now and then
    info = UpInfo(sequence=1) if direction is Direction.UP else DownInfo(sequence=1)
    return encode(Frame10376(afn=code.afn, fn=code.fn, info=info, data=data))


_MAKERS: tuple[Callable[[random.Random, list[bytes]], bytes], ...] = (
    _noise, _mutated, _mutated, _truncated, _joined, _invented, _invented
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(json.dumps(asdict(fuzz(arguments.inputs, arguments.seed))))


if __name__ == "__main__":
    main()
