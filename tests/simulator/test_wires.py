"""Simulated meters on real wires, read by programs and libraries that are not ours."""

from __future__ import annotations

import asyncio
import csv
import json
import math
import re
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.framer import FramerType

from edge_agent.transport.base import Framing
from firmware_profiles.loader import load_all
from simulator.load import Recording, Row, SteppedSource, load_recording
from simulator.meter import MeterBank, Misbehaviour, SimMeter
from simulator.serve import PtyLine, TcpGateway

RECORDINGS = Path(__file__).parents[2] / "simulator" / "recordings"
SERVE = [sys.executable, "-m", "edge_agent.cli.main", "sim", "serve"]


def recorded_volts() -> list[float]:
    with (RECORDINGS / "house.csv").open() as file:
        return [float(row["Voltage"]) for row in csv.DictReader(file) if row["Voltage"]]


@pytest.fixture
def served(tmp_path):
    """Starts ``sim serve`` with options; gives what its ready file says."""
    running = []

    def serve(*options: str) -> dict[str, object]:
        ready = tmp_path / "ready"
        running.append(subprocess.Popen([*SERVE, "--ready-file", str(ready), *options], stdout=subprocess.DEVNULL))
        end_s = time.monotonic() + 20
        while not ready.exists():
            assert time.monotonic() < end_s
            assert running[-1].poll() is None
            time.sleep(0.05)
        return json.loads(ready.read_text())

    yield serve
    for process in running:
        process.terminate()
        assert process.wait(5) == 0


def mbpoll(*arguments: str) -> list[float]:
    assert shutil.which("mbpoll"), "mbpoll is not installed: 'make test' installs it"
    said = subprocess.run(["mbpoll", *arguments], capture_output=True, text=True, timeout=20, check=True).stdout
    return [float(value) for value in re.findall(r"^\[\d+\]:\s+(-?[\d.]+)", said, re.MULTILINE)]


@pytest.mark.servers
def test_mbpoll_reads_the_recorded_volts_over_tcp_and_over_the_pty(served):
    place = served(
        "--profile", "eastron-sdm630-v2", "--tcp", "0", "--pty", "--baud", "115200", "--step-on-read", "0x156", "--turnaround-ms", "1"
    )
    first = recorded_volts()[0]
    asked = ("-a", "1", "-t", "3:float", "-B", "-r", "1", "-c", "3", "-1")
    over_tcp = mbpoll("-m", "tcp", "-p", str(place["tcp"]), *asked, "127.0.0.1")
    over_pty = mbpoll("-m", "rtu", "-b", "115200", "-P", "none", *asked, str(place["pty"]))
    assert over_tcp == over_pty == [first, first, first]


@pytest.mark.servers
@pytest.mark.parametrize(("wire", "framer"), [("tcp", FramerType.SOCKET), ("rtu_tcp", FramerType.RTU)])
def test_a_library_of_others_reads_every_register_of_the_map(served, wire, framer):
    place = served(
        "--profile", "chint-ddsu666", "--units", "1-2", "--tcp", "0", "--rtu-tcp", "0", "--step-on-read", "0x4000", "--turnaround-ms", "0"
    )
    with (RECORDINGS / "house.csv").open() as file:
        row = next(csv.DictReader(file))

    async def read() -> list[float]:
        client = AsyncModbusTcpClient("127.0.0.1", port=int(str(place[wire])), framer=framer, timeout=2, retries=0)
        assert await client.connect()
        reply = await client.read_holding_registers(0x2000, count=8, device_id=2)
        client.close()
        assert not reply.isError()
        return list(struct.unpack(">4f", struct.pack(">8H", *reply.registers)))

    expected = [float(row[name]) for name in ("Voltage", "Global_intensity", "Global_active_power", "Global_reactive_power")]
    assert asyncio.run(read()) == pytest.approx(expected, rel=1e-7)


def small_recording(*volts: float | None) -> Recording:
    rows = tuple(Row(voltage_v=v, current_a=1.0, active_power_w=6000.0, reactive_power_var=0.0) for v in volts)
    return Recording("small", 60.0, rows)


def bank(*volts: float | None, at_end: str = "silent", profile: str = "chint-ddsu666", last: int = 0x4000) -> MeterBank:
    return MeterBank({1: SimMeter(load_all()[profile], [SteppedSource(small_recording(*volts), at_end=at_end)], last_block_address=last)})


