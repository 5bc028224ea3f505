"""A scripted bus of DL/T 645 meters, on the event loop's clock: answers in order, and whatever a test wants to go wrong.

Every value counts up with each reading, so that a value shows which request it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from edge_agent.acquire import AcquireSettings, BusMeter, BusReader
from edge_agent.acquire.dlt645_clock import ClockSetter
from edge_agent.model import COLUMN_INDEX, Evidence, EvidenceKind, Sample
from edge_agent.transport.base import Framing, Link
from edge_agent.wire.dlt645 import Decoder645, Direction, ErrorBits, Frame645, encode, error_frame, parse_request, read_reply_frame
from edge_agent.wire.dlt645.reading import Read, ReadMore
from firmware_profiles.loader import load_all
from firmware_profiles.schema import Profile
from tests.acquire.scripted import BreakableLink, LoopClock

PROFILES = load_all()
SINGLE = PROFILES["dlt645-2007-single"]
THREE = PROFILES["dlt645-2007-three"]


def address_of(meter: int) -> str:
    return f"{20_2611_250_000 + meter:012d}"


@dataclass(frozen=True)
class Asked:
    """A request as the bus saw it, with the frame that answers it rightly. ``number`` counts the requests of that meter."""

    number: int
    frame: Frame645
    di: str
    at_s: float
    right: Frame645

    @property
    def bytes(self) -> bytes:
        return encode(self.right, 4)

    def refusal(self, error: ErrorBits = ErrorBits.NO_SUCH_DATA) -> bytes:
        return encode(error_frame(self.frame, address=self.frame.address, error=error))


Script = Callable[[Asked], "tuple[float, bytes] | None"]


@dataclass
class Bus645:
    """One request is served after the other. Each two bytes of a payload are ``number`` of the request, mod 100, twice."""

    meters: int = 1
    turnaround_s: float = 0.05
    dead: set[int] = field(default_factory=set)
    script: Script = lambda asked: (0.0, asked.bytes)
    payload: Callable[[str, int], bytes] | None = None
    asked: list[Asked] = field(default_factory=list)
    busy_until_s: float = 0.0

    def __post_init__(self) -> None:
        self._decoder = Decoder645(accepts=Direction.REQUEST)
        self._counts: dict[str, int] = {}

    def respond(self, data: bytes) -> list[tuple[float, bytes]]:
        self._decoder.feed(data)
        replies = []
        while (frame := self._decoder.next_frame()) is not None:
            replies += self._serve(frame)
        return replies

    def _serve(self, frame: Frame645) -> list[tuple[float, bytes]]:
        now_s = asyncio.get_running_loop().time()
        meter = next((index for index in range(self.meters) if address_of(index) == frame.address), None)
        request = parse_request(frame)
        if meter is None or not isinstance(request, Read | ReadMore):
            return []
        number = self._counts[frame.address] = self._counts.get(frame.address, 0) + 1
        payload = (self.payload or sized_payload)(request.di, number)
        asked = Asked(number, frame, request.di, now_s, read_reply_frame(frame, address=frame.address, payload=payload))
        self.asked.append(asked)
        said = None if meter in self.dead else self.script(asked)
        if said is None:
            return []
        self.busy_until_s = max(now_s, self.busy_until_s) + self.turnaround_s + said[0]
        return [(self.busy_until_s - now_s, said[1])]


def sized_payload(di: str, number: int) -> bytes:
    """As long as the profiles want it; the two lowest digits of each value are ``number`` mod 100."""
    for profile in (SINGLE, THREE):
        for block in profile.data_blocks:
            if block.identifier == di:
                return b"".join(_value(member.size, number) for member in block.members)
        for point in profile.data_points:
            if point.identifier == di:
                return _value(point.size, number)
    return b""


def _value(size: int, number: int) -> bytes:
    # 20.xx in its lowest digits keeps frequencies, voltages and factors plausible for any scale
    return bytes([int(f"{number % 100:02d}", 16)]) + (b"\x00" if size == 2 else b"\x00" * (size - 1))


@dataclass
class Watched645:
    reader: BusReader
    bus: Bus645
    link: BreakableLink
    samples: list[Sample] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def take(self, sample: Sample) -> None:
        """Each energy must carry the number of the last request for it that its meter got."""
        self.samples.append(sample)
        value = sample.values[COLUMN_INDEX["active_energy_import_wh"]]
        if np.isnan(value):
            return
        asked = [one for one in self.bus.asked if one.frame.address == address_of(sample.meter) and one.di == "0001FF00"]
        if round(value / 10) != asked[-1].number % 100:
            self.wrong.append(f"meter {sample.meter}: value of request {value / 10}, asked in {asked[-1].number}")

    def of(self, meter: int) -> list[Sample]:
        return [sample for sample in self.samples if sample.meter == meter]

    def failed(self, meter: int) -> int:
        return sum(1 for fact in self.evidence if fact.kind is EvidenceKind.POLL_FAILED and fact.meters == (meter,))


def watched645(
    bus: Bus645, *, profile: Profile = SINGLE, full_s: float = 0.0, presence_s: float | None = None,
    settings: AcquireSettings | None = None, link: Link | None = None, clock_setter: ClockSetter | None = None,
) -> Watched645:
    """A reader of the meters of ``bus``."""
    memory = link or BreakableLink("bus", bus.respond)
    told: list[Watched645] = []
    reader = BusReader(
        name="bus-1", link=memory, framing=Framing.RTU, settings=settings or AcquireSettings(), clock=LoopClock(),
        meters=[
            BusMeter(
                index=index, id=f"m{index}", address=address_of(index), profile=profile, full_s=full_s, presence_s=presence_s
            )
            for index in range(bus.meters)
        ],
        on_sample=lambda sample: told[0].take(sample), on_evidence=lambda fact: told[0].evidence.append(fact),
        clock_setter=clock_setter,
    )
    told.append(Watched645(reader, bus, memory))  # type: ignore[arg-type]
    return told[0]
