"""Reading one meter by hand, and finding who is on a line, against simulated meters that talk over each other."""

import pytest

from edge_agent.acquire.dlt645_single import Single645
from edge_agent.errors import LinkError
from edge_agent.transport.memory import MemoryLink
from firmware_profiles.loader import load_all
from simulator.meter.dlt645 import Meter645
from simulator.meter.dlt645_line import Line645
from tests.simulator.meter.test_dlt645 import COLUMNS, Clock, Fixed
from tests.virtual_loop import run_virtual

PROFILES = load_all()
SINGLE, THREE = PROFILES["dlt645-2007-single"], PROFILES["dlt645-2007-three"]


def line_of(*addresses: str, profile=SINGLE) -> Line645:
    return Line645([
        Meter645(profile, address, Fixed(**{**COLUMNS, "active_energy_import_wh": 260.0 + 7_770.0 * place}), Clock())
        for place, address in enumerate(addresses)
    ])


def searched(line: Line645) -> tuple[list[str], int]:
    async def scenario() -> tuple[list[str], int]:
        link = MemoryLink("line", line.respond)
        await link.open()
        asked: list[str] = []
        found = [address async for address in Single645(link, timeout_s=0.6).search(asked.append)]
        return found, len(asked)

    return run_virtual(scenario())


def test_a_meter_that_is_alone_is_found_with_one_question():
    assert searched(line_of("201709320072")) == (["201709320072"], 1)


def test_nobody_is_nobody():
    assert searched(line_of()) == ([], 1)


def test_meters_that_talk_over_each_other_are_all_found():
    addresses = ["201709320072", "201709320073", "201709330072", "000000000161"]
    found, asked = searched(line_of(*addresses))
    assert sorted(found) == sorted(addresses)
    assert asked <= 1 + 100 * 4


def test_one_meter_is_read_whole():
    async def scenario():
        link = MemoryLink("line", line_of("000000000161").respond)
        await link.open()
        reader = Single645(link)
        return await reader.read_points(SINGLE, await reader.own_address())

    values = {reading.point.key: reading.decoded.value for reading in run_virtual(scenario())}
    assert values["voltage_v.a"] == 100.1
    assert values["active_power_w"] == 0.2512
    assert values["active_energy_import_wh.t1"] == 0.26
    assert len(values) == sum(point.poll != "never" for point in SINGLE.data_points)


def test_what_it_has_not_is_shown_as_refused():
    async def scenario():
        link = MemoryLink("line", line_of("000000000161").respond)
        await link.open()
        return await Single645(link).read_points(THREE, "000000000161")

    readings = {reading.point.key: reading.decoded for reading in run_virtual(scenario())}
    assert readings["voltage_v.a"].value == 100.1
    assert readings["voltage_v.b"] is None
    assert readings["reactive_energy_import_varh"] is None


def test_a_wrong_address_is_told_in_one_line():
    async def scenario():
        link = MemoryLink("line", line_of("000000000161").respond)
        await link.open()
        await Single645(link).read_points(SINGLE, "000000000162")

    with pytest.raises(LinkError, match=r"address 000000000162: no answer within 1 s .* speed .* parity"):
        run_virtual(scenario())


def test_two_on_a_line_have_no_own_address():
    async def scenario():
        link = MemoryLink("line", line_of("000000000161", "000000000162").respond)
        await link.open()
        await Single645(link).own_address()

    with pytest.raises(LinkError, match="give --address"):
        run_virtual(scenario())
