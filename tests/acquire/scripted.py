"""A scripted serial bus: meters that answer in order after a turnaround, and whatever a test wants to go wrong.

Each two registers hold ``1000 x number of the request + address``, so a value shows which request it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge_agent.acquire import AcquireSettings, BusMeter, BusReader
from edge_agent.errors import LinkError
from edge_agent.model import COLUMN_INDEX, Evidence, EvidenceKind, Sample, TimeSource
from edge_agent.transport.base import Framing, Link
from edge_agent.transport.memory import MemoryLink
from edge_agent.wire.modbus import (
    ReadRequest,
    Reply,
    RtuRequestDecoder,
    TcpRequestDecoder,
    encode_reply_rtu,
    encode_reply_tcp,
)
from firmware_profiles.schema import Point, Profile, ReadLimits

PLACES = ("", "a", "b", "c", "t1", "t2", "t3", "t4")
ENERGIES = ("active_energy_import_wh", "active_energy_export_wh", "active_energy_total_wh")
UTC_MS = 1_700_000_000_000


def energy_points(count: int, *, start: int = 0, step: int = 2, function: int = 3) -> tuple[Point, ...]:
    """``count`` points u32, the first two of them in the presence read."""
    names = [(quantity, place) for quantity in ENERGIES for place in PLACES]
    return tuple(
        Point(
            quantity=quantity, place=place, function=function, address=start + step * index, type="u32", unit="Wh",
            poll="presence" if index < 2 else "full",
        )
        for index, (quantity, place) in enumerate(names[:count])
    )


def profile_of(points: Sequence[Point], *, name: str = "scripted", limits: ReadLimits | None = None, **more: object) -> Profile:
    return Profile(
        name=name, maker="test", meter="scripted meter", source="this test", points=tuple(points), golden=(),
        limits=limits or ReadLimits(), **more,  # type: ignore[arg-type]
    )


class LoopClock:
    """The event loop's time, ``speed`` times as fast."""

    time_source = TimeSource.NONE

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time() * self.speed

    def utc_ms(self) -> int:
        return UTC_MS + round(1000 * self.monotonic_s())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


# request -> (delay beyond the turnaround, what comes instead of the right frame); None is silence
Script = Callable[["Asked"], "tuple[float, bytes] | None"]


@dataclass(frozen=True)
class Asked:
    """A request as the bus saw it, with the frame that answers it rightly."""

    number: int
    request: ReadRequest
    at_s: float
    right: bytes
    frame_of: Callable[[Reply], bytes]

    def refusal(self, code: int) -> bytes:
        return self.frame_of(Reply(unit=self.request.unit, function=self.request.function, exception=code))


@dataclass
class ScriptedBus:
    """All meters of one line. One request is served after the other, as a serial line does, answered or not (``dead_block_s``)."""

    framing: Framing = Framing.RTU
    turnaround_s: float = 0.03
    dead_block_s: float = 0.0
    dead: set[int] = field(default_factory=set)
    script: Script = lambda asked: (0.0, asked.right)
    asked: list[Asked] = field(default_factory=list)
    busy_until_s: float = 0.0

    def __post_init__(self) -> None:
        self._rtu, self._tcp = RtuRequestDecoder(), TcpRequestDecoder()

    def respond(self, data: bytes) -> list[tuple[float, bytes]]:
        replies = []
        if self.framing is Framing.RTU:
            self._rtu.feed(data)
            while (request := self._rtu.next_request()) is not None:
                replies += self._serve(request, encode_reply_rtu)
        else:
            self._tcp.feed(data)
            while (found := self._tcp.next_request()) is not None:
                number = found[1]
                replies += self._serve(found[0], lambda reply, number=number: encode_reply_tcp(reply, number))
        return replies

    def _serve(self, request: ReadRequest, frame_of: Callable[[Reply], bytes]) -> list[tuple[float, bytes]]:
        now_s = asyncio.get_running_loop().time()
        number = len(self.asked) + 1
        words = [
            (1000 * number + address - address % 2) >> (0 if address % 2 else 16) & 0xFFFF
            for address in range(request.address, request.address + request.count)
        ]
        data = b"".join(word.to_bytes(2, "big") for word in words)
        right = frame_of(Reply(unit=request.unit, function=request.function, data=data))
        asked = Asked(number, request, now_s, right, frame_of)
        self.asked.append(asked)
        begin_s = max(now_s, self.busy_until_s)
        said = None if request.unit in self.dead else self.script(asked)
        if said is None:
            self.busy_until_s = begin_s + self.dead_block_s
            return []
        self.busy_until_s = begin_s + self.turnaround_s + said[0]
        return [(self.busy_until_s - now_s, said[1])]


