"""What is no outage, and what decides between an outage and a failure of communication."""

import dataclasses

import numpy as np
import pytest

from edge_agent.model import Archive, Meter, Role
from edge_agent.outage.hypothesis import AREA, Rival
from edge_agent.outage.locate import Locator
from edge_agent.outage.observed import PHASE_BITS, UNKNOWN, Observed

FIRST = "f0/b0/x0"


def area(n=256, *, three=(), bus_of=lambda box: "hplc", is_metered=False):
    meters = []
    for i in range(n):
        box = 32 * i // n
        is_three = i in three
        meters.append(Meter(
            id=str(i), index=i, profile="any", bus=bus_of(box), node=f"f{box // 8}/b{box // 2}/x{box}", phases="abc" if is_three else "a",
            grid_phases="abc" if is_three else "abc"[i % 3],
        ))
    if is_metered:
        meters.append(Meter(id="t", index=n, profile="any", bus="rs485", role=Role.AREA, phases="abc", grid_phases="abc"))
    return Archive("A", meters)


def seen(archive, *, gasped=(), failed=(), answered=(), tries=2, chance=0.8, **changes):
    observed = Observed.nothing(len(archive.meters))
    observed.gasp_chance[:] = chance
    observed.gasped[list(gasped)] = True
    observed.polls_failed[list(failed)] = tries
    observed.answered[list(answered)] = True
    return dataclasses.replace(observed, **changes)


def routed(n=256):
    """Through meter 10 go 100..119, through 100 in turn 120..129: a routing tree that knows nothing of boxes."""
    via = np.full(n, UNKNOWN, np.int32)
    via[100:120], via[120:130] = 10, 100
    return via


def judge(archive, observed):
    return Locator(archive).judge(observed, concentration=5.0)


def others(archive, dead):
    return [m for m in range(len(archive.meters)) if m not in set(dead)]


def test_what_is_silent_behind_one_relay_is_a_failure_of_communication():
    archive = area()
    silent = [10, *range(100, 130)]
    judgement = judge(archive, seen(archive, failed=silent, answered=others(archive, silent), via=routed()))
    fault, = judgement.faults
    assert (fault.best.rival, fault.best.meter) == (Rival.COMM, 10)
    assert fault.members == tuple(silent)
    assert fault.is_real < 1e-3
    assert judgement.dead.max() < 0.01


def test_a_relay_that_failed_is_told_also_where_some_found_another_way():
    archive = area()
    silent = [10, *range(100, 115), *range(120, 130)]
    fault, = judge(archive, seen(archive, failed=silent, answered=others(archive, silent), via=routed())).faults
    assert (fault.best.rival, fault.best.meter, fault.members) == (Rival.COMM, 10, tuple(silent))


def test_what_is_mute_behind_a_dead_relay_does_not_belong_to_the_outage():
    archive = area()
    box = archive.members(FIRST)                      # with the relay: meter 10 is moved there
    via = routed()
    via[100:120] = box[2]
    silent = [*box, *range(100, 130)]
    judgement = judge(archive, seen(archive, gasped=box, failed=silent, answered=others(archive, silent), via=via))
    outage, = (fault for fault in judgement.faults if fault.best.rival is Rival.OUTAGE)
    way, = (fault for fault in judgement.faults if fault.best.rival is Rival.COMM)
    assert (outage.best.node, outage.members) == (FIRST, box)
    assert (way.best.meter, way.members) == (box[2], tuple(range(100, 130)))
    assert judgement.dead[100:130].max() < 0.01


def test_a_dead_customer_who_relayed_is_not_a_failed_relay():
    archive = area()
    silent, via = [10, *range(100, 130)], routed()
    via[200:256] = np.arange(140, 196)                # many others relay as well
    judgement = judge(archive, seen(archive, gasped=[10], failed=silent, answered=others(archive, silent), via=via))
    outage = next(fault for fault in judgement.faults if fault.best.rival is Rival.OUTAGE)
    assert (outage.best.meter, outage.members) == (10, (10,))
    assert judgement.dead[100:130].max() < 0.01


