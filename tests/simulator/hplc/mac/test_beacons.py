"""Beacons: who can send one, who decodes it, and two networks on the same slots."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.hplc.links import LinkTable
from simulator.hplc.mac.beacons import BeaconReception, receive_beacons
from simulator.hplc.mac.period import BeaconRequest, PeriodSettings, plan_period
from tests.simulator.hplc.mac.link_tables import all_hear_all, links_of
from tests.simulator.hplc.network.networks import chain


def receive(links: LinkTable, *requests: BeaconRequest, members=None, is_coordinated: bool = True) -> list[BeaconReception]:
    nodes = len(links.hears)
    plan = plan_period(0.0, PeriodSettings(), requests, band=2, is_coordinated=is_coordinated)
    everyone = np.ones(nodes, np.bool_)
    return receive_beacons(links, plan.beacons, can_send=everyone, alive=everyone, members=members or [everyone] * len(requests),
                           rng=np.random.default_rng(1))


def request(coordinator: int, *stations: int) -> BeaconRequest:
    return BeaconRequest(coordinator=coordinator, proxies=stations, discovery=(), tmi=4)


def test_the_schedule_runs_down_a_chain_when_upper_levels_send_first() -> None:
    got, = receive(chain(5), request(0, 1, 2, 3))
    assert got.sent.all()
    assert got.informed.tolist() == [True] * 5


def test_a_station_that_heard_no_beacon_before_its_slot_leaves_it_empty() -> None:
    got, = receive(chain(5), request(0, 3, 2, 1))
    assert got.sent.tolist() == [True, True, True, False, False, True]
    assert got.informed.tolist() == [True, True, True, False, False]


def test_beacons_are_decoded_as_often_as_the_link_says() -> None:
    got, = receive(all_hear_all(2000, success=0.7), request(0))
    assert got.decoded[:, 1:].mean() == pytest.approx(0.7, abs=0.03)


def test_two_networks_at_once_spoil_each_others_beacons_where_both_are_heard() -> None:
    # 0 and 4 are CCOs; 1 hears the first only, 2 both alike, 3 the second much better
    far = -40.0
    links = links_of([
        [0, 20, 20, 10, far], [20, 0, far, far, far], [20, far, 0, far, 20], [10, far, far, 0, 30], [far, far, 20, 30, 0],
    ])
    first, second = receive(links, request(0), request(4), is_coordinated=False)
    assert first.decoded.all(axis=0).tolist() == [False, True, False, False, False]
    assert second.decoded.all(axis=0).tolist() == [False, False, False, True, False]
    first, second = receive(links, request(0), request(4), is_coordinated=True)
    assert first.decoded.all(axis=0).tolist() == [False, True, True, True, False]
    assert second.decoded.all(axis=0).tolist() == [False, False, True, True, False]
