"""Application messages: over relays, by broadcast, into dead ends."""

from __future__ import annotations

import pytest

from simulator.hplc.network import Delivered, NetworkSettings, SendType
from tests.simulator.hplc.mac.link_tables import all_hear_all
from tests.simulator.hplc.network.networks import chain, network_on, scattered_network


class Answering:
    """Answers each request with the same bytes reversed."""

    def __init__(self, network, node: int) -> None:
        self.network, self.node = network, node
        self.supply: list[tuple[float, bool]] = []
        self.lost: list[int] = []

    def on_frame(self, delivered: Delivered) -> None:
        self.network.send(self.node, 0, delivered.payload[::-1])

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None:
        self.supply.append((now_s, has_mains))

    def on_lost(self, sequence: int, now_s: float) -> None:
        self.lost.append(sequence)


def test_a_request_goes_down_and_its_answer_up_hop_by_hop() -> None:
    network = network_on(chain(6))
    network.run_until(100.0)
    network.attach(5, Answering(network, 5))
    network.send(0, 5, b"read me")
    network.run_until(102.0)
    answer, = network.take_delivered()
    assert (answer.source, answer.receiver, answer.payload, answer.hops) == (5, 0, b"em daer", 5)
    assert answer.source_tei == network.stations.tei[5]
    assert 100.0 < answer.sent_s < answer.at_s < 102.0
    assert network.take_delivered() == []


def test_bad_links_cost_repeats_but_no_messages() -> None:
    network = network_on(chain(4, success=0.6))
    network.run_until(200.0)
    for number in range(50):
        network.send(3, 0, bytes([number]) * 100)
        network.run_until(200.0 + 2.0 * (number + 1))
    assert [one.payload[0] for one in network.take_delivered()] == list(range(50))


def test_a_message_is_delivered_once_however_often_it_was_sent() -> None:
    network = scattered_network(40, seed=2)
    network.run_until(100.0)
    sent = [network.send(node, 0, b"x" * 60) for node in range(1, 41)]
    network.run_until(130.0)
    assert sorted(one.sequence for one in network.take_delivered()) == sorted(sent)


def test_a_network_broadcast_reaches_every_station_once() -> None:
    network = network_on(chain(7))
    network.run_until(100.0)
    network.send(0, 0, b"the time is", send_type=SendType.NETWORK_BROADCAST)
    network.run_until(105.0)
    assert sorted(one.receiver for one in network.take_delivered()) == [1, 2, 3, 4, 5, 6]


def test_a_local_broadcast_reaches_the_neighbours_only() -> None:
    network = network_on(chain(7))
    network.run_until(100.0)
    network.send(3, 0, b"who hears me", send_type=SendType.LOCAL_BROADCAST)
    network.run_until(105.0)
    assert sorted(one.receiver for one in network.take_delivered()) == [2, 4]


def test_bound_csma_keeps_other_links_waiting_for_the_next_period() -> None:
    network = network_on(all_hear_all(3), NetworkSettings(bound_s=1.0))
    network.run_until(200.0)
    bound = network.last_plan.slices[-1]
    network.run_until(bound.begin_s + 0.1)
    network.send(1, 0, b"urgent", link_id=3)
    network.send(2, 0, b"not so", link_id=1)
    network.run_until(bound.end_s)
    assert [one.payload for one in network.take_delivered()] == [b"urgent"]
    network.run_until(bound.end_s + 3.0)
    assert [one.payload for one in network.take_delivered()] == [b"not so"]


def test_a_tdma_slot_is_its_owners_alone() -> None:
    network = network_on(all_hear_all(3), NetworkSettings(tdma_owners=(0,), tdma_slot_s=0.2))
    network.run_until(200.0)
    slot_begin_s = network.last_plan.end_s + (network.last_plan.beacons_end_s - network.last_plan.begin_s)
    for source, destination in ((0, 1), (2, 0)):
        network.call_at(slot_begin_s + 0.001, network.send, source, destination, b"now")
    network.run_until(slot_begin_s + 0.2)
    assert [one.source for one in network.take_delivered()] == [0]


def test_a_message_to_a_dead_station_is_lost_and_its_sender_told() -> None:
    network = network_on(all_hear_all(3))
    network.run_until(60.0)
    sender = Answering(network, 0)
    network.attach(0, sender)
    network.power_off([2], 60.0)
    network.run_until(61.0)
    sequence = network.send(0, 2, b"are you there")
    network.run_until(75.0)
    assert sender.lost == [sequence]


def test_a_message_of_a_station_without_network_is_lost_at_once() -> None:
    network = network_on(chain(3))
    network.send(2, 0, b"hello")
    assert network.relayed.counters.lost == 1


@pytest.mark.parametrize("length", [0, 2045])
def test_a_payload_that_no_msdu_can_have_is_an_error(length: int) -> None:
    network = network_on(chain(3))
    with pytest.raises(ValueError, match="1 to 2044 bytes"):
        network.send(0, 1, bytes(length))


def test_a_dying_module_sends_until_its_capacitor_is_empty() -> None:
    network = network_on(all_hear_all(3))
    network.run_until(60.0)
    module = Answering(network, 2)
    network.attach(2, module)
    network.power_off([2], 60.0, hold_s=5.0)
    for second in range(10):
        network.call_at(60.5 + second, network.send, 2, 0, bytes([second]))
    network.run_until(80.0)
    assert module.supply == [(60.0, False)]
    assert [one.payload[0] for one in network.take_delivered()] == [0, 1, 2, 3, 4]


def test_supply_that_comes_back_before_the_capacitor_is_empty_changes_nothing() -> None:
    network = network_on(all_hear_all(3))
    network.run_until(60.0)
    network.power_off([2], 60.0, hold_s=5.0)
    network.power_on([2], 63.0)
    network.run_until(100.0)
    assert network.csma.alive[2]
    assert network.stations.departures == []


def test_a_timer_of_an_application_rings_at_its_time() -> None:
    network = network_on(all_hear_all(2))
    rung: list[float] = []
    for at_s in (12.345, 5.0, 31.0):
        network.call_at(at_s, lambda: rung.append(network.now_s))
    network.run_until(30.0)
    assert rung == [5.0, 12.345]
    assert network.now_s == 30.0


def test_time_may_be_cut_anywhere_without_changing_what_happens() -> None:
    def deliveries(step_s: float) -> list[tuple[int, float]]:
        network = scattered_network(30, seed=3)
        for node in range(1, 31):
            network.call_at(60.0, network.send, node, 0, b"y" * 80)
        at_s = 0.0
        while at_s < 75.0:
            at_s = min(at_s + step_s, 75.0)
            network.run_until(at_s)
        return [(one.source, one.at_s) for one in network.take_delivered()]

    assert deliveries(75.0) == deliveries(0.0137)
