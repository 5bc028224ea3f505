"""What a CCO decides, given its table."""

from __future__ import annotations

import pytest

from simulator.hplc.network import NetworkSettings, Result
from simulator.hplc.network.coordinator import Coordinator
from simulator.hplc.network.rates import BeaconModes

NOW_S = 100.0
MODES = BeaconModes(band=2, tmis=(4, 9))


def coordinator(nodes: int = 30, **settings: object) -> Coordinator:
    return Coordinator(network=0, node=0, mac=1, nid=1, nodes=nodes, settings=NetworkSettings(**settings))


def admit(owner: Coordinator, node: int, proxy: int, *, mac: int | None = None) -> Result:
    return owner.admit(node, 1000 + node if mac is None else mac, proxy, NOW_S).result


def chain_of(owner: Coordinator, *nodes: int) -> None:
    for above, node in zip((0, *nodes), nodes, strict=False):
        assert admit(owner, node, above) is Result.OK


def test_teis_are_the_lowest_free_ones_from_two() -> None:
    owner = coordinator()
    chain_of(owner, 5, 9, 7)
    assert [int(owner.tei[node]) for node in (5, 9, 7)] == [2, 3, 4]
    owner.forget(9)
    admit(owner, 12, 0)
    assert owner.tei[12] == 3


def test_who_asks_again_gets_the_same_tei() -> None:
    owner = coordinator()
    chain_of(owner, 1, 2)
    again = owner.admit(2, 1002, 0, NOW_S)
    assert (again.result, again.tei, again.level) == (Result.AGAIN_OK, 3, 1)


@pytest.mark.parametrize(("settings", "ask", "result"), [
    ({"white_list": frozenset({1001, 1002})}, (3, 0), Result.NOT_IN_WHITE_LIST),
    ({"black_list": frozenset({1003})}, (3, 0), Result.BLACK_LIST),
    ({"max_stations": 2}, (3, 0), Result.TOO_MANY_STATIONS),
    ({"max_children": 1}, (3, 1), Result.TOO_MANY_CHILDREN),
    ({"max_proxies": 1}, (3, 2), Result.TOO_MANY_PROXIES),
    ({"last_level": 2}, (3, 2), Result.TOO_DEEP),
    ({}, (3, 9), Result.LOOP),
    ({}, (1, 2), Result.LOOP),
])
def test_reasons_to_refuse(settings: dict[str, object], ask: tuple[int, int], result: Result) -> None:
    owner = coordinator(**settings)
    chain_of(owner, 1, 2)
    assert admit(owner, *ask) is result


def test_a_second_module_with_the_same_address_is_refused() -> None:
    owner = coordinator()
    chain_of(owner, 1)
    assert admit(owner, 2, 0, mac=1001) is Result.DUPLICATE_MAC


def test_a_subtree_moves_with_its_root_and_changes_level() -> None:
    owner = coordinator()
    chain_of(owner, 1, 2, 3, 4)
    chain_of(owner, 6)
    assert owner.change_proxy(3, 6, NOW_S) is Result.OK
    assert owner.path_to(4) == (6, 3, 4)
    assert owner.level[[3, 4]].tolist() == [2, 3]


def test_a_proxy_that_joins_again_elsewhere_takes_the_levels_behind_it_along() -> None:
    owner = coordinator()
    chain_of(owner, 1, 2, 3, 4)
    assert admit(owner, 3, 0) is Result.AGAIN_OK
    assert owner.level[[3, 4]].tolist() == [1, 2]
    chain_of(owner, 5, 6)
    assert owner.change_proxy(3, 6, NOW_S) is Result.OK
    assert owner.level[[3, 4]].tolist() == [3, 4]


def test_a_proxy_from_ones_own_subtree_is_refused() -> None:
    owner = coordinator()
    chain_of(owner, 1, 2, 3)
    assert owner.change_proxy(1, 2, NOW_S) is Result.CHILD_AS_PROXY
    assert owner.change_proxy(1, 3, NOW_S) is Result.LOOP
    assert owner.path_to(3) == (1, 2, 3)


def test_a_change_that_would_push_the_deepest_beyond_level_fifteen_is_refused() -> None:
    owner = coordinator()
    chain_of(owner, *range(1, 15))
    chain_of(owner, 20, 21, 22)
    assert owner.change_proxy(20, 13, NOW_S) is Result.TOO_DEEP
    assert owner.change_proxy(22, 14, NOW_S) is Result.OK


def test_silence_makes_a_member_offline_after_one_heartbeat_cycle_and_strikes_it_after_four() -> None:
    owner = coordinator(route_period_s=100.0)
    chain_of(owner, 1, 2)
    owner.saw(1, NOW_S + 250.0)
    assert owner.offline(NOW_S + 199.0).tolist() == []
    assert owner.offline(NOW_S + 201.0).tolist() == [2]
    owner.remove_silent(NOW_S + 799.0)
    assert owner.tei[2] > 0
    owner.remove_silent(NOW_S + 801.0)
    assert owner.tei[2] == 0
    assert owner.tei[1] > 0


def test_proxies_send_every_period_and_stations_twice_in_170_s() -> None:
    owner = coordinator(nodes=60)
    chain_of(owner, 1, 2)
    for node in range(3, 60):
        admit(owner, node, 2)
    counts = dict.fromkeys(range(60), 0)
    for period in range(17):
        asked = owner.beacons(NOW_S + 10.0 * period, 10.0, modes=MODES, networks=1)
        assert list(asked.proxies) == [1, 2]
        for node in asked.discovery:
            counts[node] += 1
    assert min(counts[node] for node in range(3, 60)) >= 2


def test_a_table_with_more_proxies_than_fit_asks_for_a_longer_period() -> None:
    owner = coordinator(nodes=300)
    for node in range(1, 100):
        admit(owner, node, 0)
        admit(owner, node + 100, node)
    usual = coordinator().period_settings(NOW_S, modes=MODES, networks=1).duration_s
    asked_s = owner.period_settings(NOW_S, modes=MODES, networks=1).duration_s
    assert usual == 3.0
    assert 3.0 < asked_s <= 15.0


def test_four_hundred_proxies_are_admitted_and_take_turns_with_the_255_beacon_slots() -> None:
    owner = coordinator(nodes=810, max_children=1000)
    for node in range(1, 401):
        assert admit(owner, node, 0) is Result.OK
        assert admit(owner, node + 400, node) is Result.OK
    heard: set[int] = set()
    for period in range(12):
        asked = owner.beacons(NOW_S + 15.0 * period, 15.0, modes=MODES, networks=1)
        assert len(asked.proxies) + len(asked.discovery) <= 255
        heard.update(asked.proxies)
    assert heard == set(range(1, 401))
