"""Stations with supply tell the CCO what they heard of the dying."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.hplc.gasp.events import Down, Event, Up, decode_event, encode_event
from tests.simulator.hplc.gasp.stations import FAMILY_A, FAMILY_B, FORMED_S, one_relay, stage_on, with_relay
from tests.simulator.hplc.mac.link_tables import links_of
from tests.simulator.hplc.network.networks import DEAF_DB, chain


@pytest.mark.parametrize(
    ("module", "window_s"), [(FAMILY_A, (30.0, 30.0)), (FAMILY_B, (10.0, 15.0))], ids=["family A", "family B"],
)
def test_a_relay_gathers_as_long_as_its_file_says(module, window_s: tuple[float, float]) -> None:
    for seed in range(5):
        stage = stage_on(chain(3), module, seed=seed)
        stage.network.power_off([2], FORMED_S, hold_s=60.0)
        report = stage.reports_until(FORMED_S + 60.0)[0]
        heard_s = FORMED_S + module.dying.check_s + module.dying.report_delay_s + module.dying.first_send_least_s
        assert window_s[0] <= report.at_s - heard_s <= window_s[1] + 2.5      # the first broadcast's random delay, and beacons in its way
        assert (report.is_relayed, report.addresses) == (True, (stage.address(2),))


def test_a_changed_gathering_time_moves_the_report() -> None:
    stage = stage_on(chain(3), with_relay(FAMILY_A, gather_s=5.0))
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    assert 7.0 <= stage.reports_until(FORMED_S + 60.0)[0].at_s - FORMED_S <= 9.5


def test_an_acknowledged_relay_is_silent() -> None:
    stage = stage_on(chain(3))
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    assert len(stage.reports_until(FORMED_S + 150.0)) == 1
    assert stage.stations[1].relaying.given_up == 0


class Deaf:
    """A CCO that acknowledges nothing."""

    def __init__(self) -> None:
        self.heard_s: list[float] = []
        self.sequences: list[int] = []

    def on_frame(self, delivered) -> None:
        event = decode_event(delivered.payload)
        assert event is not None
        self.heard_s.append(delivered.at_s)
        self.sequences.append(event.sequence)

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None: ...

    def on_lost(self, sequence: int, now_s: float) -> None: ...


def test_a_relay_without_acknowledgement_tries_as_often_as_its_file_says_with_one_sequence() -> None:
    stage = stage_on(chain(3))
    cco = Deaf()
    stage.network.attach(0, cco)
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    stage.network.run_until(FORMED_S + 150.0)
    assert len(cco.heard_s) == FAMILY_A.relay.tries
    assert len(set(cco.sequences)) == 1
    assert abs(cco.heard_s[-1] - cco.heard_s[0] - 5.0 * 5) < 4.5       # beacons may hold up the first or the last
    assert stage.stations[1].relaying.given_up == 1


def test_the_acknowledgement_of_another_report_does_not_end_it() -> None:
    stage = stage_on(chain(3))
    cco = Deaf()
    stage.network.attach(0, cco)
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    stage.network.run_until(FORMED_S + 37.0)
    wrong = Event(function=Down.ACKNOWLEDGED, sequence=cco.sequences[0] + 1, address=0)
    stage.network.send(0, 1, encode_event(wrong))
    stage.network.run_until(FORMED_S + 150.0)
    assert len(cco.heard_s) == FAMILY_A.relay.tries


def test_what_was_acknowledged_and_is_heard_again_is_told_again() -> None:
    """Family B speaks for a minute and its relays gather a quarter of it: several reports of one meter."""
    stage = stage_on(chain(3), FAMILY_B)
    stage.network.power_off([2], FORMED_S, hold_s=90.0)
    reports = stage.reports_until(FORMED_S + 150.0)
    assert 3 <= len(reports) <= 7
    assert {report.addresses for report in reports} == {(stage.address(2),)}


def test_several_dying_modules_go_up_in_one_report() -> None:
    snr_db = np.full((6, 6), 20.0)
    snr_db[0, 2:] = snr_db[2:, 0] = DEAF_DB
    stage = stage_on(links_of(snr_db))
    stage.network.power_off([2, 3, 4, 5], FORMED_S, hold_s=60.0)
    report, = stage.reports_until(FORMED_S + 60.0)
    assert set(report.addresses) == {stage.address(node) for node in (2, 3, 4, 5)}


def test_a_relay_that_loses_its_supply_carries_on_what_it_gathered() -> None:
    stage = stage_on(chain(3))
    stage.network.power_off([2], FORMED_S, hold_s=20.0)
    stage.network.power_off([1], FORMED_S + 25.0, hold_s=60.0)
    reports = stage.reports_until(FORMED_S + 60.0)
    assert set(reports[0].addresses) == {stage.address(1), stage.address(2)}
    assert not reports[0].is_relayed


def test_with_its_only_relay_gone_nothing_arrives() -> None:
    stage = stage_on(one_relay())
    stage.network.power_off([1, 2], FORMED_S)
    stage.network.power_off([3], FORMED_S, hold_s=60.0)
    assert stage.reports_until(FORMED_S + 200.0) == []


def test_two_relays_tell_the_same_and_the_listener_keeps_both() -> None:
    stage = stage_on(one_relay())
    stage.network.power_off([3], FORMED_S, hold_s=60.0)
    reports = stage.reports_until(FORMED_S + 100.0)
    assert sorted(report.source_tei for report in reports) == sorted(int(stage.network.stations.tei[node]) for node in (1, 2))


def test_messages_of_other_services_are_left_alone() -> None:
    stage = stage_on(chain(2))
    stage.network.send(1, 0, b"a reading")
    stage.network.run_until(FORMED_S + 5.0)
    assert [one.payload for one in stage.cco.other] == [b"a reading"]


def test_an_event_that_cannot_be_read_is_counted_and_nothing_else() -> None:
    stage = stage_on(chain(2))
    stage.network.send(1, 0, bytes.fromhex("1108 00ff"))
    stage.network.send(1, 0, encode_event(Event(function=Up.BY_MODULE, sequence=1, address=5, data=b"\x09")))
    stage.network.send(0, 1, bytes.fromhex("1108 00ff"))
    assert stage.reports_until(FORMED_S + 5.0) == []
    assert stage.cco.listener.unsound == 2
    assert stage.stations[1].unsound == 1


def test_a_tei_that_the_cco_does_not_know_is_counted_and_not_reported() -> None:
    stage = stage_on(chain(2))
    data = bytes.fromhex("01 0003 01")
    stage.network.send(1, 0, encode_event(Event(function=Up.BY_MODULE, sequence=1, address=5, data=data)))
    assert stage.reports_until(FORMED_S + 5.0) == []
    assert stage.cco.listener.unknown_teis == 1


def test_a_changed_number_of_tries_counts() -> None:
    stage = stage_on(chain(3), with_relay(FAMILY_A, tries=2, retry_s=1.0))
    cco = Deaf()
    stage.network.attach(0, cco)
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    stage.network.run_until(FORMED_S + 150.0)
    assert len(cco.heard_s) == 2
