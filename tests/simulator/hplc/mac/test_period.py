"""The beacon period: order of its parts, what each takes, what does not fit."""

from __future__ import annotations

import pytest

from simulator.hplc.mac.period import BeaconKind, BeaconRequest, PeriodSettings, SliceKind, plan_period
from simulator.hplc.phy import BIFS_S, airtime_s

REQUEST = BeaconRequest(coordinator=0, proxies=(4, 7), discovery=(1, 2, 9), tmi=4)
SLOT_S = airtime_s(4, 2, 1) + BIFS_S


def plan(settings: PeriodSettings, *requests: BeaconRequest, is_coordinated: bool = True):
    return plan_period(100.0, settings, requests or (REQUEST,), band=2, is_coordinated=is_coordinated)


def test_beacons_come_first_central_proxy_discovery() -> None:
    slots, = plan(PeriodSettings()).beacons
    assert [slot.sender for slot in slots] == [0, 0, 0, 4, 7, 1, 2, 9]
    assert [slot.phase for slot in slots] == [1, 2, 3, 0, 0, 0, 0, 0]
    assert [slot.kind for slot in slots] == [BeaconKind.CENTRAL] * 3 + [BeaconKind.PROXY] * 2 + [BeaconKind.DISCOVERY] * 3


def test_beacon_overhead_is_slots_times_their_length() -> None:
    assert plan(PeriodSettings(duration_s=10.0)).beacon_share == pytest.approx(8 * SLOT_S / 10.0)


def test_the_parts_of_a_period_fill_it_without_gap_in_their_order() -> None:
    made = plan(PeriodSettings(tdma_owners=(0, 4), tdma_slot_s=0.1, bound_s=0.5))
    kinds = [part.kind for part in made.slices]
    assert kinds == sorted(kinds)
    assert set(kinds) == set(SliceKind)
    edges = [made.beacons_end_s, *(part.end_s for part in made.slices)]
    assert edges[:-1] == [part.begin_s for part in made.slices]
    assert edges[-1] == made.end_s == 110.0


def test_phases_take_turns_in_slices_of_the_set_length() -> None:
    slices = [part for part in plan(PeriodSettings(csma_phases=3, csma_slice_s=0.2)).slices if part.kind is SliceKind.CSMA]
    assert [part.phase for part in slices[:5]] == [1, 2, 3, 1, 2]
    assert {round(part.end_s - part.begin_s, 6) for part in slices[:-1]} == {0.2}
    assert slices[-1].end_s - slices[-1].begin_s < 0.4


def test_networks_that_know_of_each_other_send_beacons_in_turn_others_at_once() -> None:
    other = BeaconRequest(coordinator=20, proxies=(), discovery=(), tmi=4)
    in_turn = plan(PeriodSettings(), REQUEST, other).beacons
    at_once = plan(PeriodSettings(), REQUEST, other, is_coordinated=False).beacons
    assert in_turn[1][0].begin_s == in_turn[0][-1].end_s
    assert at_once[1][0].begin_s == at_once[0][0].begin_s == 100.0


@pytest.mark.parametrize("duration_s", [0.5, 15.1])
def test_a_period_lasts_1_to_15_s(duration_s: float) -> None:
    with pytest.raises(ValueError, match="1 to 15 s"):
        plan(PeriodSettings(duration_s=duration_s))


def test_more_beacons_than_an_eight_bit_count_are_an_error() -> None:
    with pytest.raises(ValueError, match="slots for 255"):
        plan(PeriodSettings(), BeaconRequest(coordinator=0, proxies=range(1, 200), discovery=range(200, 300), tmi=4))


def test_a_period_without_room_for_csma_is_an_error() -> None:
    with pytest.raises(ValueError, match="leave no CSMA time"):
        plan(PeriodSettings(duration_s=1.0), BeaconRequest(coordinator=0, proxies=range(1, 80), discovery=(), tmi=4))
