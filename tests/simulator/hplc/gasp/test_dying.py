"""A module without supply, as those around it hear it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.hplc.gasp import attach_stations
from simulator.hplc.gasp.bitmap import bits_of
from simulator.hplc.gasp.events import ReportKind, TeiReport, decode_event, decode_report
from simulator.hplc.network import Delivered, Network, load_network, save_network
from tests.simulator.hplc.gasp.stations import FAMILY_A, FAMILY_B, FORMED_S, Stage, stage_on, with_dying
from tests.simulator.hplc.mac.link_tables import all_hear_all, links_of
from tests.simulator.hplc.network.networks import DEAF_DB, chain, macs_of


class Ear:
    """In place of a station's outage service: it hears and says nothing."""

    def __init__(self) -> None:
        self.heard: list[Delivered] = []

    def on_frame(self, delivered: Delivered) -> None:
        self.heard.append(delivered)

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None: ...

    def on_lost(self, sequence: int, now_s: float) -> None: ...

    def bits(self) -> list[int]:
        found = []
        for one in self.heard:
            event = decode_event(one.payload)
            assert event is not None
            report = decode_report(event.data)
            assert isinstance(report, TeiReport)
            assert report.kind is ReportKind.OUTAGE
            found.append(report.bits)
        return found


def ear_at(stage: Stage, node: int) -> Ear:
    ear = Ear()
    stage.network.attach(node, ear)
    return ear


def tei(network: Network, *nodes: int) -> int:
    return bits_of(int(network.stations.tei[node]) for node in nodes)


@pytest.mark.parametrize(
    ("module", "first_s"), [(FAMILY_A, (2.0, 2.2)), (FAMILY_B, (7.1, 7.3))], ids=["family A", "family B"],
)
def test_the_first_report_comes_after_check_report_timer_and_random_delay(module, first_s: tuple[float, float]) -> None:
    starts_s = []
    for seed in range(20):
        stage = stage_on(all_hear_all(3), module, seed=seed)
        ear = ear_at(stage, 1)
        stage.network.power_off([2], FORMED_S, hold_s=60.0)
        stage.network.run_until(FORMED_S + 30.0)
        starts_s.append(ear.heard[0].sent_s - FORMED_S)
    assert first_s[0] <= min(starts_s) < max(starts_s) <= first_s[1]
    assert max(starts_s) - min(starts_s) > 0.1


@pytest.mark.parametrize(("module", "sends"), [(FAMILY_A, 10), (FAMILY_B, 30)], ids=["family A", "family B"])
def test_it_repeats_every_two_seconds_as_often_as_its_file_says(module, sends: int) -> None:
    stage = stage_on(all_hear_all(3), module)
    ear = ear_at(stage, 1)
    stage.network.power_off([2], FORMED_S, hold_s=90.0)
    stage.network.run_until(FORMED_S + 100.0)
    assert len(ear.heard) == sends
    between_s = np.diff([one.sent_s for one in ear.heard])
    assert np.allclose(between_s, 2.0, atol=1e-6)


def test_its_capacitor_ends_it() -> None:
    stage = stage_on(all_hear_all(3))
    ear = ear_at(stage, 1)
    stage.network.power_off([2], FORMED_S, hold_s=9.0)
    stage.network.run_until(FORMED_S + 100.0)
    # 2.0 to 2.2 s, then every 2 s: the fourth is the last before 9 s
    assert len(ear.heard) == 4


def test_a_missing_capacitor_is_silence() -> None:
    stage = stage_on(all_hear_all(3))
    stage.network.power_off([2], FORMED_S, hold_s=0.0)
    assert stage.reports_until(FORMED_S + 100.0) == []


def test_a_gap_shorter_than_the_check_is_no_outage() -> None:
    stage = stage_on(all_hear_all(3))
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    stage.network.power_on([2], FORMED_S + 1.9)
    assert stage.reports_until(FORMED_S + 100.0) == []


def test_a_gap_longer_than_the_check_is_one() -> None:
    stage = stage_on(all_hear_all(3))
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    stage.network.power_on([2], FORMED_S + 3.0)
    kinds = [report.kind for report in stage.reports_until(FORMED_S + 100.0)]
    assert kinds[0] is ReportKind.OUTAGE
    assert kinds[-1] is ReportKind.RESTORE


def test_a_module_pulled_out_of_its_meter_is_no_outage() -> None:
    stage = stage_on(all_hear_all(3))
    stage.stations[2].pulled_out()
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    stage.network.power_on([2], FORMED_S + 100.0)
    assert stage.reports_until(FORMED_S + 250.0) == []


