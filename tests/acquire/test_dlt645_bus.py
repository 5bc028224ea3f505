"""A bus of DL/T 645 meters on a scripted line, in virtual time: values, follow-ups, refusals, silence, dead meters."""

import asyncio

import numpy as np
import pytest

from edge_agent.acquire import AcquireSettings, BusMeter, BusReader
from edge_agent.model import COLUMN_INDEX, EvidenceKind, SampleFlag
from edge_agent.transport.base import Framing
from edge_agent.wire.dlt645 import ErrorBits
from tests.acquire.scripted import BreakableLink, LoopClock, energy_points, profile_of, run_for
from tests.acquire.scripted645 import THREE, Bus645, address_of, watched645
from tests.virtual_loop import run_virtual

VOLTAGE, BLOCK, TARIFFS = "02010100", "0201FF00", "0001FF00"


def test_values_are_those_of_the_requests():
    watch = watched645(Bus645(meters=5))
    run_virtual(run_for(30.0, watch))
    assert watch.wrong == []
    assert min(len(watch.of(meter)) for meter in range(5)) >= 15
    assert watch.evidence == []
    assert watch.reader.counters.discarded_bytes == 0        # the wake-up bytes FE are no damage


def test_a_three_phase_meter_is_read_with_few_requests():
    bus = Bus645(payload=lambda di, number: {BLOCK: bytes.fromhex("002310236523")}.get(di, b"\x00"))
    watch = watched645(bus, profile=THREE, full_s=60.0)
    run_virtual(run_for(10.0, watch))
    first = watch.samples[0]
    assert [first.values[COLUMN_INDEX[f"voltage_v.{phase}"]] for phase in "abc"] == [230.0, 231.0, 236.5]
    polled = [point for point in THREE.data_points if point.poll != "never"]
    assert len(bus.asked) <= len(polled) / 2
    assert len({asked.di for asked in bus.asked}) == len(bus.asked)


def test_presence_reads_ask_one_identifier():
    bus = Bus645()
    watch = watched645(bus, full_s=1000.0, presence_s=5.0)
    run_virtual(run_for(100.0, watch))
    assert {asked.di for asked in bus.asked if asked.at_s > 1010.0} == {VOLTAGE}
    assert all(sample.flags & SampleFlag.PRESENCE for sample in watch.samples[1:])


def test_a_long_reply_is_put_together_from_its_parts():
    total = bytes.fromhex("56341200")
    bus = Bus645(payload=lambda di, number: total * 100 if di == TARIFFS else b"\x00\x22" if di == VOLTAGE else b"")
    watch = watched645(bus, full_s=60.0)
    watch.take = watch.samples.append        # type: ignore[method-assign]
    run_virtual(run_for(10.0, watch))
    assert watch.samples[0].values[COLUMN_INDEX["active_energy_import_wh"]] == 1_234_560.0
    functions = [asked.frame.control for asked in bus.asked if asked.di == TARIFFS]
    assert functions[:3] == [0x11, 0x12, 0x12]


def test_a_reply_that_goes_on_for_ever_is_given_up_within_a_bound():
    bus = Bus645(payload=lambda di, number: bytes(40_000) if di == TARIFFS else b"\x00\x22")
    watch = watched645(bus, full_s=60.0)
    watch.take = watch.samples.append        # type: ignore[method-assign]
    run_virtual(run_for(30.0, watch))
    assert sum(asked.di == TARIFFS for asked in bus.asked) == 16
    assert watch.samples[0].values[COLUMN_INDEX["voltage_v.a"]] == 220.0


@pytest.mark.parametrize("error", [ErrorBits.NO_SUCH_DATA, ErrorBits.NOT_AUTHORISED, ErrorBits.OTHER])
def test_a_refused_identifier_is_left_out_for_a_while(error: ErrorBits):
    bus = Bus645(script=lambda asked: (0.0, asked.refusal(error) if asked.di == "02800002" else asked.bytes))
    watch = watched645(bus, full_s=10.0, settings=AcquireSettings(refused_retry_s=100.0))
    run_virtual(run_for(250.0, watch))
    times_s = [asked.at_s for asked in bus.asked if asked.di == "02800002"]
    assert len(times_s) == 3
    assert times_s[1] - times_s[0] >= 100.0
    assert all(sample.flags & SampleFlag.PARTIAL for sample in watch.samples)
    assert watch.wrong == []


