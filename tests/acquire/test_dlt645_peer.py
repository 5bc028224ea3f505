"""An independent DL/T 645 library as server to our driver and as client of our simulated meter, over TCP and a pseudo terminal.

Its known faults are left out: addresses go on its wire in the order given, blocks are not put together, the time to all is in another
order than the standard's (published frames stand for that, see test_dlt645_clock and the tests of the simulated meter).
"""

import asyncio
import math
import threading
from contextlib import asynccontextmanager

import pytest
from dlt645.service.clientsvc.client_service import MeterClientService
from dlt645.service.serversvc.server_service import MeterServerService

from edge_agent.acquire import AcquireSettings, BusMeter, BusReader
from edge_agent.acquire.dlt645_single import Single645
from edge_agent.model import COLUMN_INDEX, Sample
from edge_agent.transport import create_link, framing_of
from firmware_profiles.loader import load_all
from simulator.meter.dlt645 import Meter645
from simulator.meter.dlt645_line import Line645
from simulator.serve import PtyLine, TransparentGateway
from tests.acquire.scripted import LoopClock
from tests.simulator.meter.test_dlt645 import Clock, Fixed

pytestmark = pytest.mark.servers

PROFILES = load_all()
ADDRESS = "123456781012"
REVERSED = "121078563412"        # the library sends the text in the order given, the standard low byte first
# identifier, what the library is told, our column, SI value
ON_THE_SERVER = {
    0x02010100: (230.5, "voltage_v.a", 230.5), 0x02020100: (4.999, "current_a.a", 4.999), 0x02030000: (-1.5, "active_power_w", -1500.0),
    0x02060000: (0.501, "power_factor", 0.501), 0x02800002: (49.98, "frequency_hz", 49.98),
    0x00010000: (123456.78, "active_energy_import_wh", 123_456_780.0), 0x00010100: (0.01, "active_energy_import_wh.t1", 10.0),
    0x00010400: (799999.99, "active_energy_import_wh.t4", 799_999_990.0),
}


@asynccontextmanager
async def peer_server():
    service = MeterServerService.new_tcp_server("127.0.0.1", 0, 3.0)
    service.set_address(REVERSED)
    for identifier, (value, _, _) in ON_THE_SERVER.items():
        assert (service.set_00 if identifier < 0x01000000 else service.set_02)(identifier, value)
    thread = threading.Thread(target=service.server.start, daemon=True)
    thread.start()
    await asyncio.to_thread(thread.join)
    try:
        yield f"rtu+tcp://127.0.0.1:{service.server.port}"
    finally:
        await asyncio.to_thread(service.server.stop)


def test_the_driver_reads_the_peer_value_by_value_where_it_has_no_blocks():
    async def scenario() -> list[Sample]:
        samples: list[Sample] = []
        async with peer_server() as url:
            meter = BusMeter(index=0, id="m0", address=ADDRESS, profile=PROFILES["dlt645-2007-single"], full_s=0.0, presence_s=None)
            reader = BusReader(
                name="b", link=create_link(url), framing=framing_of(url), meters=[meter], settings=AcquireSettings(), clock=LoopClock(),
                on_sample=samples.append, on_evidence=lambda fact: None,
            )
            task = asyncio.create_task(reader.run())
            async with asyncio.timeout(20):
                while len(samples) < 3:
                    await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert reader.counters.crc_errors == reader.counters.timeouts == 0
        assert reader.counters.refused >= 1          # the block, once
        return samples

    for sample in asyncio.run(scenario()):
        for value, column, si_value in ON_THE_SERVER.values():
            assert sample.values[COLUMN_INDEX[column]] == si_value, (column, value)


