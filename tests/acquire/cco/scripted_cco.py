"""A scripted coordinator on the memory link, on the event loop's clock: answers as a module does, and whatever a test wants to go wrong.

Each two lowest digits of a value are the number of the request of that meter (mod 100), so a value shows which request it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from edge_agent.acquire import AcquireSettings, BusMeter
from edge_agent.acquire.cco import CcoReader, CcoSettings
from edge_agent.model import COLUMN_INDEX, Evidence, EvidenceKind, Sample
from edge_agent.wire.dlt645 import Decoder645, Direction, Frame645, parse_request, read_reply_frame
from edge_agent.wire.dlt645 import encode as encode645
from edge_agent.wire.dlt645.reading import Read, ReadMore
from edge_agent.wire.gdw10376_2 import (
    Code,
    Decoder10376,
    DenyReason,
    Frame10376,
    confirm,
    deny,
    encode,
    parse_unit,
    reply,
    report,
    units,
)
from edge_agent.wire.gdw10376_2.units import reading
from tests.acquire.scripted import BreakableLink, LoopClock
from tests.acquire.scripted645 import SINGLE, address_of, sized_payload
from tests.wire.gdw10376_2.samples import RUN_MODE

MAIN = "000000002600"
ENERGY = COLUMN_INDEX["active_energy_import_wh"]
ENERGY_IDENTIFIER = "0001FF00"
VOLTAGE = COLUMN_INDEX["voltage_v.a"]


@dataclass(frozen=True)
class AskedRead:
    """A read as the module got it. ``number`` counts the reads of that meter; ``right`` are the meter's answers in order."""

    number: int
    frame: Frame10376
    meter: int
    requests: tuple[Frame645, ...]
    right: tuple[Frame645, ...]
    at_s: float

    @property
    def identifiers(self) -> list[str]:
        return [parse_request(frame).di for frame in self.requests]  # type: ignore[union-attr]

    def payload(self, *replies: Frame645) -> bytes:
        return b"".join(encode645(frame) for frame in replies or self.right)

    def answer(self, payload: bytes | None = None) -> Frame10376:
        content = self.payload() if payload is None else payload
        if self.frame.afn == 0xF1:
            return reply(self.frame, units.ConcurrentReply(protocol=2, payload=content))
        return reply(self.frame, units.MonitorReply(protocol=2, payload=content, uplink_s=1))


# what the module sends for a read: (delay beyond the usual, frame or bytes); an empty list is silence
Sent = list[tuple[float, "Frame10376 | bytes"]]
ReadScript = Callable[[AskedRead], Sent]