class BreakableLink(MemoryLink):
    """A link that a test can cut, and whose opening it can refuse."""

    is_refused = is_cut = False
    opened = 0

    async def open(self) -> None:
        self.opened += 1
        if self.is_refused:
            raise LinkError(f"{self.name}: refused by the test")
        self.is_cut = False
        await super().open()

    def cut(self) -> None:
        self.is_cut = True
        assert self._inbox is not None
        self._inbox.fail(f"{self.name}: cut by the test")

    def write(self, data: bytes) -> None:
        if self.is_cut:
            raise LinkError(f"{self.name}: cut by the test")
        super().write(data)


@dataclass
class Watched:
    """A bus reader and all that it told."""

    reader: BusReader
    bus: ScriptedBus
    link: BreakableLink
    profile: Profile
    samples: list[Sample] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def take(self, sample: Sample) -> None:
        """Every value must answer the last request that covered its register."""
        self.samples.append(sample)
        for point in self.profile.points:
            value = sample.values[COLUMN_INDEX[point.key]]
            if np.isnan(value):
                continue
            number, address = divmod(int(value), 1000)
            unit = sample.meter + 1
            last = max(
                (
                    asked.number for asked in self.bus.asked[-40:]
                    if asked.request.unit == unit and asked.request.address <= point.address < asked.request.address + asked.request.count
                ),
                default=0,
            )
            if address != point.address or number != last:
                self.wrong.append(f"unit {unit} {point.key}: register {address} of request {number}, asked {point.address} in {last}")

    def failed(self, meter: int) -> int:
        return sum(1 for fact in self.evidence if fact.kind is EvidenceKind.POLL_FAILED and fact.meters == (meter,))

    def of(self, meter: int) -> list[Sample]:
        return [sample for sample in self.samples if sample.meter == meter]

    def kinds(self) -> list[EvidenceKind]:
        return [fact.kind for fact in self.evidence if fact.kind is not EvidenceKind.POLL_FAILED]


def watched(
    bus: ScriptedBus, *, profile: Profile | None = None, meters: int = 1, full_s: float = 0.0, presence_s: float | None = None,
    settings: AcquireSettings | None = None, speed: float = 1.0, link: Link | None = None,
) -> Watched:
    """A reader of ``meters`` meters with units 1.. on ``bus``."""
    profile = profile or profile_of(energy_points(6))
    memory = link or BreakableLink("bus", bus.respond)
    told: list[Watched] = []
    reader = BusReader(
        name="bus-1", link=memory, framing=bus.framing, settings=settings or AcquireSettings(), clock=LoopClock(speed),
        meters=[
            BusMeter(index=index, id=f"m{index}", unit=index + 1, profile=profile, full_s=full_s, presence_s=presence_s)
            for index in range(meters)
        ],
        on_sample=lambda sample: told[0].take(sample), on_evidence=lambda fact: told[0].evidence.append(fact),
    )
    told.append(Watched(reader, bus, memory, profile))  # type: ignore[arg-type]
    return told[0]


async def run_for(seconds: float, *watches: Watched) -> None:
    """Let the readers run for so long; what they raise is raised."""
    tasks = [asyncio.create_task(watch.reader.run()) for watch in watches]
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
