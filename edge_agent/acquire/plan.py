"""Packs the points of a profile into few block reads within what the meter allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from firmware_profiles.coding import BlockDecoder
from firmware_profiles.schema import Point, Profile, ReadLimits


@dataclass(frozen=True, slots=True, eq=False)
class BlockRead:
    """One request and what its answer means."""

    function: int
    address: int
    count: int
    points: tuple[Point, ...]
    decoder: BlockDecoder

    @property
    def signature(self) -> tuple[int, int]:
        """All by which an RTU reply of this unit can be told from another: function and byte count."""
        return self.function, 2 * self.count


@dataclass(frozen=True, slots=True, eq=False)
class ReadPlan:
    """What to ask of a meter: everything, the short presence read, and short reads of other lengths to get in step again."""

    full: tuple[BlockRead, ...]
    presence: tuple[BlockRead, ...]
    resync: tuple[BlockRead, ...]


def make_plan(profile: Profile) -> ReadPlan:
    """The plan of ``profile``; its points with poll "never" are not read."""
    polled = [point for point in profile.points if point.poll != "never"]
    full = pack(polled, profile.limits)
    presence = pack([point for point in polled if point.poll == "presence"], profile.limits)[:1]
    return ReadPlan(full=full, presence=presence, resync=_resync((*presence, *full)))


def pack(points: Iterable[Point], limits: ReadLimits) -> tuple[BlockRead, ...]:
    """Blocks in address order; a block begins and ends on value borders and spans no larger hole than the meter fills."""
    blocks: list[list[Point]] = []
    for point in sorted(points, key=lambda point: (point.function, point.address)):
        block = blocks[-1] if blocks else None
        if (
            block is not None
            and block[0].function == point.function
            and point.address - (block[-1].address + block[-1].words) <= limits.max_gap_words
            and point.address + point.words - block[0].address <= limits.max_words
        ):
            block.append(point)
        else:
            blocks.append([point])
    return tuple(_block(block) for block in blocks)


def split(block: BlockRead) -> tuple[BlockRead, ...]:
    """The block in two halves; nothing for a single point, which cannot be split."""
    half = len(block.points) // 2
    return (_block(block.points[:half]), _block(block.points[half:])) if half else ()


def _block(points: Sequence[Point]) -> BlockRead:
    address = points[0].address
    count = max(point.address + point.words for point in points) - address
    return BlockRead(points[0].function, address, count, tuple(points), BlockDecoder(points, address, count))


def _resync(blocks: Sequence[BlockRead]) -> tuple[BlockRead, ...]:
    """Reads that differ in length, shortest first: each is the beginning of a block, cut at a value border."""
    found: dict[tuple[int, int], BlockRead] = {}
    for block in blocks:
        for length in range(1, len(block.points) + 1):
            candidate = _block(block.points[:length])
            found.setdefault(candidate.signature, candidate)
    return tuple(sorted(found.values(), key=lambda candidate: candidate.count))
