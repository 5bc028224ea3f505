"""Reads single DL/T 645 meters by hand and finds who is on a line, for the commands ``read`` and ``scan``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from edge_agent.acquire.dlt645_plan import Block645, DataRequest, plan645
from edge_agent.acquire.dlt645_transaction import Transactor645
from edge_agent.acquire.poll import Answer, Result
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.acquire.single import PointReading
from edge_agent.errors import LinkError
from edge_agent.transport.base import Link
from edge_agent.wire.dlt645 import WILDCARD, Direction, request_frame
from edge_agent.wire.dlt645.reading import Read, ReadAddress
from firmware_profiles.dlt645_coding import decode_data_point
from firmware_profiles.schema import Profile

_TRIES = 2
# every meter has its energy, and hardly two the same: of two replies that differ in one bit one alone may be heard, intact
_ASKED_OF_ALL = "00010000"


class Single645:
    """One for each open link, for as long as it is used. ``late_reply_max_s``: quiet before a meter is asked again what it left open."""

    def __init__(self, link: Link, *, timeout_s: float = 1.0, late_reply_max_s: float = 2.0) -> None:
        self._link, self._timeout_s = link, timeout_s
        self.counters = BusCounters()
        self._transactor = Transactor645(link, AcquireSettings(late_reply_max_s=late_reply_max_s), self.counters)

    async def read_points(self, profile: Profile, address: str) -> list[PointReading]:
        """Every polled point of ``profile``, in the order of its plan.

        Raises:
            LinkError: no answer at all, or the link is gone.
        """
        readings: list[PointReading] = []
        blocks = list(plan645(profile).full)
        has_answered = False
        while blocks:
            block = blocks.pop(0)
            answer = await self._ask_twice(block, address)
            if answer.result is Result.ANSWERED:
                readings += _readings(block, answer.data)
            elif answer.result is Result.REFUSED or has_answered:
                # a meter may answer an identifier that it does not have with silence
                parts = block.split()
                blocks[:0] = parts
                readings += [PointReading(point=point, decoded=None) for point in block.points if not parts]
            else:
                raise LinkError(
                    f"{self._link.name} address {address}: no answer within {self._timeout_s:g} s ({answer.result.value}); "
                    "are address, speed (2400 or 9600) and parity (8E1) right?"
                )
            has_answered = True
        return readings

    async def own_address(self) -> str:
        """The address of the only meter on the line.

        Raises:
            LinkError: none, several, or the link is gone.
        """
        for _ in range(_TRIES):
            found, _ = await self._who("")
            if len(found) == 1:
                return found.pop()
        raise LinkError(f"{self._link.name}: no single meter says its address; give --address, or try: hplc-edge scan --protocol dlt645")

    async def search(self, tell: Callable[[str], None] = lambda pattern: None) -> AsyncIterator[str]:
        """Addresses of the meters on the line, by ever longer wildcards where several talk over each other.

        ``tell`` gets each pattern that is asked. Whoever only speaks the 1997 standard stays hidden: it knows no wildcards.
        """
        open_suffixes = [""]
        told: set[str] = set()
        while open_suffixes:
            suffix = open_suffixes.pop()
            tell(_pattern(suffix))
            found, is_crowded = await self._who(suffix)
            if is_crowded and len(suffix) < len(WILDCARD):
                open_suffixes += [f"{pair:02d}{suffix}" for pair in reversed(range(100))]
                continue
            for address in sorted(found - told):
                told.add(address)
                yield address

    async def _who(self, suffix: str) -> tuple[set[str], bool]:
        """(who answered intact, whether several did)."""
        request = ReadAddress() if not suffix else Read(di=_ASKED_OF_ALL)
        replies, is_damaged = await self._transactor.listen_to(request_frame(_pattern(suffix), request), self._timeout_s)
        found = {reply.address for reply in replies if reply.direction is Direction.REPLY and reply.address.endswith(suffix)}
        return found, is_damaged or len(found) > 1

    async def _ask_twice(self, block: Block645, address: str) -> Answer:
        for _ in range(_TRIES):
            answer = await self._ask(DataRequest(address=address, identifier=block.identifier))
            if answer.result in (Result.ANSWERED, Result.REFUSED):
                break
        return answer

    async def _ask(self, request: DataRequest) -> Answer:
        guard, loop = self._transactor.guard, asyncio.get_running_loop()
        if not guard.in_step(request.address):
            # a person waits for one meter: simply let the late reply come or not, instead of asking something else first
            while not guard.forget_if_quiet(request.address, loop.time()):
                await asyncio.sleep(guard.quiet_in_s(request.address, loop.time()))
                self._transactor.take_late()
        return await self._transactor.ask(request, self._timeout_s)


def _pattern(suffix: str) -> str:
    return "A" * (len(WILDCARD) - len(suffix)) + suffix


def _readings(block: Block645, data: bytes) -> list[PointReading]:
    """A reply of another form than the profile says counts as refused, point by point."""
    try:
        found = {point.key: decode_data_point(point, field) for point, field in block.fields(data)}
    except ValueError:
        found = {}
    return [PointReading(point=point, decoded=found.get(point.key)) for point in block.points]
