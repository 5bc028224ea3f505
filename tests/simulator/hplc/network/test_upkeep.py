"""The tree keeps itself: lists, heartbeats, reports, links that fade, stations that go."""

from __future__ import annotations

from simulator.hplc.links import LinkTable
from simulator.hplc.network import LeaveReason, NetworkSettings
from tests.simulator.hplc.mac.link_tables import all_hear_all, links_of
from tests.simulator.hplc.network.networks import DEAF_DB, chain, joined, network_on, scattered_network

ROUTE_S = 60.0
QUICK = NetworkSettings(route_period_s=ROUTE_S)


def two_ways() -> LinkTable:
    """1 and 2 hear the CCO; 3 hears only these two."""
    return links_of([[0, 20, 20, DEAF_DB], [20, 0, 20, 20], [20, 20, 0, 20], [DEAF_DB, 20, 20, 0]])


def without(links: LinkTable, *pairs: tuple[int, int]) -> LinkTable:
    snr_db = links.mean_snr_db.copy()
    for one, other in pairs:
        snr_db[one, other] = snr_db[other, one] = DEAF_DB
    return links_of(snr_db)


def test_every_member_is_seen_alive_through_heartbeats_and_lists() -> None:
    network = scattered_network(60, QUICK, seed=3)
    network.run_until(900.0)
    owner = network.coordinators[0]
    assert len(owner.members) == 60
    assert owner.offline(network.now_s).tolist() == []
    assert (network.now_s - owner.seen_s[1:] < 2 * ROUTE_S).all()
    assert network.stations.departures == []


def test_link_rates_are_the_success_of_the_links() -> None:
    network = network_on(chain(3, success=0.8), NetworkSettings(route_period_s=420.0))
    network.run_until(4000.0)
    # beacons of a period and ten lists: about forty chances a route period
    assert abs(network.counts.rate[0, 1] - 0.8) < 0.12
    assert abs(network.counts.rate[1, 0] - 0.8) < 0.2
    assert network.counts.rate[0, 2] == 0.0


def test_a_proxy_reports_the_rates_of_its_children() -> None:
    network = network_on(chain(4), QUICK)
    network.run_until(600.0)
    owner = network.coordinators[0]
    assert (owner.child_down[[2, 3]] > 0.3).all()
    assert (owner.child_up[[2, 3]] > 0.3).all()


def test_a_station_whose_link_fades_changes_to_another_proxy() -> None:
    network = network_on(two_ways(), QUICK)
    network.run_until(200.0)
    first = int(network.stations.proxy[3])
    other = 3 - first
    network.set_links(without(two_ways(), (first, 3)), at_s=200.0)
    network.run_until(200.0 + 4 * ROUTE_S)
    assert network.stations.proxy[3] == other
    assert network.coordinators[0].path_to(3) == (other, 3)
    assert network.proxy_change.changed == 1
    network.send(0, 3, b"still there")
    network.run_until(network.now_s + 3.0)
    assert [one.receiver for one in network.take_delivered()] == [3]


def test_failing_unicast_frames_start_the_change_before_the_route_period_ends() -> None:
    slow = NetworkSettings(route_period_s=420.0)
    network = network_on(two_ways(), slow)
    network.run_until(200.0)
    first = int(network.stations.proxy[3])
    network.set_links(without(two_ways(), (first, 3)))
    for number in range(8):
        network.call_at(200.0 + 5.0 * number, network.send, 3, 0, b"reading")
    network.run_until(260.0)
    assert network.stations.proxy[3] == 3 - first
    assert network.stations.path_success[3] > 0.5       # known from the period that is running: others may hang on it at once
    assert len(network.take_delivered()) >= 3


def test_a_station_that_hears_no_beacon_for_two_route_periods_leaves() -> None:
    network = network_on(chain(3), QUICK)
    network.run_until(200.0)
    network.set_links(without(chain(3), (1, 2)))
    network.run_until(200.0 + 4 * ROUTE_S)
    departure, = network.stations.departures
    assert (departure.node, departure.reason) == (2, LeaveReason.NO_BEACON)
    assert 200.0 + 2 * ROUTE_S < departure.at_s < 200.0 + 3 * ROUTE_S + 15.0


def test_a_dead_station_goes_offline_and_is_struck_from_the_table_in_time() -> None:
    network = network_on(chain(3), QUICK)
    network.run_until(200.0)
    network.power_off([2], 200.0)
    network.run_until(200.0 + 2 * ROUTE_S - 5.0)
    assert network.coordinators[0].offline(network.now_s).tolist() == []
    network.run_until(200.0 + 4 * ROUTE_S)
    assert network.coordinators[0].offline(network.now_s).tolist() == [2]
    network.run_until(200.0 + 10 * ROUTE_S)
    assert network.coordinators[0].members.tolist() == [1]
    assert network.coordinators[0].removed == 1


def test_a_struck_station_joins_again_when_its_link_is_back() -> None:
    network = network_on(chain(3), QUICK)
    network.run_until(200.0)
    network.set_links(without(chain(3), (1, 2)))
    network.set_links(chain(3), at_s=1000.0)
    network.run_until(1060.0)
    assert joined(network) == [1, 2]


def test_levels_below_follow_when_a_proxy_moves() -> None:
    snr_db = chain(7).mean_snr_db.copy()
    snr_db[0, 5] = snr_db[5, 0] = 20.0
    near = links_of(snr_db)
    network = network_on(without(near, (0, 5)), QUICK)
    network.run_until(200.0)
    assert network.stations.level[1:].tolist() == [1, 2, 3, 4, 5, 6]
    network.set_links(near)
    network.run_until(200.0 + 6 * ROUTE_S)
    assert network.stations.level[[5, 6]].tolist() == [1, 2]


def test_a_way_that_saves_one_hop_at_equal_success_is_taken_at_a_route_period() -> None:
    snr_db = chain(4).mean_snr_db.copy()
    snr_db[1, 3] = snr_db[3, 1] = 20.0
    shorter = links_of(snr_db)
    network = network_on(without(shorter, (1, 3)), QUICK)
    network.run_until(200.0)
    assert network.stations.level[1:].tolist() == [1, 2, 3]
    network.set_links(shorter)
    network.run_until(200.0 + 5 * ROUTE_S)
    assert network.stations.level[1:].tolist() == [1, 2, 2]


def test_discovery_lists_are_at_least_ten_a_route_period_and_station() -> None:
    network = network_on(all_hear_all(5), NetworkSettings(route_period_s=100.0))
    network.run_until(100.0)
    before = network.csma.counters.frames
    network.run_until(1100.0)
    lists = network.csma.counters.frames - before
    assert lists >= 5 * 10 * 10
