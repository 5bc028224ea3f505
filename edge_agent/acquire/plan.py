"""Packs the points of a profile into few block reads within what the meter allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.acquire.block_decoder import BlockDecoder
from edge_agent.acquire.poll import BusMeter, Doubts, ReadPlan
from edge_agent.wire.modbus import ReadRequest
from firmware_profiles.schema import Point, Profile, ReadLimits


@dataclass(frozen=True, slots=True, eq=False)
class BlockRead:
    """One request and what its answer means."""

    function: int
    address: int
    count: int
    points: tuple[Point, ...]
    decoder: BlockDecoder
    limits: ReadLimits

    @property
    def size(self) -> int:
        return self.count

    @property
    def signature(self) -> tuple[int, int]:
        """All by which an RTU reply of this unit can be told from another: function and byte count."""
        return self.function, 2 * self.count

    def decode(self, data: bytes, values: npt.NDArray[np.float64]) -> Doubts:
        return self.decoder.decode(data, values)

    def split(self) -> tuple[BlockRead, ...]:
        return split(self, self.limits)

    def request_to(self, meter: BusMeter) -> ReadRequest:
        return ReadRequest(unit=meter.unit, function=self.function, address=self.address, count=self.count)


def make_plan(profile: Profile) -> ReadPlan[BlockRead]:
    """The plan of ``profile``; its points with poll "never" are not read.

    Raises:
        ValueError: the profile has no point to read.
    """
    polled = [point for point in profile.points if point.poll != "never"]
    if not polled:
        raise ValueError(f"profile {profile.name}: no point is polled")
    full = pack(polled, profile.limits)
    short = [point for point in polled if point.poll == "presence"] or polled[:1]
    presence = pack(short, profile.limits)[:1]
    return ReadPlan(full=full, presence=presence, resync=_resync((*presence, *full), profile))


def pack(points: Iterable[Point], limits: ReadLimits) -> tuple[BlockRead, ...]:
    """Blocks in address order; a block begins and ends on value borders and spans no larger hole than the meter fills."""
    blocks: list[list[Point]] = []
    end = 0                                  # of the last block
    for point in sorted(points, key=lambda point: (point.function, point.address)):
        block = blocks[-1] if blocks else None
        if block is not None and block[0].function == point.function and point.address - end <= limits.max_gap_words:
            start, count = _span([*block, point], limits)
            if count <= limits.max_words:
                block.append(point)
                end = start + count
                continue
        blocks.append([point])
        start, count = _span([point], limits)
        end = start + count
    return tuple(_block(block, limits) for block in blocks)


def split(block: BlockRead, limits: ReadLimits) -> tuple[BlockRead, ...]:
    """The block in two halves; nothing for a single point, which cannot be split."""
    half = len(block.points) // 2
    return (_block(block.points[:half], limits), _block(block.points[half:], limits)) if half else ()


def _span(points: Sequence[Point], limits: ReadLimits) -> tuple[int, int]:
    """Address and count of the read that covers ``points``, widened to even ones where the meter takes no other."""
    address = min(point.address for point in points)
    end = max(point.address + point.words for point in points)
    if limits.even_only:
        address, end = address - address % 2, end + end % 2
    return address, end - address


def _block(points: Sequence[Point], limits: ReadLimits) -> BlockRead:
    address, count = _span(points, limits)
    return BlockRead(points[0].function, address, count, tuple(points), BlockDecoder(points, address, count), limits)


def _resync(blocks: Sequence[BlockRead], profile: Profile) -> tuple[BlockRead, ...]:
    """Reads whose replies look different, shortest first: the beginning of a block, cut at a value border, with each legal function."""
    found: dict[tuple[int, int], BlockRead] = {}
    for block in blocks:
        for length in range(1, len(block.points) + 1):
            start = _block(block.points[:length], profile.limits)
            for function in (block.function, *profile.also_functions):
                read = BlockRead(function, start.address, start.count, start.points, start.decoder, profile.limits)
                found.setdefault(read.signature, read)
    return tuple(sorted(found.values(), key=lambda read: read.count))
