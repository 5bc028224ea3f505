"""The CCO over the simulated network: what its tables say, reads over several hops, what the network takes part in."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from edge_agent.wire.gdw10376_2 import Code, DenyReason, units
from simulator.hplc.cco.network_carrier import NetworkCarrier, StationNode
from simulator.hplc.gasp import OutageStation
from simulator.hplc.network import Network, NetworkSettings
from tests.simulator.hplc.cco.scripted import SUPPLY, Concentrator
from tests.simulator.hplc.mac.link_tables import all_hear_all, links_of
from tests.simulator.hplc.network.networks import DEAF_DB, MODULE, chain, macs_of, network_on

NODES = 5
FRAME = bytes.fromhex("68610100000000681104333434351716")
ADDRESSES = [str(mac) for mac in macs_of(NODES)]
READ = units.ConcurrentRequest(protocol=2, payload=FRAME)


class OnTheLine(Concentrator):
    """Over a chain of modules in which each hears its neighbours only: one level more for each."""

    def __init__(self, *, has_outages: bool = False, **profile: object) -> None:
        links = chain(NODES)
        self.network: Network = network_on(links)
        self.asked: list[tuple[int, bytes]] = []
        for node in range(1, NODES):
            station = StationNode(self.network, node, partial(self._answer, node))
            top = OutageStation(self.network, node, MODULE, seed=1, beneath=station) if has_outages else station
            self.network.attach(node, top)
        super().__init__(NetworkCarrier(self.network), **profile)
        self.cco.core.main_address = ADDRESSES[0]

    def _answer(self, node: int, frame: bytes) -> bytes:
        self.asked.append((node, frame))
        return frame[4:] + bytes([node])

    def form(self, *addresses: str) -> None:
        self.run(12.0)
        self.add(*(addresses or ADDRESSES[1:]))
        self.run(60.0)


@pytest.fixture
def line() -> OnTheLine:
    made = OnTheLine()
    made.form()
    return made


def test_nobody_joins_before_the_archive_names_it():
    made = OnTheLine()
    made.run(100.0)
    assert len(made.carrier.members()) == 1
    made.form(ADDRESSES[1], ADDRESSES[2])
    made.run(100.0)
    assert {member.address for member in made.carrier.members()} == set(ADDRESSES[:3])


def test_topology_shows_the_chain(line: OnTheLine):
    topology = line.ask(units.PageQuery(code=Code(0x10, 21), start=1, count=64))
    by_address = {node.address: node for node in topology.nodes}
    assert [by_address[address].level for address in ADDRESSES] == [0, 1, 2, 3, 4]
    assert [by_address[address].role for address in ADDRESSES] == [4, 2, 2, 2, 1]
    teis = [by_address[address].tei for address in ADDRESSES]
    assert [by_address[address].proxy_tei for address in ADDRESSES] == [0, *teis[:-1]]


def test_a_read_over_four_hops_brings_back_what_the_meter_said(line: OnTheLine):
    answer = line.ask(READ, ADDRESSES[4], wait_s=5.0)
    assert answer == units.ConcurrentReply(protocol=2, payload=FRAME + bytes([4]))
    assert line.answers[-1][1].info.relay_level == 3


def test_a_read_takes_at_least_the_serial_time_of_the_meter(line: OnTheLine):
    began_s = line.now_s
    line.ask(READ, ADDRESSES[1], wait_s=5.0)
    assert line.answers[-1][0] - began_s > (2 * len(FRAME) + 5) * 11 / 2400


def test_a_meter_without_supply_is_silent_and_its_read_fails(line: OnTheLine):
    line.network.power_off([4], line.now_s)
    assert line.ask(READ, ADDRESSES[4], wait_s=91.0) == units.ConcurrentReply(protocol=2, payload=b"")


def test_a_broadcast_reaches_every_meter(line: OnTheLine):
    line.ask(units.Broadcast(control=2, payload=FRAME))
    line.run(10.0)
    assert sorted(line.asked) == [(node, FRAME) for node in range(1, NODES)]


def test_a_meter_that_is_deleted_leaves_the_network_and_is_then_unknown(line: OnTheLine):
    line.ask(units.DeleteNodes(addresses=(ADDRESSES[4],)))
    line.run(10.0)
    assert ADDRESSES[4] not in {member.address for member in line.carrier.members()}
    assert line.ask(READ, ADDRESSES[4]) == units.Deny(error=DenyReason.NO_SUCH_ADDRESS)


def test_strangers_that_ask_are_reported_when_that_is_allowed():
    made = OnTheLine()
    made.run(12.0)
    made.ask(units.Permission(code=Code(5, 200), allowed=True))
    made.form(*ADDRESSES[1:4])
    made.run(60.0)
    told = [node.address for report in made.told(units.RefusedNodes) for node in report.nodes]
    assert told == [ADDRESSES[4]]


def test_after_a_reset_stations_join_again_and_reads_work(line: OnTheLine):
    line.ask(units.Command(code=Code(1, 1)))
    line.run(2.0)
    assert len(line.carrier.members()) == 1
    line.run(300.0)
    assert line.ask(READ, ADDRESSES[4], wait_s=5.0) == units.ConcurrentReply(protocol=2, payload=FRAME + bytes([4]))


def test_phases_are_those_that_the_network_identified():
    made = OnTheLine()
    made.network.stations.phases[:] = [0, 1, 2, 3, 1]
    made.form()
    unknown = made.ask(units.PageQuery(code=Code(0x10, 31), start=1, count=64))
    assert {node.phase_bits for node in unknown.nodes if node.address != ADDRESSES[0]} == {0}
    made.ask(units.Broadcast(control=3, payload=b""))
    made.run(60.0)
    found = {node.address: node.phase_bits for node in made.ask(units.PageQuery(code=Code(0x10, 31), start=1, count=64)).nodes}
    assert [found[address] for address in ADDRESSES[1:]] == [1, 2, 4, 1]


def test_three_phase_meters_are_told_as_such_without_being_asked_for_their_phase():
    made = OnTheLine()
    made.network.stations.phases[:] = [0, 1, 2, 0, 1]
    made.form()
    listed = made.ask(units.PageQuery(code=Code(0x10, 31), start=1, count=64)).nodes
    assert [node.address for node in listed if node.is_three_phase_meter] == [ADDRESSES[3]]
    assert {node.address: node.phase_bits for node in listed}[ADDRESSES[3]] == 0b111
    made.ask(READ, ADDRESSES[3], wait_s=5.0)
    assert made.answers[-1][1].info.meter_channel == 4
    chips = made.ask(units.PageQuery(code=Code(0x10, 112), start=1, count=64)).nodes
    assert {chip.address: chip.device_type for chip in chips} == dict(zip(ADDRESSES, (2, 3, 3, 7, 3), strict=True))


def test_neighbour_networks_are_those_that_the_wires_of_today_let_it_hear():
    near = all_hear_all(4)
    far = links_of(np.where(np.eye(4, dtype=bool), 20.0, DEAF_DB))
    network = network_on(near, NetworkSettings(), NetworkSettings(), coordinators=(0, 1))
    carrier = NetworkCarrier(network)
    assert list(carrier.neighbour_nids()) == [network.coordinators[1].nid]
    network.set_links(far)
    assert list(carrier.neighbour_nids()) == []


def test_a_dying_meter_is_reported_by_its_address_through_its_neighbours():
    made = OnTheLine(has_outages=True)
    made.form()
    made.network.power_off([4], made.now_s, hold_s=60.0)
    made.run(SUPPLY.gather_s + MODULE.relay.gather_s + 40.0)
    told = [[node.address for node in event.nodes] for event in made.told(units.SupplyEvent)]
    assert told == [[ADDRESSES[4]]]


def test_a_search_finds_meters_that_no_archive_names():
    made = OnTheLine()
    made.form(ADDRESSES[1])
    made.ask(units.StartRegistration(minutes=5, repeats=1, slots=10))
    made.run(302.0)
    found = {node.address for report in made.told(units.SearchReport) for node in report.nodes}
    assert found == set(ADDRESSES[1:])
    assert made.told(units.RouteChange) == [units.RouteChange(change=2)]


def test_the_same_seed_gives_the_same_bytes():
    heard = []
    for _ in range(2):
        made = OnTheLine()
        made.form()
        made.ask(READ, ADDRESSES[3], wait_s=5.0)
        heard.append(made.heard)
    assert heard[0] == heard[1]