async def ask(port: int, request: bytes, *, within_s: float = 1.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        async with asyncio.timeout(within_s):
            head = await reader.readexactly(6)
            return await reader.readexactly(head[5])
    except TimeoutError:
        return b""
    finally:
        writer.close()


def request(address: int, count: int, function: int = 3, unit: int = 1) -> bytes:
    return struct.pack(">HHHBBHH", 1, 0, 6, unit, function, address, count)


def answers(meters: MeterBank, *requests: bytes, **options: float) -> list[bytes]:
    async def run() -> list[bytes]:
        gateway = TcpGateway(meters, Framing.TCP, **options)
        await gateway.start()
        try:
            return [await ask(gateway.port, asked, within_s=0.3) for asked in requests]
        finally:
            gateway.stop()

    return asyncio.run(run())


def test_the_row_moves_after_each_full_read_and_the_meter_falls_silent_after_the_last():
    volts, last = request(0x2000, 2), request(0x4000, 2)
    said = answers(bank(230.0, 231.0), volts, volts, last, volts, last, volts)
    floats = [struct.unpack(">f", reply[3:])[0] for reply in (said[0], said[1], said[3])]
    assert floats == [230.0, 230.0, 231.0]
    assert said[5] == b""


def test_a_blank_in_the_recording_is_no_number():
    (reply,) = answers(bank(None), request(0x2000, 2))
    assert math.isnan(struct.unpack(">f", reply[3:])[0])


def test_the_energy_register_integrates_what_flowed():
    meters = bank(230.0, 230.0, 230.0, at_end="hold")
    said = answers(meters, *[request(0x4000, 2)] * 3)
    assert [round(struct.unpack(">f", reply[3:])[0], 4) for reply in said] == [0.0, 0.1, 0.2]  # 6 kW for a minute each, in kWh


@pytest.mark.parametrize(
    ("asked", "code"), [(request(0x2001, 1), None), (request(0x9000, 2), 2), (request(0x2000, 2, function=6), 1), (request(0x2000, 126), 3)]
)
def test_what_the_meter_does_not_have_is_refused_with_the_right_code(asked, code):
    (reply,) = answers(bank(230.0), asked)
    assert (reply[1] & 0x80 != 0, reply[2] if code else None) == (code is not None, code)


def test_a_dark_meter_and_an_unknown_unit_are_silent():
    meters = bank(230.0)
    meters.meters[1].supply = False
    assert answers(meters, request(0x2000, 2), request(0x2000, 2, unit=9)) == [b"", b""]


@pytest.mark.parametrize("wrong", [Misbehaviour.EXCEPTION, Misbehaviour.WRONG_UNIT, Misbehaviour.WRONG_LENGTH, Misbehaviour.SILENT])
def test_misbehaviour_changes_the_bytes(wrong):
    good, meters = bank(230.0), bank(230.0)
    meters.misbehave = lambda _: wrong
    (expected,), (said,) = answers(good, request(0x2000, 2)), answers(meters, request(0x2000, 2))
    assert said != expected


def test_a_gateway_with_a_turnaround_serves_one_request_at_a_time():
    async def run() -> float:
        gateway = TcpGateway(bank(230.0, at_end="hold"), Framing.TCP, turnaround_s=0.05)
        await gateway.start()
        began_s = asyncio.get_running_loop().time()
        await asyncio.gather(*(ask(gateway.port, request(0x2000, 2)) for _ in range(4)))
        gateway.stop()
        return asyncio.get_running_loop().time() - began_s

    assert asyncio.run(run()) >= 0.2


def test_a_reply_on_the_pty_takes_the_time_of_its_characters():
    from edge_agent.transport.serial_port import create
    from edge_agent.wire.modbus import ReadRequest, encode_request_rtu

    async def run() -> tuple[float, int]:
        line = PtyLine(bank(230.0), baud=2400, bits_per_character=11, turnaround_s=0.02)
        await line.start()
        link = create(f"serial://{line.path}?baud=2400&format=8E1")
        await link.open()
        began_s = asyncio.get_running_loop().time()
        link.write(encode_request_rtu(ReadRequest(unit=1, function=3, address=0x2000, count=8)))
        data = b""
        while len(data) < 21:
            data += await link.read(1.0)
        took_s = asyncio.get_running_loop().time() - began_s
        link.close()
        line.stop()
        return took_s, len(data)

    took_s, count = asyncio.run(run())
    assert count == 21
    assert took_s >= (8 + 21) * 11 / 2400 + 0.02


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "neither the columns of a house"),
        ("a,b\n1,2\n", "neither the columns"),
        ("RMS Current,Active (W),Reactive (W)\n1,x,3\n", "row 2: Active (W) = 'x' is no number"),
        ("RMS Current,Active (W),Reactive (W)\n1,nan,3\n", "is no measurement"),
        ("RMS Current,Active (W),Reactive (W)\n", "no rows"),
    ],
)
def test_a_recording_that_cannot_be_used_is_told_with_its_row(tmp_path, text, says):
    from simulator.load import RecordingError

    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(RecordingError, match=re.escape(says)):
        load_recording(tmp_path / "r.csv")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--profile", "acme", "--tcp", "0"], "no profile 'acme'"),
        (["--profile", "chint-ddsu666"], "no wire"),
        (["--profile", "chint-ddsu666", "--tcp", "0", "--units", "9-1"], "--units '9-1'"),
        (["--profile", "chint-ddsu666", "--tcp", "0", "--recording", "/absent.csv"], "/absent.csv"),
        (["--profile", "chint-ddsu666", "--tcp", "0", "--dead", "7"], "unit 7 is not among"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(options, says):
    done = subprocess.run([*SERVE, *options], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert says in done.stderr