def test_a_box_and_a_failed_relay_at_once_are_both_told():
    archive = area()
    box = archive.members("f3/b12/x24")
    silent = [10, *range(100, 130), *box]
    judgement = judge(archive, seen(archive, gasped=box[:5], failed=silent, answered=others(archive, silent), via=routed()))
    told = {(fault.best.rival, fault.best.node, fault.best.meter) for fault in judgement.faults}
    assert told == {(Rival.COMM, AREA, 10), (Rival.OUTAGE, "f3/b12/x24", -1)}


def test_a_lone_silent_meter_is_rather_mute_than_dead():
    archive = area()
    judgement = judge(archive, seen(archive, failed=[77], answered=others(archive, [77]), tries=5))
    fault, = judgement.faults
    assert (fault.best.rival, fault.best.meter, fault.members) == (Rival.COMM, 77, (77,))
    assert 0.001 < fault.is_real < 0.1
    assert fault.runner_up.rival is Rival.OUTAGE


def test_two_failed_polls_without_a_last_gasp_are_chance():
    archive = area()
    assert judge(archive, seen(archive, failed=[77], answered=others(archive, [77]))).faults == ()


def test_failed_polls_without_end_do_not_prove_an_outage():
    archive = area()
    few = judge(archive, seen(archive, failed=[77], answered=others(archive, [77]), tries=6))
    many = judge(archive, seen(archive, failed=[77], answered=others(archive, [77]), tries=5000))
    assert many.faults[0].is_real == pytest.approx(few.faults[0].is_real, rel=0.05)


def test_a_bus_that_serves_several_boxes_is_told_from_one_box_of_it():
    archive = area(bus_of=lambda box: f"bus{box // 4}")
    whole = [m for m in range(256) if archive.meters[m].bus == "bus2"]
    box = archive.members("f1/b4/x8")
    bus, = judge(archive, seen(archive, failed=whole, answered=others(archive, whole), tries=4, chance=0.0)).faults
    assert (bus.best.rival, bus.best.bus, bus.members) == (Rival.COMM, "bus2", tuple(whole))
    outage, = judge(archive, seen(archive, failed=box, answered=others(archive, box), tries=4, chance=0.0)).faults
    assert (outage.best.rival, outage.best.node, outage.members) == (Rival.OUTAGE, "f1/b4/x8", box)


def test_mains_decide_between_the_area_and_a_dead_coordinator():
    archive = area()
    everybody = range(256)
    without, lost, there = (
        judge(archive, seen(archive, failed=everybody, mains=np.full(3, mains, np.int8))).faults[0] for mains in (UNKNOWN, 0, 1)
    )
    assert (without.best.rival, there.best.rival) == (Rival.COMM, Rival.COMM)
    assert (lost.best.rival, lost.best.node) == (Rival.OUTAGE, AREA)
    assert there.is_real < without.is_real < 0.5 < lost.is_real


def test_a_feeder_that_cannot_be_heard_is_still_found():
    """The conductor is broken: no last gasp arrives, and one relay happens to serve just these meters."""
    archive = area()
    feeder = archive.members("f1")
    via = np.arange(256, dtype=np.int32) - 1
    via[[0, *feeder]] = UNKNOWN
    judgement = judge(archive, seen(archive, failed=feeder, answered=others(archive, feeder), via=via))
    assert (judgement.faults[0].best.rival, judgement.faults[0].best.node) == (Rival.OUTAGE, "f1")


def test_with_mains_in_the_area_is_out_and_its_feeders_are_told():
    archive = area()
    everybody = range(256)
    judgement = judge(archive, seen(archive, gasped=everybody, failed=everybody, mains=np.ones(3, np.int8)))
    assert sorted(fault.best.node for fault in judgement.faults) in (["f0", "f1", "f2", "f3"], [AREA])
    one = judge(archive, seen(archive, gasped=archive.members("f0"), mains=np.ones(3, np.int8)))
    assert [fault.best.node for fault in one.faults] == ["f0"]


def test_mains_alone_suspect_the_area_and_answers_deny_it():
    archive = area()
    alone = judge(archive, seen(archive, chance=0.0, mains=np.zeros(3, np.int8)))
    assert alone.faults[0].best.node == AREA
    assert 0.5 < alone.faults[0].is_real < 0.999
    assert judge(archive, seen(archive, chance=0.0, answered=range(60), mains=np.zeros(3, np.int8))).faults == ()


