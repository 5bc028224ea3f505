"""The driver against the simulated coordinator, which was written from the same standard by other hands, over a scripted network."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from edge_agent.acquire import AcquireSettings, BusMeter
from edge_agent.acquire.cco import CcoReader, CcoSettings
from edge_agent.model import Evidence, EvidenceKind, Sample
from edge_agent.wire.dlt645 import Decoder645, Direction, encode, parse_request, read_reply_frame
from firmware_profiles.modules import load_modules
from simulator.hplc.cco import Cco, CcoProfile, Member
from simulator.hplc.cco.messages import CarrierMessage, Identifier, encode_message
from simulator.hplc.gasp.events import ReportKind, TeiReport
from tests.acquire.cco.scripted_cco import ENERGY, MAIN
from tests.acquire.scripted import LoopClock
from tests.acquire.scripted645 import SINGLE, address_of, sized_payload
from tests.simulator.hplc.cco.scripted import ScriptedCarrier
from tests.simulator.hplc.cco.test_reports import event
from tests.virtual_loop import run_virtual

SUPPLY = load_modules()["family-a"].coordinator


class CcoWire:
    """The UART of a simulated coordinator as a link, in the time of the event loop."""

    name, seconds_per_character = "simulated cco", 0.0

    def __init__(self, cco: Cco) -> None:
        self.cco = cco
        self._began_s: float | None = None
        self.is_cut = False

    def _now_s(self) -> float:
        loop_s = asyncio.get_running_loop().time()
        if self._began_s is None:
            self._began_s = loop_s
        return loop_s - self._began_s

    async def open(self) -> None:
        self._now_s()

    def write(self, data: bytes) -> None:
        self.cco.receive(data, self._now_s())

    async def read(self, timeout_s: float) -> bytes:
        until_s = self._now_s() + timeout_s
        while True:
            now_s = self._now_s()
            self.cco.advance(now_s)
            data = self.cco.take_output()
            if data or now_s >= until_s:
                return data
            await asyncio.sleep(max(1e-6, min(until_s, self.cco.next_due_s()) - now_s))

    def drain_input(self) -> bytes:
        return b""

    def close(self) -> None:
        pass


def meters_answer(message: CarrierMessage) -> bytes:
    decoder = Decoder645(accepts=Direction.REQUEST)
    decoder.feed(message.data)
    requests = iter(decoder.next_frame, None)
    return b"".join(
        encode(read_reply_frame(one, address=one.address, payload=sized_payload(parse_request(one).di, 20))) for one in requests
    )


class World:
    def __init__(self, meters: int, *, full_s: float = 60.0, archive: tuple[str, ...] = (), **profile: object) -> None:
        tree = [Member(address=MAIN, tei=1, proxy_tei=0, level=0, role=4)]
        tree += [
            Member(address=address_of(index), tei=index + 2, proxy_tei=1, level=1, role=1, phase=1 + index % 3) for index in range(meters)
        ]
        self.carrier = ScriptedCarrier(tree)
        self.carrier.answer = meters_answer
        self.cco = Cco(self.carrier, CcoProfile(supply=SUPPLY, **profile), main_address="000000000000")
        self.samples: list[Sample] = []
        self.evidence: list[Evidence] = []
        self.reader = CcoReader(
            name="cco-1", link=CcoWire(self.cco), settings=CcoSettings(main_address=MAIN), acquire=AcquireSettings(), clock=LoopClock(),
            meters=[
                BusMeter(index=index, id=f"m{index}", address=address_of(index), profile=SINGLE, full_s=full_s, presence_s=None)
                for index in range(meters)
            ],
            on_sample=self.samples.append, on_evidence=self.evidence.append,
        )

    def run(self, seconds: float, *steps) -> World:
        async def main():
            began_s = asyncio.get_running_loop().time()
            task = asyncio.create_task(self.reader.run())
            for at_s, act in (*steps, (seconds, lambda: None)):
                await asyncio.wait([task], timeout=max(0.0, began_s + at_s - asyncio.get_running_loop().time()))
                if task.done():
                    task.result()
                act()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        run_virtual(main())
        return self

    def read(self) -> set[int]:
        return {sample.meter for sample in self.samples}


def test_an_empty_module_is_set_up_and_its_area_read():
    world = World(40).run(120.0)
    assert world.read() == set(range(40))
    assert not np.isnan(world.samples[-1].values[ENERGY])
    assert world.reader.counters.archive_changes == 40
    assert world.cco.denied <= 2
    assert world.reader.is_up


@pytest.mark.parametrize(
    "profile",
    [{"confirms_old_form": True}, {"first_page_node": 0}, {"max_concurrent": 5}, {"max_meter_frames": 4}, {"cycle_reading": 3}],
    ids=str,
)
def test_modules_that_differ_are_read_all_the_same(profile):
    world = World(20, **profile).run(200.0)
    assert world.read() == set(range(20))
    assert not [fact for fact in world.evidence if fact.kind in (EvidenceKind.BUS_DOWN, EvidenceKind.POLL_FAILED)]


def test_the_network_is_seen_as_the_module_has_it():
    view = World(100).run(150.0).reader.network
    assert view is not None
    assert len(view.nodes) == 101
    assert view.node(address_of(7)).phase_bits == 2
    assert view.nid == 0x2600


def test_a_reset_of_the_module_is_survived():
    world = World(10, full_s=30.0)
    world.run(300.0, (100.0, world.cco.reset))
    assert world.reader.counters.module_starts == 2          # at the beginning, and the one of the test
    late = {sample.meter for sample in world.samples if sample.taken_utc_ms > 1_700_000_000_000 + 1_150_000}
    assert late == set(range(10))
    assert not [fact for fact in world.evidence if fact.kind is EvidenceKind.POLL_FAILED]


def test_a_lost_archive_is_filled_again():
    world = World(10, full_s=30.0)
    world.run(300.0, (100.0, world.cco.lose_archive))
    assert world.reader.counters.archive_changes == 20


def test_a_silent_module_is_told_once_and_found_again():
    world = World(10, full_s=30.0)

    def be_silent(is_silent: bool):
        world.cco.misbehaviour.is_silent = is_silent

    world.run(600.0, (100.0, lambda: be_silent(True)), (400.0, lambda: be_silent(False)))
    told = [fact.kind for fact in world.evidence if fact.kind is not EvidenceKind.ROUTES_KNOWN]
    assert told == [EvidenceKind.BUS_DOWN, EvidenceKind.BUS_UP]


@pytest.mark.parametrize("tells_devices", [True, False], ids=["06H F4", "06H F1"])
def test_a_search_opens_the_network_for_its_time_and_tells_the_stranger(tells_devices):
    world = World(10, full_s=300.0, search_tells_devices=tells_devices)
    stranger = address_of(99)
    world.carrier.table[stranger] = Member(address=stranger, tei=50, proxy_tei=1, level=1, role=1)

    def answer():
        assert world.carrier.allowed[-1] is None
        assert world.carrier.broadcasts[-1].identifier is Identifier.SEARCH
        for address in (address_of(3), stranger):
            world.carrier.arrive(address, encode_message(CarrierMessage(
                identifier=Identifier.SEARCH, function=0, is_up=True, sequence=1, address=address, data=b"\x01\x02", is_start=False,
            )))

    world.run(1000.0, (100.0, world.reader.search_soon), (110.0, answer))
    assert [fact.addresses for fact in world.evidence if fact.kind is EvidenceKind.NODE_REFUSED] == [(stranger,)]
    assert world.carrier.allowed[-1] == frozenset(address_of(index) for index in range(10))
    assert world.reader.counters.searches == 1
    assert world.cco.denied <= 2


def test_outages_and_restores_that_arrive_again_and_again_are_each_told_once():
    world = World(20)
    world.cco.misbehaviour.report_copies = 50

    def heard(kind: ReportKind, *meters: int) -> None:
        report = TeiReport(kind=kind, bits=sum(1 << meter + 2 for meter in meters))
        for sequence in range(10):
            world.carrier.arrive(address_of(5), event(report, sequence=sequence))

    world.run(
        600.0, (100.0, lambda: heard(ReportKind.OUTAGE, 3, 4, 9)), (170.0, lambda: heard(ReportKind.OUTAGE, 3, 4, 9, 10)),
        (300.0, lambda: heard(ReportKind.RESTORE, 3)),
    )
    gasps = [fact.meters for fact in world.evidence if fact.kind is EvidenceKind.LAST_GASP]
    assert sorted(meter for meters in gasps for meter in meters) == [3, 4, 9, 10]
    assert [fact.meters for fact in world.evidence if fact.kind is EvidenceKind.POWER_BACK] == [(3,)]
    assert world.reader.counters.repeated_reports >= 49


def remembering(answer, record: bytes):
    """The answers of meters that remember one outage."""

    def answer_record(message: CarrierMessage) -> bytes | None:
        decoder = Decoder645(accepts=Direction.REQUEST)
        decoder.feed(message.data)
        asked = [(one, parse_request(one).di) for one in iter(decoder.next_frame, None)]
        if any(di == "03110001" for _, di in asked):
            return b"".join(encode(read_reply_frame(one, address=one.address, payload=record)) for one, _ in asked)
        return answer(message)

    return answer_record


def test_a_meter_that_answers_again_is_asked_what_it_remembers():
    world = World(10, full_s=30.0)
    record = bytes.fromhex("300510030426" + "450610030426")      # 2026-04-03 10:05:30 to 10:06:45, China time
    healthy = world.carrier.answer = remembering(meters_answer, record)

    def go_dark(dark: bool):
        world.carrier.answer = (lambda message: None) if dark else healthy

    world.run(900.0, (100.0, lambda: go_dark(True)), (500.0, lambda: go_dark(False)))
    told = [fact for fact in world.evidence if fact.kind is EvidenceKind.POWER_RECORD]
    assert {fact.meters for fact in told} == {(index,) for index in range(10)}
    begin_ms = 1_775_181_930_000
    assert {(fact.at_utc_ms, fact.until_utc_ms) for fact in told} == {(begin_ms, begin_ms + 75_000)}
    assert len(told) == 10


@pytest.mark.parametrize("record", [bytes(12), bytes.fromhex("300510030426") + bytes(6), b"\xff" * 12, b"\x01", b""])
def test_a_record_that_is_empty_not_over_or_damaged_says_nothing(record):
    world = World(4, full_s=30.0)
    healthy = remembering(meters_answer, record)
    world.carrier.answer = healthy

    def go_dark(dark: bool):
        world.carrier.answer = (lambda message: None) if dark else healthy

    world.run(900.0, (100.0, lambda: go_dark(True)), (500.0, lambda: go_dark(False)))
    assert not [fact for fact in world.evidence if fact.kind is EvidenceKind.POWER_RECORD]
    assert world.read() == set(range(4))


def test_a_dead_meter_that_is_asked_for_is_told_long_before_the_module_gives_up():
    world = World(6, full_s=3600.0)
    healthy = world.carrier.answer
    failed_s: list[float] = []
    told = world.reader._driver._on_evidence          # what comes, with its time

    def note(fact: Evidence):
        if fact.kind is EvidenceKind.POLL_FAILED:
            failed_s.append(asyncio.get_running_loop().time())
        told(fact)

    world.reader._driver._on_evidence = note

    def ask():
        world.carrier.answer = lambda message: None
        failed_s.append(asyncio.get_running_loop().time())
        world.reader.read_soon([3])

    world.run(400.0, (200.0, ask), (399.0, lambda: setattr(world.carrier, "answer", healthy)))
    waits_s = [at_s - failed_s[0] for at_s in failed_s[1:]]
    assert waits_s[0] == pytest.approx(25.0, abs=2.0)
    assert waits_s[1] == pytest.approx(50.0, abs=2.0)
    assert waits_s[2] > 90.0
