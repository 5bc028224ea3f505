"""What the meters of an area show: within their class, with their noise, as finely as their registers, and counting what flowed."""

import numpy as np
import pytest

from edge_agent.model import COLUMN_INDEX
from simulator.grid.areas import make_area
from simulator.run.metering import Metering, Models
from simulator.scenario import Change, Timeline, World

AREA = make_area("rural_overhead", 60, seed=5)
STEP_S = 60.0


class Steady:
    """Draws the same for ever; below zero it gives."""

    def __init__(self, p_w):
        self.p_w = p_w

    def mean_power(self, from_s, step_s, n):
        return np.full(n, float(self.p_w)), np.full(n, 0.2 * abs(self.p_w))


def metering(*changes, p_w=500.0, models=None):
    world = World(AREA, {load.id: Steady(p_w) for load in AREA.network.loads}, Timeline(changes), step_s=STEP_S)
    return Metering(world, models or Models())


def column(measured, name):
    return measured.values[:-1, COLUMN_INDEX[name]]


def test_volts_are_within_the_class_and_their_noise_is_new_at_each_step_but_the_same_for_the_same_seed():
    first, again = metering(), metering()
    true_v = np.abs(first.world.block_of(3)[0].volts[[loads[0] for loads in first.loads], 3])
    off = column(first.at(3), "voltage_v.a") / true_v - 1.0
    assert 0.0001 < np.abs(off).max() < 0.004
    noise = [column(first.at(step), "voltage_v.a") / column(first.at(0), "voltage_v.a") - 1.0 for step in range(1, 20)]
    assert np.std(noise) == pytest.approx(1e-4 * 2**0.5, rel=0.2)        # the load is steady, both ends have noise
    assert np.nan_to_num(first.at(3).values).tobytes() == np.nan_to_num(again.at(3).values).tobytes()


def test_a_meter_shows_as_finely_as_its_registers():
    found = metering(models=Models(single_phase="pzem-004t-v3")).at(4)      # 0.1 V, 0.001 A
    single = [place for place, meter in enumerate(AREA.meters) if len(meter.phases) == 1]
    for name, step in (("voltage_v.a", 0.1), ("current_a.a", 0.001)):
        values = column(found, name)[single]
        assert values == pytest.approx(np.round(values / step) * step, abs=1e-9)
        assert len(set(values.tolist())) > 3
    plain = metering().at(4)
    assert np.abs(column(found, "voltage_v.a") - column(plain, "voltage_v.a")).max() <= 0.05 + 1e-9


@pytest.mark.parametrize("p_w", [700.0, -700.0])
def test_the_area_meter_counts_what_flows_either_way_and_its_demand(p_w):
    found = metering(p_w=p_w)
    at, n = 29, len(found.loads)
    flowed = []
    for step in range(at + 1):
        block, place = found.world.block_of(step)
        flowed.append((block.transformer_v[:, place] * block.transformer_a[:, place].conj()).sum())
    terminals = found.terminals(n, at)
    energy = np.sum(flowed) * STEP_S / 3600.0
    assert terminals.import_wh - terminals.export_wh == pytest.approx(energy.real, rel=1e-9)
    assert min(terminals.import_wh, terminals.export_wh) == 0.0
    assert terminals.reactive_varh == pytest.approx(energy.imag, rel=1e-9)
    assert terminals.demand_w == pytest.approx(max(0.0, float(np.mean(flowed[-15:]).real)), rel=1e-9)
    row = found.at(at).values[n]
    assert row[COLUMN_INDEX["active_energy_export_wh"]] == pytest.approx(terminals.export_wh)


def test_meters_and_lines_together_are_the_area():
    found = metering()
    block, place = found.world.block_of(29)
    metered_wh = sum(found.terminals(meter, 29).import_wh for meter in range(len(found.loads)))
    assert metered_wh == pytest.approx(block.import_wh[:, place].sum(), rel=1e-12)
    assert metered_wh < block.transformer_wh[place] < 1.1 * metered_wh


def change(name, at_s, until_s=float("inf"), **what):
    return Change(id=name, fault_class="x", place="y", at_s=at_s, until_s=until_s, **what)


def test_every_register_of_a_swapped_meter_begins_at_zero():
    meter = AREA.meters[7].id
    found = metering(change("s", 600.0, 900.0, swap=(meter,), edits=({"op": "open", "branch": AREA.meters[7].service},)))
    begun, later = found.terminals(7, 15), found.terminals(7, 18)
    assert begun.import_wh == begun.reactive_varh == begun.demand_w == 0.0
    assert later.demand_w == pytest.approx(later.import_wh / (3 * STEP_S / 3600.0))
    assert later.reactive_varh > 0.0


def test_a_clock_that_is_set_is_remembered_and_right_from_then_on():
    meter = AREA.meters[7].id
    found = metering(
        change("set", 600.0, clock=(meter,)), change("f", 1200.0, 1500.0, edits=({"op": "open", "branch": AREA.meters[7].service},)),
    )
    body = found.bodies[7]
    records = {record.kind: record.at_s for record in found.records(29)[meter]}
    assert records["clock_set"] == pytest.approx(600.0 + body.clock_off_s, abs=0.1)
    assert records["power_down"] == pytest.approx(1200.0, abs=0.1)
    assert abs(body.clock_off_s) > 0.5