def test_a_lost_phase_of_the_mains_is_the_phase_of_the_area():
    archive = area(three=(7,))
    dead = [m for m in range(256) if archive.meters[m].grid_phases == "b"]
    observed = seen(archive, gasped=dead[:40], chance=0.5, mains=np.array([1, 0, 1], np.int8))
    fault, = judge(archive, observed).faults
    assert (fault.best.node, fault.best.phases, fault.members) == (AREA, "b", tuple(dead))


def test_meters_of_three_phases_tell_which_phase_is_lost_above_them():
    archive = area(three=(0, 3, 9))
    bits = np.zeros(256, np.int8)
    bits[[0, 3, 9]] = PHASE_BITS["c"]
    dead = [m for m in archive.members("f0/b0") if archive.meters[m].grid_phases == "c"]
    observed = seen(archive, gasped=dead[:2], phase_lost=bits, phase_live=np.where(bits, 3, 0).astype(np.int8))
    fault, = judge(archive, observed).faults
    assert (fault.best.node, fault.best.phases, fault.members) == ("f0/b0", "c", tuple(dead))


def test_a_voltage_that_is_there_denies_the_phase():
    archive = area(three=(0,))
    dead = [m for m in archive.members(FIRST) if archive.meters[m].grid_phases == "b"]
    live = np.zeros(256, np.int8)
    live[0] = PHASE_BITS["b"]
    with_it = judge(archive, seen(archive, gasped=dead, phase_live=live))
    without = judge(archive, seen(archive, gasped=dead))
    assert with_it.dead[dead].max() < without.dead[dead].max()


def test_a_phase_lost_at_one_meter_of_three_phases_is_its_own_fault():
    archive = area(three=(0, 20))
    lost, live = np.zeros(256, np.int8), np.zeros(256, np.int8)
    lost[0], live[0] = PHASE_BITS["a"], 6
    neighbours = [m for m in archive.members(FIRST) if m]
    observed = seen(archive, answered=[0, *neighbours], phase_lost=lost, phase_live=live)
    fault, = judge(archive, observed).faults
    assert (fault.best.rival, fault.best.meter, fault.best.phases) == (Rival.OUTAGE, 0, "a")


def test_the_fallen_load_supports_the_outage_against_the_failure_of_communication():
    archive = area()
    box = archive.members(FIRST)
    via = np.full(256, UNKNOWN, np.int32)
    via[list(box[1:])] = box[0]
    current_a = np.where(np.arange(3) == (np.arange(256) % 3)[:, None], 4.0, 0.0)
    lost_a = current_a[list(box)].sum(axis=0)
    sd_a = np.full(3, 2.0)
    known = {"last_current_a": current_a, "load_drop_sd_a": sd_a}
    common = {"failed": box, "answered": others(archive, box), "chance": 0.0, "via": via, **known}
    unknown = judge(archive, seen(archive, **common)).faults[0]
    fell = judge(archive, seen(archive, load_drop_a=lost_a, **common)).faults[0]
    stayed = judge(archive, seen(archive, load_drop_a=np.zeros(3), **common)).faults[0]
    assert stayed.is_real < unknown.is_real < fell.is_real
    assert (fell.best.rival, stayed.best.rival) == (Rival.OUTAGE, Rival.COMM)


def test_meters_at_the_transformer_are_no_customers_but_answer_for_the_area():
    archive, mains = area(is_metered=True), np.zeros(3, np.int8)
    alone, = judge(archive, seen(archive, chance=0.0, mains=mains)).faults
    assert (alone.best.node, alone.members) == (AREA, tuple(range(256)))
    assert judge(archive, seen(archive, chance=0.0, answered=[256], mains=mains)).faults == ()


def test_false_alarms_of_a_year_of_windows_are_few():
    """Random false last gasps, polled twice: 0.5 in 90 days at 96 windows a day would be 1 in 17280 (outage.md 1.4)."""
    archive, chance = area(), np.random.default_rng(11)
    locator, told = Locator(archive), 0
    for _ in range(1500):
        gasped = np.flatnonzero(chance.random(256) < 5e-4)
        failed = [m for m in range(256) if chance.random() < 4e-4]
        observed = seen(archive, gasped=[m for m in gasped if m in failed], failed=failed, answered=others(archive, failed))
        told += any(fault.best.rival is Rival.OUTAGE and fault.is_real > 0.9 for fault in locator.judge(observed, concentration=5.0).faults)
    assert told == 0
