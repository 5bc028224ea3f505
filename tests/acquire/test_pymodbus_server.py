"""The agent reads a Modbus server that we did not write, register by register, over TCP and RTU over TCP."""

import asyncio
import dataclasses
import socket

import numpy as np
import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from edge_agent.acquire import AcquireSettings, BusMeter, BusReader
from edge_agent.acquire.single import ask_words
from edge_agent.errors import MeterRefused
from edge_agent.model import COLUMN_INDEX, Sample
from edge_agent.transport import create_link, framing_of
from edge_agent.wire.modbus import ReadRequest
from tests.acquire.scripted import LoopClock, energy_points, profile_of

pytestmark = pytest.mark.servers

UNITS = (1, 7, 247)
REGISTERS = 200
FRAMERS = {"tcp": FramerType.SOCKET, "rtu+tcp": FramerType.RTU}


def register(unit: int, address: int) -> int:
    return (unit * 257 + address * 31) & 0xFFFF


class Server:
    def __init__(self, scheme: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"{scheme}://127.0.0.1:{port}"
        words = {unit: [register(unit, address) for address in range(REGISTERS)] for unit in UNITS}
        devices = [SimDevice(unit, simdata=[SimData(0, values=words[unit], datatype=DataType.REGISTERS)]) for unit in UNITS]
        self._server = ModbusTcpServer(devices, framer=FRAMERS[scheme], address=("127.0.0.1", port))

    async def __aenter__(self) -> "Server":
        await self._server.serve_forever(background=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.shutdown()


@pytest.mark.parametrize("scheme", FRAMERS)
@pytest.mark.parametrize("function", [3, 4])
def test_every_register_is_read_as_the_server_holds_it(scheme: str, function: int):
    async def scenario() -> None:
        async with Server(scheme) as server:
            link = create_link(server.url)
            await link.open()
            try:
                for unit in UNITS:
                    for address, count in ((0, 125), (75, 125), (0, 1), (199, 1)):
                        request = ReadRequest(unit=unit, function=function, address=address, count=count)
                        data = await ask_words(link, framing_of(server.url), request)
                        assert data == b"".join(register(unit, at).to_bytes(2, "big") for at in range(address, address + count))
                with pytest.raises(MeterRefused) as caught:
                    await ask_words(link, framing_of(server.url), ReadRequest(unit=1, function=function, address=199, count=2))
                assert caught.value.code == 2
            finally:
                link.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("scheme", FRAMERS)
def test_bus_reader_tells_the_values_of_each_unit(scheme: str):
    profile = profile_of([dataclasses.replace(point, address=point.address + 10) for point in energy_points(15)])
    samples: list[Sample] = []

    async def scenario() -> None:
        enough = asyncio.Event()

        def take(sample: Sample) -> None:
            samples.append(sample)
            if len(samples) >= 60:
                enough.set()

        async with Server(scheme) as server:
            reader = BusReader(
                name="bus-1", link=create_link(server.url), framing=framing_of(server.url), settings=AcquireSettings(), clock=LoopClock(),
                meters=[
                    BusMeter(index=index, id=f"m{unit}", unit=unit, profile=profile, full_s=0.0, presence_s=None)
                    for index, unit in enumerate(UNITS)
                ],
                on_sample=take, on_evidence=lambda fact: pytest.fail(f"{fact}"),
            )
            task = asyncio.create_task(reader.run())
            await asyncio.wait_for(enough.wait(), 20.0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.sleep(0)

    asyncio.run(scenario())
    assert {sample.meter for sample in samples} == {0, 1, 2}
    for sample in samples:
        unit = UNITS[sample.meter]
        for point in profile.points:
            expected = register(unit, point.address) << 16 | register(unit, point.address + 1)
            assert sample.values[COLUMN_INDEX[point.key]] == expected
        assert np.isfinite(sample.values).sum() == len(profile.points)