def test_read_shows_what_the_peer_holds():
    async def scenario():
        async with peer_server() as url:
            link = create_link(url)
            await link.open()
            try:
                return await Single645(link).read_points(PROFILES["dlt645-2007-single"], ADDRESS)
            finally:
                link.close()

    found = {reading.point.key: reading.decoded.si_value for reading in asyncio.run(scenario()) if reading.decoded}
    assert found == {**found, **{column: si_value for _, column, si_value in ON_THE_SERVER.values()}}


COLUMNS = {
    "voltage_v.a": 231.9, "voltage_v.b": 0.0, "voltage_v.c": 799.9, "current_a.a": 4.999, "current_a.b": -4.999, "current_a.c": 0.0,
    "active_power_w": -1500.0, "active_power_w.a": 251.2, "power_factor": 0.501, "frequency_hz": 49.98, "temperature_cel": -12.3,
    "active_energy_import_wh": 123_456_780.0, "active_energy_export_wh": 1_860.0, "reactive_power_var": 433.1,
}
ON_OUR_METER = {
    0x02010100: 231.9, 0x02010200: 0.0, 0x02010300: 799.9, 0x02020100: 4.999, 0x02020200: -4.999, 0x02030000: -1.5, 0x02030100: 0.2512,
    0x02060000: 0.501, 0x02800002: 49.98, 0x02800007: -12.3, 0x00010000: 123456.78, 0x00020000: 1.86, 0x02040000: 0.4331,
}


def served_line() -> tuple[Line645, Meter645]:
    meter = Meter645(PROFILES["dlt645-2007-three"], ADDRESS, Fixed(**COLUMNS), Clock())
    return Line645([meter], delay_s=lambda: 0.02), meter


def ask_everything(client: MeterClientService) -> dict[int, float]:
    assert client.set_address(REVERSED)
    try:
        items = {
            identifier: (client.read_00 if identifier < 0x01000000 else client.read_02)(identifier) for identifier in ON_OUR_METER
        }
        return {identifier: item.value for identifier, item in items.items() if item is not None}
    finally:
        client.disconnect()


@pytest.mark.parametrize("wire", ["tcp", "pty"])
def test_the_peer_reads_our_meter_value_by_value(wire: str):
    async def scenario() -> dict[int, float]:
        line, _ = served_line()
        if wire == "tcp":
            gateway = TransparentGateway(lambda: line)
            await gateway.start()
            client = MeterClientService.new_tcp_client("127.0.0.1", gateway.port, 3.0)
            served: TransparentGateway | PtyLine = gateway
        else:
            served = PtyLine(line, baud=9600, bits_per_character=11, turnaround_s=0.0)
            await served.start()
            client = MeterClientService.new_rtu_client(served.path, 9600, 8, 1, "N", 3.0)      # a pseudo terminal knows no parity
        try:
            return await asyncio.to_thread(ask_everything, client)
        finally:
            served.stop()

    found = asyncio.run(scenario())
    assert found.keys() == ON_OUR_METER.keys()
    for identifier, value in ON_OUR_METER.items():
        assert math.isclose(found[identifier], value, abs_tol=1e-9), f"{identifier:08X}"


def test_the_peer_is_told_the_address_a_freeze_and_a_refusal():
    def talk(client: MeterClientService):
        try:
            address = client.read_address()
            client.set_address(REVERSED)
            return address.value, client.freeze(99, 99, 99, 99), client.read_00(0x00010100), client.read_02(0x02070200)
        finally:
            client.disconnect()

    async def scenario():
        line, meter = served_line()
        gateway = TransparentGateway(lambda: line)
        await gateway.start()
        try:
            return await asyncio.to_thread(talk, MeterClientService.new_tcp_client("127.0.0.1", gateway.port, 3.0)), meter
        finally:
            gateway.stop()

    (address, frozen, energy, refused), meter = asyncio.run(scenario())
    assert address in (ADDRESS, REVERSED)
    assert frozen is not None
    assert energy.value == 123456.78
    assert refused is None or refused.value is None or refused.value < 0 or refused.value >= 999      # angle: our meter has none
    assert meter.replies >= 3
