"""Faults are edits of the grid; who is dark follows from its solution."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.run.outage_rig import shifted_draws
from simulator.scoring.outage.faults import OUTAGES, OutageClass, draw_fault, draw_relays
from simulator.scoring.outage.score import DrawSettings, area_of
from simulator.scoring.outage.states import solve_faults

SCENARIO = area_of(DrawSettings(meters=50, seed=3))
AREA = SCENARIO.area


def dark_of(fault):
    solved = solve_faults(AREA, shifted_draws(SCENARIO), [fault])[fault.key]
    return {AREA.meters[index].id for index in np.flatnonzero(solved.during.dark)}, solved


@pytest.mark.parametrize("fault_class", [OutageClass.BOX, OutageClass.BRANCH, OutageClass.FEEDER])
def test_a_place_that_is_opened_darkens_just_the_meters_below_it(fault_class):
    fault = draw_fault(AREA, fault_class, (), np.random.default_rng(1))
    dark, _ = dark_of(fault)
    below = {meter.id for meter in AREA.meters if meter.node == fault.place or meter.node.startswith(fault.place + "/")}
    assert dark == below != set()


def test_one_conductor_of_a_box_darkens_its_single_phase_meters_and_the_others_live():
    chance = np.random.default_rng(2)
    fault = draw_fault(AREA, OutageClass.BOX_PHASE, (), chance)
    (edit,) = fault.edits
    dark, _ = dark_of(fault)
    phase = edit["conductors"][0].lower()
    assert dark == {meter.id for meter in AREA.meters if meter.node == fault.place and meter.phases == phase}


def test_without_high_voltage_all_meters_and_the_mains_are_dead_and_before_they_were_not():
    dark, solved = dark_of(draw_fault(AREA, OutageClass.AREA, (), np.random.default_rng(1)))
    assert len(dark) == 50
    assert max(solved.during.mains_v) < 1.0
    assert min(solved.before.mains_v) > 200.0
    assert not solved.before.dark.any()


def test_what_is_nested_stays_dark_when_the_feeder_is_back():
    fault = draw_fault(AREA, OutageClass.NESTED, (), np.random.default_rng(1))
    _, solved = dark_of(fault)
    box = fault.edits_left[0]["branch"]
    assert {AREA.meters[index].node for index in np.flatnonzero(solved.after.dark)} == {box}
    assert solved.during.dark.sum() > solved.after.dark.sum()


@pytest.mark.parametrize("fault_class", [one for one in OutageClass if one not in OUTAGES])
def test_what_is_no_outage_darkens_nobody(fault_class):
    chance = np.random.default_rng(4)
    assert dark_of(draw_fault(AREA, fault_class, draw_relays(AREA, chance), chance))[0] == set()


def test_a_dead_relay_makes_itself_and_all_behind_it_mute():
    chance = np.random.default_rng(5)
    relays = draw_relays(AREA, chance)
    fault = draw_fault(AREA, OutageClass.COMM_RELAY, relays, chance)
    relay = next(index for index, meter in enumerate(AREA.meters) if meter.id == fault.place)

    def passes(index):
        return index == relay or (relays[index] >= 0 and passes(relays[index]))

    assert set(fault.mute) == {index for index in range(50) if passes(index)}
    assert len(fault.mute) > 1