def test_a_refused_block_is_read_member_by_member():
    bus = Bus645(script=lambda asked: (0.0, asked.refusal() if asked.di == BLOCK else asked.bytes))
    watch = watched645(bus, profile=THREE, full_s=60.0)
    watch.take = watch.samples.append        # type: ignore[method-assign]
    run_virtual(run_for(130.0, watch))
    assert [asked.di for asked in bus.asked[:4]] == [BLOCK, "02010100", "02010200", "02010300"]
    assert sum(asked.di == BLOCK for asked in bus.asked) == 1
    assert not np.isnan(watch.samples[-1].values[COLUMN_INDEX["voltage_v.c"]])
    assert not watch.samples[-1].flags & SampleFlag.PARTIAL


def test_an_identifier_answered_with_silence_costs_no_other_value_and_is_left_out():
    bus = Bus645(script=lambda asked: None if asked.di == "02060000" else (0.0, asked.bytes))
    watch = watched645(bus, full_s=10.0)
    run_virtual(run_for(200.0, watch))
    assert sum(asked.di == "02060000" for asked in bus.asked) == 3
    assert all(not np.isnan(sample.values[COLUMN_INDEX["active_energy_import_wh"]]) for sample in watch.samples)
    assert watch.wrong == []
    assert watch.evidence == []


def test_a_dead_meter_is_quarantined_and_comes_back():
    bus = Bus645(meters=4, dead={1})
    watch = watched645(bus, full_s=5.0)

    async def scenario() -> None:
        asyncio.get_running_loop().call_later(60.0, bus.dead.clear)
        await run_for(120.0, watch)

    run_virtual(scenario())
    assert watch.failed(1) >= 3
    assert watch.reader.counters.probes >= 3
    assert watch.reader.counters.quarantined == 0
    assert len(watch.of(0)) >= 23
    assert len(watch.of(1)) >= 10
    assert watch.wrong == []


def test_the_wait_for_a_meter_that_falls_silent_is_the_documented_delay_not_the_ceiling():
    bus = Bus645(turnaround_s=0.02)
    watch = watched645(bus, full_s=1.0, settings=AcquireSettings(reply_timeout_s=5.0))

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(20.5, bus.dead.add, 0)
        await run_for(21.9, watch)

    run_virtual(scenario())
    assert watch.reader.counters.timeouts >= 1
    assert watch.failed(0) == 1


def test_a_lost_link_is_told_once_and_comes_back():
    watch = watched645(Bus645(), full_s=1.0)

    async def scenario() -> None:
        asyncio.get_running_loop().call_later(5.0, watch.link.cut)
        await run_for(30.0, watch)

    run_virtual(scenario())
    kinds = [fact.kind for fact in watch.evidence]
    assert kinds.count(EvidenceKind.BUS_DOWN) == kinds.count(EvidenceKind.BUS_UP) == 1
    assert len(watch.samples) >= 20
    assert watch.wrong == []


def test_meters_of_two_protocols_on_one_bus_are_refused():
    meters = [
        BusMeter(index=0, id="m0", unit=1, profile=profile_of(energy_points(2)), full_s=1.0, presence_s=None),
        BusMeter(index=1, id="m1", address=address_of(1), profile=THREE, full_s=1.0, presence_s=None),
    ]
    with pytest.raises(ValueError, match="one bus speaks one protocol"):
        BusReader(
            name="b", link=BreakableLink("b", lambda data: []), framing=Framing.RTU, meters=meters, settings=AcquireSettings(),
            clock=LoopClock(), on_sample=lambda sample: None, on_evidence=lambda fact: None,
        )
