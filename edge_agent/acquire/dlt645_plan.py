"""What to ask of a DL/T 645 meter: its blocks where they save requests, else identifier by identifier. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.acquire.poll import BusMeter, Doubts, ReadPlan
from edge_agent.model import COLUMN_INDEX
from edge_agent.wire.dlt645.functions import Function
from firmware_profiles.dlt645 import DLT645_PROTOCOLS, DataBlock, DataPoint
from firmware_profiles.dlt645_coding import decode_data_point
from firmware_profiles.schema import Profile

_WORTH_A_BLOCK = 2           # of two values the block already saves a request


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequest:
    """Read one identifier of one meter: 8 digits by the 2007 standard, 4 by that of 1997."""

    address: str
    identifier: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Block645:
    """One identifier and the polled points that its reply holds."""

    identifier: str
    points: tuple[DataPoint, ...]
    block: DataBlock | None = None        # None: the identifier of the one point

    @property
    def size(self) -> int:
        return sum(member.size for member in (self.points if self.block is None else self.block.members))

    @property
    def signature(self) -> tuple[int, str]:
        return function_of(self.identifier), self.identifier

    def fields(self, data: bytes) -> list[tuple[DataPoint, bytes]]:
        """The polled points with their bytes. Raises ValueError where the reply has another form."""
        if self.block is None:
            (point,) = self.points
            if len(data) != point.size:
                raise ValueError(f"{point.identifier}: {len(data)} bytes, expected {point.size}")
            return [(point, data)]
        return [(point, field) for point, field in self.block.split_payload(data) if point in self.points]

    def decode(self, data: bytes, values: npt.NDArray[np.float64]) -> Doubts:
        """A reply of another form gives no value; each of its points then counts as implausible."""
        try:
            found = self.fields(data)
        except ValueError:
            return Doubts(implausible=len(self.points))
        not_available, implausible = len(self.points) - len(found), 0
        for point, field in found:
            decoded = decode_data_point(point, field)
            if decoded.si_value is not None:
                if point.column is not None:
                    values[COLUMN_INDEX[point.column]] = decoded.si_value
            elif decoded.is_not_available:
                not_available += 1
            else:
                implausible += 1
        return Doubts(not_available, implausible)

    def split(self) -> tuple[Block645, ...]:
        if self.block is None:
            return ()
        return tuple(Block645(identifier=point.identifier, points=(point,)) for point in self.points)

    def request_to(self, meter: BusMeter) -> DataRequest:
        return DataRequest(address=meter.address, identifier=self.identifier)


def function_of(identifier: str) -> int:
    """The function that reads it: identifiers of 1997 have four digits."""
    return Function.READ if len(identifier) == 8 else Function.READ_1997


def plan645(profile: Profile) -> ReadPlan[Block645]:
    """The plan of ``profile``; its points with poll "never" are not read. The presence read comes first.

    Raises:
        ValueError: the profile is of another protocol, or has no point to read.
    """
    if profile.protocol not in DLT645_PROTOCOLS:
        raise ValueError(f"profile {profile.name}: speaks {profile.protocol}")
    polled = [point for point in profile.data_points if point.poll != "never"]
    if not polled:
        raise ValueError(f"profile {profile.name}: no point is polled")
    shown = [point for point in polled if point.poll == "presence"] or polled[:1]
    presence = _pack(shown, profile.data_blocks)[:1]
    rest = [point for point in polled if point not in presence[0].points]
    full = (*presence, *_pack(rest, profile.data_blocks))
    others = [Block645(identifier=point.identifier, points=(point,)) for point in polled]
    by_signature = {block.signature: block for block in (*others, *full)}
    resync = tuple(sorted(by_signature.values(), key=lambda block: block.size))
    return ReadPlan(full=full, presence=presence, resync=resync, skips_silent=True)


def _pack(points: Sequence[DataPoint], blocks: Sequence[DataBlock]) -> tuple[Block645, ...]:
    """Each point once, in the order of the file."""
    found: list[Block645] = []
    done: set[str] = set()
    for point in points:
        if point.identifier in done:
            continue
        for block in blocks:
            wanted = tuple(member for member in block.members if member in points and member.identifier not in done)
            if point in wanted and len(wanted) >= _WORTH_A_BLOCK:
                found.append(Block645(identifier=block.identifier, points=wanted, block=block))
                break
        else:
            found.append(Block645(identifier=point.identifier, points=(point,)))
        done |= {member.identifier for member in found[-1].points}
    return tuple(found)
