"""Reads one meter once, for the commands ``read`` and ``scan``: the same transactions, no schedule."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.acquire.plan import BlockRead, make_plan, split
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.acquire.transaction import Answer, Result, Transactor
from edge_agent.errors import LinkError, MeterRefused
from edge_agent.transport.base import Framing, Link
from edge_agent.wire.modbus import ReadRequest
from firmware_profiles.coding import Decoded, decode_point
from firmware_profiles.schema import Point, Profile

_TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PointReading:
    """One point and what the meter said; ``decoded`` is None where it refused the point."""

    point: Point
    decoded: Decoded | None


async def read_points(link: Link, framing: Framing, profile: Profile, unit: int, *, timeout_s: float = 1.0) -> list[PointReading]:
    """Every polled point of ``profile`` from an open ``link``.

    Raises:
        LinkError: no answer, or the link is gone.
    """
    transactor = Transactor(link, framing, AcquireSettings(reply_timeout_s=max(timeout_s, 0.15)), BusCounters())
    readings: list[PointReading] = []
    blocks = list(make_plan(profile).full)
    while blocks:
        block = blocks.pop(0)
        answer = await _ask(transactor, framing, block, unit, profile, timeout_s)
        if answer.result is Result.REFUSED:
            halves = split(block)
            blocks[:0] = halves
            readings += [PointReading(point=point, decoded=None) for point in block.points if not halves]
            continue
        if answer.result is not Result.ANSWERED:
            raise LinkError(f"{link.name} unit {unit}: no answer within {timeout_s:g} s ({answer.result.value}); is the unit address right?")
        for point in block.points:
            start = 2 * (point.address - block.address)
            readings.append(PointReading(point=point, decoded=decode_point(point, answer.data[start : start + 2 * point.words])))
    return readings


async def ask_words(link: Link, framing: Framing, request: ReadRequest, *, timeout_s: float) -> bytes | None:
    """Register bytes of one request; None when nobody answers.

    Raises:
        MeterRefused: somebody lives there and refuses.
        LinkError: the link is gone.
    """
    answer = await Transactor(link, framing, AcquireSettings(reply_timeout_s=max(timeout_s, 0.15)), BusCounters()).ask(request, timeout_s)
    if answer.result is Result.REFUSED:
        raise MeterRefused(answer.exception)
    return answer.data if answer.result is Result.ANSWERED else None


async def _ask(transactor: Transactor, framing: Framing, block: BlockRead, unit: int, profile: Profile, timeout_s: float) -> Answer:
    request = ReadRequest(unit=unit, function=block.function, address=block.address, count=block.count)
    answer = Answer(result=Result.TIMED_OUT)
    for _ in range(_TRIES if framing is Framing.TCP else 1):  # on RTU a second try could take the late reply of the first
        answer = await transactor.ask(request, timeout_s, silence_s=profile.limits.silence_s)
        if answer.result in (Result.ANSWERED, Result.REFUSED):
            break
    return answer
