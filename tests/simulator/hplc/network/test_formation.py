"""A network forms by itself: who joins, through whom, how deep, and who is kept out."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.hplc.network import LeaveReason, NetworkSettings, Result, Role
from tests.simulator.hplc.mac.link_tables import all_hear_all, links_of
from tests.simulator.hplc.network.networks import DEAF_DB, chain, joined, macs_of, network_on, scattered_network


def test_a_hundred_and_twenty_modules_join_within_the_test_bench_limit() -> None:
    network = scattered_network(120, seed=4)
    network.run_until(300.0)
    stations = network.stations
    assert joined(network) == list(range(1, 121))
    teis = stations.tei[1:].tolist()
    assert len(set(teis)) == 120
    assert min(teis) >= 2
    assert max(teis) <= 1015
    assert network.level_histogram().sum() == 121
    assert (stations.level[1:] == stations.level[stations.proxy[1:]] + 1).all()
    assert all(stations.way_up(node)[-1] == 0 for node in joined(network))
    assert network.level_histogram()[2] > 0


def test_the_table_of_the_cco_agrees_with_the_stations() -> None:
    network = scattered_network(80, seed=5)
    network.run_until(200.0)
    owner, stations = network.coordinators[0], network.stations
    assert owner.tei[1:].tolist() == stations.tei[1:].tolist()
    assert owner.proxy[1:].tolist() == stations.proxy[1:].tolist()
    assert owner.level.tolist() == stations.level.tolist()


def test_nothing_is_sent_before_the_cco_has_listened_for_ten_seconds() -> None:
    network = network_on(all_hear_all(3))
    network.run_until(9.9)
    assert joined(network) == []
    network.run_until(20.0)
    assert joined(network) == [1, 2]


def test_a_chain_reaches_level_fifteen_and_no_further() -> None:
    network = network_on(chain(18))
    network.run_until(400.0)
    assert network.stations.level[1:16].tolist() == list(range(1, 16))
    assert joined(network) == list(range(1, 16))


def test_a_good_way_over_a_relay_is_taken_instead_of_a_bad_direct_one() -> None:
    links = links_of([[0, 20, 3], [20, 0, 20], [3, 20, 0]])
    success = {tmi: matrix.copy() for tmi, matrix in links.success.items()}
    for matrix in success.values():
        matrix[0, 2] = matrix[2, 0] = 0.3
    network = network_on(type(links)(band=2, mean_snr_db=links.mean_snr_db, success=success, hears=links.hears,
                                     attenuation_db=links.attenuation_db))
    network.run_until(1000.0)
    assert network.stations.proxy[1:].tolist() == [0, 1]
    assert network.stations.role[1] == Role.PCO


@pytest.mark.parametrize("seed", range(1, 7))
def test_of_two_alike_the_one_that_is_a_proxy_already_is_asked(seed: int) -> None:
    links = links_of([
        [0, 20, 20, DEAF_DB, DEAF_DB], [20, 0, 20, DEAF_DB, 20], [20, 20, 0, 20, 20], [DEAF_DB, DEAF_DB, 20, 0, DEAF_DB],
        [DEAF_DB, 20, 20, DEAF_DB, 0],
    ])
    network = network_on(links, seed=seed)
    network.power_off([4], 0.0)
    network.run_until(100.0)
    assert network.stations.proxy[1:4].tolist() == [0, 0, 2]
    # a little less success: without the rule the station without children would be asked as soon as both are heard
    for matrix in links.success.values():
        matrix[2, 4] = matrix[4, 2] = 0.95
    network.power_on([4], 100.0)
    network.run_until(200.0)
    assert network.stations.proxy[4] == 2


def test_a_station_that_the_cco_cannot_hear_joins_through_one_that_can() -> None:
    one_way = links_of([[0, 20, 20], [20, 0, 20], [-40, 20, 0]])
    network = network_on(one_way)
    network.run_until(120.0)
    assert network.stations.proxy[1:].tolist() == [0, 1]


def test_a_station_that_is_not_on_the_white_list_is_refused_and_waits_150_s() -> None:
    macs = macs_of(3)
    network = network_on(all_hear_all(3), NetworkSettings(white_list=frozenset({int(macs[1])})))
    network.run_until(350.0)
    assert joined(network) == [1]
    refusals = network.association.refusals
    assert {(node, result) for _, node, result in refusals} == {(2, Result.NOT_IN_WHITE_LIST)}
    waits_s = np.diff([at_s for at_s, _, _ in refusals])
    assert len(waits_s) >= 1
    assert (waits_s >= 150.0).all()
    assert (waits_s < 165.0).all()


def test_a_member_that_is_struck_from_the_white_list_leaves_and_one_that_is_added_joins() -> None:
    macs = [int(mac) for mac in macs_of(4)]
    network = network_on(all_hear_all(4), NetworkSettings(white_list=frozenset(macs[:3])))
    network.run_until(60.0)
    assert joined(network) == [1, 2]
    network.set_white_list(0, frozenset({macs[1], macs[3]}))
    network.run_until(70.0)
    assert joined(network) == [1]
    assert [(one.node, one.reason) for one in network.stations.departures] == [(2, LeaveReason.NOT_IN_WHITE_LIST)]
    network.run_until(400.0)
    assert joined(network) == [1, 3]
    assert network.coordinators[0].members.tolist() == [1, 3]


def test_a_station_on_the_black_list_is_refused() -> None:
    network = network_on(all_hear_all(3), NetworkSettings(black_list=frozenset({int(macs_of(3)[2])})))
    network.run_until(60.0)
    assert joined(network) == [1]
    assert network.association.refusals[0][2] is Result.BLACK_LIST


def test_nobody_joins_while_association_is_not_allowed() -> None:
    network = network_on(all_hear_all(4))
    network.coordinators[0].allows_association = False
    network.run_until(60.0)
    assert joined(network) == []
    assert network.relayed.counters.delivered == 0      # no request arrived anywhere
    network.coordinators[0].allows_association = True
    network.run_until(90.0)
    assert joined(network) == [1, 2, 3]


def test_a_late_module_joins_a_formed_network() -> None:
    network = network_on(all_hear_all(4))
    network.power_off([3], 0.0)
    network.run_until(200.0)
    assert joined(network) == [1, 2]
    network.power_on([3], 200.0)
    network.run_until(240.0)
    assert joined(network) == [1, 2, 3]


def test_a_reset_of_the_cco_makes_everyone_join_anew() -> None:
    network = network_on(all_hear_all(4))
    network.run_until(60.0)
    before_s = network.stations.joined_s[1:].copy()
    network.restart(0)
    network.run_until(120.0)
    assert joined(network) == [1, 2, 3]
    assert (network.stations.joined_s[1:] > before_s).all()
    assert {one.reason for one in network.stations.departures} == {LeaveReason.NETWORK_RESTARTED}
    assert (network.stations.sequence[1:] == 1).all()


def test_the_same_seed_forms_the_same_network() -> None:
    def tree() -> list[int]:
        network = scattered_network(60, seed=8)
        network.run_until(120.0)
        return network.stations.proxy.tolist()

    assert tree() == tree()