def test_a_module_that_was_plugged_in_again_reports_its_next_outage() -> None:
    stage = stage_on(all_hear_all(3))
    stage.stations[2].pulled_out()
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    stage.network.power_on([2], FORMED_S + 10.0)
    stage.network.power_off([2], FORMED_S + 60.0, hold_s=60.0)
    assert {report.kind for report in stage.reports_until(FORMED_S + 110.0)} == {ReportKind.OUTAGE}


def test_two_dying_modules_carry_each_other() -> None:
    stage = stage_on(all_hear_all(4))
    ear = ear_at(stage, 1)
    stage.network.power_off([2, 3], FORMED_S, hold_s=60.0)
    stage.network.run_until(FORMED_S + 30.0)
    both = tei(stage.network, 2, 3)
    assert ear.bits()[:2] != [both, both]
    assert set(ear.bits()[2:]) == {both}


def test_one_survivor_carries_all_to_where_the_other_is_not_heard() -> None:
    # 0 hears 1 hears 2: only what 1 adds to its own bitmap can tell of 2
    stage = stage_on(chain(3))
    stage.network.power_off([1, 2], FORMED_S, hold_s=60.0)
    reports = stage.reports_until(FORMED_S + 60.0)
    assert {address for report in reports for address in report.addresses} == {stage.address(1), stage.address(2)}
    assert not any(report.is_relayed for report in reports)


def test_without_merging_the_far_one_is_lost() -> None:
    stage = stage_on(chain(3), with_dying(FAMILY_A, merges_others=False))
    stage.network.power_off([1, 2], FORMED_S, hold_s=60.0)
    assert {address for report in stage.reports_until(FORMED_S + 60.0) for address in report.addresses} == {stage.address(1)}


def test_news_after_the_last_repeat_go_out_within_two_seconds() -> None:
    stage = stage_on(all_hear_all(4))
    ear = ear_at(stage, 1)
    stage.network.power_off([2], FORMED_S, hold_s=90.0)
    stage.network.run_until(FORMED_S + 40.0)
    ear.heard.clear()
    stage.network.power_off([3], FORMED_S + 40.0, hold_s=90.0)
    stage.network.run_until(FORMED_S + 80.0)
    first_of_3_s = min(one.at_s for one in ear.heard if one.source == 3)
    again_s = [one.sent_s for one in ear.heard if one.source == 2]
    assert len(again_s) == 1
    assert first_of_3_s < again_s[0] <= first_of_3_s + 2.0
    assert ear.bits()[-1] == tei(stage.network, 2, 3)


@pytest.mark.parametrize("success", [0.05, 0.2])
def test_ten_repeats_arrive_as_ten_independent_frames_do(success: float, tmp_path: Path) -> None:
    """No collisions: one talker. At least one of ten: 1 - (1 - p)^10."""
    trials, arrived = 200, 0
    links = all_hear_all(3)
    save_network(stage_on(links).network, tmp_path / "formed.npz")
    for seed in range(trials):
        network = Network(links, macs=macs_of(3), module=FAMILY_A, seed=seed)
        load_network(network, tmp_path / "formed.npz")
        attach_stations(network, FAMILY_A, seed=seed)
        ear = Ear()
        network.attach(1, ear)
        network.set_links(all_hear_all(3, success=success))
        network.power_off([2], FORMED_S, hold_s=60.0)
        network.run_until(FORMED_S + 25.0)
        arrived += bool(ear.heard)
    expected = 1.0 - (1.0 - success) ** 10
    assert abs(arrived / trials - expected) < 3.5 * np.sqrt(expected * (1.0 - expected) / trials)


def test_a_dead_medium_costs_no_queue() -> None:
    """Alone in the world, and twice as many as the medium carries: each still has at most a frame waiting."""
    nodes = 120
    stage = stage_on(all_hear_all(nodes + 1))
    stage.network.power_off(range(1, nodes + 1), FORMED_S, hold_s=60.0)
    for _ in range(20):
        stage.network.run_until(stage.network.now_s + 1.0)
        assert max(stage.network.csma.queued(node) for node in range(1, nodes + 1)) <= 3


def test_a_station_that_never_joined_has_nothing_to_say() -> None:
    snr_db = np.full((4, 4), 20.0)
    snr_db[3, :] = snr_db[:, 3] = DEAF_DB
    near = np.full((4, 4), 20.0)
    stage = stage_on(links_of(near))
    stage.network.coordinators[0].forget(3)
    stage.network.stations.home[3] = -1
    stage.network.power_off([3], FORMED_S, hold_s=60.0)
    assert stage.reports_until(FORMED_S + 60.0) == []
