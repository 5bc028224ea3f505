"""Reads single meters by hand, for the commands ``read`` and ``scan``: the same transactions and guard, no schedule."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from edge_agent.acquire.plan import BlockRead, make_plan
from edge_agent.acquire.poll import Answer, Result
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.acquire.transaction import Transactor
from edge_agent.errors import LinkError, MeterRefused
from edge_agent.transport.base import Framing, Link
from edge_agent.wire.modbus import ReadRequest
from firmware_profiles.coding import Decoded, decode_point
from firmware_profiles.dlt645 import DataPoint
from firmware_profiles.schema import Point, Profile

_TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PointReading:
    """One point and what the meter said; ``decoded`` is None where it refused the point."""

    point: Point | DataPoint
    decoded: Decoded | None


class SingleReader:
    """One for each open link, for as long as the link is used: it remembers which late replies may still come.

    ``late_reply_max_s``: on RTU, how long a unit must be quiet before it is asked again what it did not answer.
    """

    def __init__(self, link: Link, framing: Framing, *, timeout_s: float = 1.0, late_reply_max_s: float = 2.0) -> None:
        self._link, self._framing, self.timeout_s = link, framing, timeout_s
        self.counters = BusCounters()
        self._transactor = Transactor(link, framing, AcquireSettings(late_reply_max_s=late_reply_max_s), self.counters)

    async def read_points(self, profile: Profile, unit: int) -> list[PointReading]:
        """Every polled point of ``profile``, in address order.

        Raises:
            LinkError: no answer, or the link is gone.
        """
        readings: list[PointReading] = []
        blocks = list(make_plan(profile).full)
        while blocks:
            block = blocks.pop(0)
            answer = await self._ask_block(block, unit, profile)
            if answer.result is Result.REFUSED:
                halves = block.split()
                blocks[:0] = halves
                readings += [PointReading(point=point, decoded=None) for point in block.points if not halves]
                continue
            if answer.result is not Result.ANSWERED:
                raise LinkError(
                    f"{self._link.name} unit {unit}: no answer within {self.timeout_s:g} s ({answer.result.value}); "
                    "are unit address, speed and parity right?"
                )
            for point in block.points:
                start = 2 * (point.address - block.address)
                readings.append(PointReading(point=point, decoded=decode_point(point, answer.data[start : start + 2 * point.words])))
        return readings

    async def ask_words(self, request: ReadRequest, *, silence_s: float = 0.0) -> bytes | None:
        """Register bytes of one request; None when nobody answers, or not intact.

        Raises:
            MeterRefused: somebody lives there and refuses.
            LinkError: the link is gone.
        """
        answer = await self._ask(request, silence_s)
        if answer.result is Result.REFUSED:
            raise MeterRefused(answer.exception)
        return answer.data if answer.result is Result.ANSWERED else None

    async def _ask_block(self, block: BlockRead, unit: int, profile: Profile) -> Answer:
        request = ReadRequest(unit=unit, function=block.function, address=block.address, count=block.count)
        for _ in range(_TRIES):
            answer = await self._ask(request, profile.limits.silence_s)
            if answer.result in (Result.ANSWERED, Result.REFUSED):
                break
        return answer

    async def _ask(self, request: ReadRequest, silence_s: float) -> Answer:
        guard, unit = self._transactor.guard, request.unit
        if self._framing is Framing.RTU and not guard.in_step(unit):
            # a person waits for one meter: simply let the late reply come or not, instead of asking something else first
            loop = asyncio.get_running_loop()
            while not guard.forget_if_quiet(unit, loop.time()):
                await asyncio.sleep(guard.quiet_in_s(unit, loop.time()))
                self._transactor.take_late()
        return await self._transactor.ask(request, self.timeout_s, silence_s=silence_s)


# what is remembered about late replies belongs to the link and must outlive one question
_readers: WeakKeyDictionary[Link, SingleReader] = WeakKeyDictionary()


async def read_points(link: Link, framing: Framing, profile: Profile, unit: int, *, timeout_s: float = 1.0) -> list[PointReading]:
    """``SingleReader.read_points`` of the one reader of ``link``."""
    return await _reader(link, framing, timeout_s).read_points(profile, unit)


async def ask_words(link: Link, framing: Framing, request: ReadRequest, *, timeout_s: float = 1.0) -> bytes | None:
    """``SingleReader.ask_words`` of the one reader of ``link``."""
    return await _reader(link, framing, timeout_s).ask_words(request)


def _reader(link: Link, framing: Framing, timeout_s: float) -> SingleReader:
    reader = _readers.get(link)
    if reader is None:
        reader = _readers[link] = SingleReader(link, framing)
    reader.timeout_s = timeout_s
    return reader