@dataclass
class ScriptedCco:
    """The module. ``topology``: what 10H F21 lists; ``dead``: meters whose reads fail (len 0)."""

    meters: int = 3
    read_s: float = 1.0
    archive: dict[str, int] = field(default_factory=dict)
    main_address: str = MAIN
    is_silent: bool = False
    knows_concurrent: bool = True
    says_functions: bool = True
    most_in_flight: int = 100
    most_frames: int = 100
    dead: set[int] = field(default_factory=set)
    topology: list[units.TopologyNode] = field(default_factory=list)
    phases: list[units.PhaseNode] = field(default_factory=list)
    script: ReadScript = lambda asked: [(0.0, asked.answer())]
    garbage: bytes = b""
    heard: list[tuple[float, Frame10376]] = field(default_factory=list)
    reads: list[AskedRead] = field(default_factory=list)
    payload: Callable[[str, int], bytes] = sized_payload
    energy_asked: dict[int, int] = field(default_factory=dict)         # meter -> number of the last read for it

    def __post_init__(self) -> None:
        self._decoder = Decoder10376()
        self._counts: dict[str, int] = {}
        self.in_flight = self.most_seen_in_flight = 0

    def respond(self, data: bytes) -> list[tuple[float, bytes]]:
        self._decoder.feed(data)
        sent: list[tuple[float, bytes]] = []
        while (frame := self._decoder.next_frame()) is not None:
            self.heard.append((asyncio.get_running_loop().time(), frame))
            for delay_s, said in [] if self.is_silent else self._serve(frame):
                sent.append((delay_s, self.garbage + (said if isinstance(said, bytes) else encode(said))))
        return sent

    def codes(self) -> list[str]:
        return [str(frame.code) for _, frame in self.heard]

    def of(self, code: Code) -> list[Frame10376]:
        return [frame for _, frame in self.heard if frame.code == code]

    def _serve(self, frame: Frame10376) -> Sent:
        unit = parse_unit(frame)
        if isinstance(unit, units.ConcurrentRequest | units.MonitorRequest):
            return self._read(frame, unit.payload)
        said = self._command(frame, unit)
        return [] if said is None else [(0.05, said)]

    def _command(self, frame: Frame10376, unit: units.Unit) -> Frame10376 | None:
        if isinstance(unit, units.Confirm | units.Content):
            return None
        if isinstance(unit, units.PageQuery):
            return self._page(frame, unit)
        if isinstance(unit, units.AddNodes):
            self.archive |= {node.address: node.protocol for node in unit.nodes}
        elif isinstance(unit, units.DeleteNodes):
            for address in unit.addresses:
                self.archive.pop(address)
        elif isinstance(unit, units.MainAddress):
            self.main_address = unit.main_address
        elif isinstance(unit, units.FunctionsQuery):
            if not self.says_functions:
                return deny(frame, DenyReason.NOT_SUPPORTED)
            return reply(frame, units.Functions(asked_afn=unit.asked_afn, functions=(1,) if self.knows_concurrent else ()))
        elif isinstance(unit, units.BroadcastDelayQuery):
            return reply(frame, units.BroadcastDelay(delay_s=7, protocol=unit.protocol, payload=unit.payload))
        elif isinstance(unit, units.Broadcast):
            return confirm(frame, wait_s=40)
        elif isinstance(unit, units.Command):
            return self._told(frame, unit)
        return confirm(frame)

    def _told(self, frame: Frame10376, unit: units.Command) -> Frame10376:
        if unit.code == Code(0x03, 10):
            return reply(frame, self.run_mode())
        if unit.code == Code(0x03, 1):
            return reply(frame, self.run_mode().vendor)
        if unit.code == Code(0x10, 1):
            return reply(frame, units.NodeCount(total=len(self.archive), max_nodes=1015))
        if unit.code == Code(0x10, 111):
            return reply(frame, units.NetworkInfo(nid=77, main_address=MAIN, neighbours=(78,)))
        return confirm(frame)

    def _page(self, frame: Frame10376, asked: units.PageQuery) -> Frame10376:
        at = slice(asked.start - 1, asked.start - 1 + asked.count)
        if asked.code.fn == 2:
            nodes = [units.ArchiveNode(address=address, protocol=protocol) for address, protocol in self.archive.items()]
            return reply(frame, units.NodeList(total=len(nodes), nodes=tuple(nodes[at])))
        if asked.code.fn == 21:
            return reply(frame, units.Topology(total=len(self.topology), start=asked.start, nodes=tuple(self.topology[at])))
        if asked.code.fn == 31:
            return reply(frame, units.PhaseList(total=len(self.phases), start=asked.start, nodes=tuple(self.phases[at])))
        return deny(frame, DenyReason.NOT_SUPPORTED)

    def run_mode(self) -> units.RunMode:
        return replace(RUN_MODE, main_address=self.main_address, nodes=len(self.archive), rates=())

    def _read(self, frame: Frame10376, payload: bytes) -> Sent:
        is_concurrent = frame.code == reading.CONCURRENT_READ
        assert frame.addresses is not None
        meter = int(frame.addresses.destination) - int(address_of(0))
        decoder = Decoder645(accepts=Direction.REQUEST)
        decoder.feed(payload)
        requests = tuple(iter(decoder.next_frame, None))
        if is_concurrent and not self.knows_concurrent:
            return [(0.05, deny(frame, DenyReason.NO_SUCH_FUNCTION))]
        if frame.addresses.destination not in self.archive:
            return [(0.05, deny(frame, DenyReason.NO_SUCH_ADDRESS))]
        if self.in_flight >= self.most_in_flight:
            return [(0.05, deny(frame, DenyReason.OVER_CONCURRENCY))]
        if len(requests) > self.most_frames:
            return [(0.05, deny(frame, DenyReason.TOO_MANY_METER_FRAMES))]
        return self._carry(frame, meter, requests)

    def _carry(self, frame: Frame10376, meter: int, requests: tuple[Frame645, ...]) -> Sent:
        loop = asyncio.get_running_loop()
        self.in_flight += 1
        self.most_seen_in_flight = max(self.most_seen_in_flight, self.in_flight)
        loop.call_later(self.read_s, self._landed)
        number = self._counts[address_of(meter)] = self._counts.get(address_of(meter), 0) + 1
        asked = AskedRead(number, frame, meter, requests, tuple(self._right(one, number) for one in requests), loop.time())
        self.reads.append(asked)
        if ENERGY_IDENTIFIER in asked.identifiers:
            self.energy_asked[meter] = number
        sent = [(0.0, asked.answer(b""))] if meter in self.dead else self.script(asked)
        return [(self.read_s + delay_s, said) for delay_s, said in sent]

    def _right(self, request: Frame645, number: int) -> Frame645:
        asked = parse_request(request)
        assert isinstance(asked, Read | ReadMore)
        return read_reply_frame(request, address=request.address, payload=self.payload(asked.di, number))

    def _landed(self) -> None:
        self.in_flight -= 1


