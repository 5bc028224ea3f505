"""Supply is back: joined again, then reported by address until acknowledged."""

from __future__ import annotations

import pytest

from simulator.hplc.gasp import ReportKind
from simulator.hplc.gasp.events import AddressReport, decode_event, decode_report
from tests.simulator.hplc.gasp.stations import FAMILY_A, FORMED_S, stage_on
from tests.simulator.hplc.mac.link_tables import all_hear_all
from tests.simulator.hplc.network.networks import chain

BACK_S = FORMED_S + 120.0


def test_a_station_that_died_reports_once_it_has_joined_and_waited() -> None:
    stage = stage_on(chain(4))
    stage.network.power_off([3], FORMED_S, hold_s=60.0)
    stage.network.power_on([3], BACK_S)
    stage.reports_until(BACK_S)
    report, = stage.reports_until(BACK_S + 300.0)
    assert (report.kind, report.addresses, report.teis) == (ReportKind.RESTORE, (stage.address(3),), ())
    waited_s = report.at_s - float(stage.network.stations.joined_s[3])
    # online 6 s, 20 s and 0.3 s for level 3, up to 6 s at random; looked for each second, and beacons on three hops
    assert 26.3 <= waited_s <= 32.3 + 1.0 + 12.0


def test_the_report_is_by_address_and_says_that_the_meter_lives() -> None:
    stage = stage_on(chain(2))
    heard = []
    stage.network.power_off([1], FORMED_S)
    stage.network.power_on([1], BACK_S)
    stage.cco.listener.on_frame = lambda delivered: heard.append(delivered) or True
    stage.network.run_until(BACK_S + 100.0)
    event = decode_event(heard[0].payload)
    assert decode_report(event.data) == AddressReport(kind=ReportKind.RESTORE, live=(stage.address(1),))


def test_without_acknowledgement_it_tries_as_often_as_its_file_says() -> None:
    stage = stage_on(chain(2))
    heard = []
    stage.network.power_off([1], FORMED_S)
    stage.network.power_on([1], BACK_S)
    stage.cco.listener.on_frame = lambda delivered: heard.append(delivered) or True
    stage.network.run_until(BACK_S + 300.0)
    assert len(heard) == FAMILY_A.power_back.tries
    assert len({decode_event(one.payload).sequence for one in heard}) == 1
    assert stage.stations[1].power_back.given_up == 1


def test_a_station_that_lived_on_its_capacitor_reports_power_back_only_when_it_called_the_outage() -> None:
    stage = stage_on(all_hear_all(3))
    stage.network.power_off([1], FORMED_S, hold_s=60.0)
    stage.network.power_on([1], FORMED_S + 10.0)
    stage.network.power_off([2], FORMED_S, hold_s=60.0)
    stage.network.power_on([2], FORMED_S + 1.0)
    restored = [one.addresses for one in stage.reports_until(FORMED_S + 100.0) if one.kind is ReportKind.RESTORE]
    assert restored == [(stage.address(1),)]


def test_another_outage_ends_the_report_of_the_last_one() -> None:
    stage = stage_on(chain(2))
    stage.network.power_off([1], FORMED_S)
    stage.network.power_on([1], BACK_S)
    stage.network.power_off([1], BACK_S + 25.0)
    assert [one for one in stage.reports_until(BACK_S + 200.0) if one.kind is ReportKind.RESTORE] == []


@pytest.mark.parametrize("seed", range(3))
def test_a_whole_network_that_comes_back_reports_every_meter_within_five_minutes(seed: int) -> None:
    """300 s: limit of a published factory test for power-back reports."""
    nodes = 30
    stage = stage_on(all_hear_all(nodes + 1), seed=seed)
    stage.network.power_off(range(1, nodes + 1), FORMED_S)
    stage.network.power_on(range(1, nodes + 1), BACK_S)
    restored = {one for report in stage.reports_until(BACK_S + 300.0) for one in report.addresses}
    assert restored == {stage.address(node) for node in range(1, nodes + 1)}
