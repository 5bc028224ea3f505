"""Two CCOs in one medium: a meter of the next area, equal network numbers."""

from __future__ import annotations

import numpy as np

from simulator.hplc.links import LinkTable
from simulator.hplc.network import NOWHERE, NetworkSettings
from tests.simulator.hplc.mac.link_tables import links_of
from tests.simulator.hplc.network.networks import DEAF_DB, macs_of, network_on

# CCOs 0 and 3; 1 and 2 belong to 0, 4 and 5 to 3. Meter 2 hears the CCO of the other area better than its own.
OWNER_OF = (0, 0, 0, 1, 1, 1)


def two_areas(*, between_ccos_db: float = 5.0) -> LinkTable:
    snr_db = np.full((6, 6), DEAF_DB)
    for one, other, level_db in ((0, 1, 20.0), (0, 2, 2.0), (3, 4, 20.0), (3, 5, 20.0), (3, 2, 20.0), (0, 3, between_ccos_db)):
        snr_db[one, other] = snr_db[other, one] = level_db
    links = links_of(snr_db)
    weak = (snr_db > 0.0) & (snr_db < 5.0)
    success = {tmi: np.where(weak, np.float32(0.85), matrix) for tmi, matrix in links.success.items()}
    return LinkTable(band=2, mean_snr_db=links.mean_snr_db, success=success, hears=links.hears, attenuation_db=links.attenuation_db)


def lists(*, on: bool) -> tuple[NetworkSettings, NetworkSettings]:
    macs = macs_of(6)
    if not on:
        return NetworkSettings(), NetworkSettings()
    return (NetworkSettings(white_list=frozenset(macs[:3].tolist())), NetworkSettings(white_list=frozenset(macs[3:].tolist())))


def run(links: LinkTable, *, white_lists: bool, nids: tuple[int, int] = (1, 2), until_s: float = 400.0):
    network = network_on(links, *lists(on=white_lists), coordinators=(0, 3), nids=nids)
    network.run_until(until_s)
    return network


def in_wrong_network(network) -> list[int]:
    home = network.stations.home
    return [node for node, owner in enumerate(OWNER_OF) if home[node] not in (NOWHERE, owner)]


def test_without_white_list_a_meter_joins_the_louder_network_of_the_next_area() -> None:
    network = run(two_areas(), white_lists=False)
    assert in_wrong_network(network) == [2]


def test_the_white_list_sends_it_home() -> None:
    network = run(two_areas(), white_lists=True)
    assert network.stations.home.tolist() == list(OWNER_OF)
    assert [node for _, node, _ in network.association.refusals] == [2]


def test_ccos_that_hear_each_other_put_their_beacons_in_turn() -> None:
    assert run(two_areas(), white_lists=True, until_s=30.0).neighbours.are_coordinated
    assert not run(two_areas(between_ccos_db=DEAF_DB), white_lists=True, until_s=30.0).neighbours.are_coordinated


def test_beacons_at_once_keep_a_meter_between_two_areas_from_its_own_network() -> None:
    alone = run(two_areas(between_ccos_db=DEAF_DB), white_lists=True, until_s=200.0)
    assert alone.stations.home[2] != 0
    assert run(two_areas(), white_lists=True, until_s=200.0).stations.home[2] == 0


def test_of_two_ccos_with_one_number_the_one_with_the_larger_address_takes_another() -> None:
    network = run(two_areas(), white_lists=True, nids=(7, 7))
    assert network.coordinators[0].nid == 7
    assert network.coordinators[1].nid != 7
    assert network.stations.home.tolist() == list(OWNER_OF)


def test_a_conflict_that_only_a_station_can_hear_is_reported_by_it() -> None:
    links = two_areas(between_ccos_db=DEAF_DB)
    # meter 5 hears the beacons of meter 1, which is in the network of the other area
    links.mean_snr_db[1, 5] = links.mean_snr_db[5, 1] = 20.0
    links.hears[1, 5] = links.hears[5, 1] = True
    for matrix in links.success.values():
        matrix[1, 5] = matrix[5, 1] = 1.0
    network = run(links, white_lists=True, nids=(7, 7))
    assert network.coordinators[0].nid == 7
    assert network.coordinators[1].nid != 7