class CcoLink(BreakableLink):
    """The module can speak by itself; with ``byte_s`` its bytes come one by one, one frame after the other, as on a serial line."""

    byte_s = 0.0

    def __init__(self, name: str, cco: ScriptedCco) -> None:
        super().__init__(name, cco.respond)
        self._free_s = 0.0

    def write(self, data: bytes) -> None:
        if not self.byte_s:
            super().write(data)
            return
        for delay_s, said in self._responder(data):
            asyncio.get_running_loop().call_later(delay_s, self._speak, said)

    def _speak(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        begin_s = max(loop.time(), self._free_s)
        self._free_s = begin_s + len(data) * self.byte_s
        for place in range(len(data)):
            loop.call_at(begin_s + place * self.byte_s, self.say, data[place : place + 1])

    def say(self, data: Frame10376 | bytes) -> None:
        assert self._inbox is not None
        self._inbox.put(data if isinstance(data, bytes) else encode(data))


@dataclass
class WatchedCco:
    reader: CcoReader
    cco: ScriptedCco
    link: CcoLink
    samples: list[Sample] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def take(self, sample: Sample) -> None:
        """Each energy must carry the number of the last read of this meter that asked for it."""
        self.samples.append(sample)
        value = sample.values[ENERGY]
        if np.isnan(value):
            return
        last = self.cco.energy_asked[sample.meter]
        if round(value / 10) != last % 100:
            self.wrong.append(f"meter {sample.meter}: value of read {value / 10}, last asked in {last}")

    def of(self, meter: int) -> list[Sample]:
        return [sample for sample in self.samples if sample.meter == meter]

    def facts(self, *kinds: EvidenceKind) -> list[Evidence]:
        return [fact for fact in self.evidence if fact.kind in kinds]

    def failed(self, meter: int) -> int:
        return len([fact for fact in self.facts(EvidenceKind.POLL_FAILED) if fact.meters == (meter,)])


def watched_cco(
    cco: ScriptedCco, *, full_s: float = 60.0, presence_s: float | None = None, has_archive: bool = True, **more: object
) -> WatchedCco:
    """A reader of the meters of ``cco``; ``more``: fields of CcoSettings, ``acquire``, ``clock``, or arguments of the reader."""
    if has_archive and not cco.archive:
        cco.archive = {address_of(index): 2 for index in range(cco.meters)}
    link = CcoLink("cco", cco)
    reader_keys = ("slow_link", "baud", "pull_reset", "clock_setter", "acquire", "clock")
    arguments = {key: more.pop(key) for key in reader_keys if key in more}
    arguments.setdefault("acquire", AcquireSettings())
    arguments.setdefault("clock", LoopClock())
    told: list[WatchedCco] = []
    reader = CcoReader(
        name="cco-1", link=link, settings=CcoSettings(**more),  # type: ignore[arg-type]
        meters=[
            BusMeter(index=index, id=f"m{index}", address=address_of(index), profile=SINGLE, full_s=full_s, presence_s=presence_s)
            for index in range(cco.meters)
        ],
        on_sample=lambda sample: told[0].take(sample), on_evidence=lambda fact: told[0].evidence.append(fact),
        **arguments,  # type: ignore[arg-type]
    )
    told.append(WatchedCco(reader, cco, link))
    return told[0]


def reset_report(cco: ScriptedCco, sequence: int = 0) -> Frame10376:
    """03H F10, as a module sends it by itself after its reset."""
    return report(cco.run_mode(), sequence=sequence)


async def run_with(watch: WatchedCco, seconds: float, *steps: tuple[float, Callable[[], object]]) -> None:
    """Let the reader run for so long and do each step at its time, seconds from the beginning; what anybody raises is raised."""
    began_s = asyncio.get_running_loop().time()
    task = asyncio.create_task(watch.reader.run())
    try:
        for at_s, act in (*steps, (seconds, lambda: None)):
            await asyncio.wait([task], timeout=max(0.0, began_s + at_s - asyncio.get_running_loop().time()))
            if task.done():
                task.result()
            act()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
