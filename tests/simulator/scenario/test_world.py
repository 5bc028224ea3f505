"""An area as it lives: energies add up, cuts darken exactly what they feed, taps and joints show only through volts and amperes."""

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.grid.areas import make_area
from simulator.scenario import Change, Timeline, World, cut, read_changes

AREA = make_area("old_compound", 60, seed=4)
STEP_S = 60.0


class Steady:
    """Draws the same for ever."""

    def __init__(self, p_w, q_var=0.0):
        self.p_w, self.q_var = p_w, q_var

    def mean_power(self, from_s, step_s, n):
        return np.full(n, float(self.p_w)), np.full(n, float(self.q_var))


def world(*changes, p_w=500.0, step_s=STEP_S, **settings):
    draws = {load.id: Steady(p_w, 0.2 * p_w) for load in AREA.network.loads}
    return World(AREA, draws, Timeline(changes), step_s=step_s, **settings)


def row(load_id):
    return [load.id for load in AREA.network.loads].index(load_id)


def test_energy_is_the_sum_of_what_flowed_also_across_blocks_and_out_of_order():
    straight, jumping = world(block_steps=7), world(block_steps=7)
    block, place = jumping.block_of(40)
    powers = []
    for step in range(41):
        now, at = straight.block_of(step)
        powers.append((now.volts[:, at] * now.amperes[:, at].conj()).real)
    assert block.import_wh[:, place] == pytest.approx(np.sum(powers, axis=0) * STEP_S / 3600.0, rel=1e-12)
    now, at = straight.block_of(40)
    assert (block.import_wh[:, place] == now.import_wh[:, at]).all()
    assert block.transformer_wh[place] > block.import_wh[:, place].sum()       # lines lose some


def test_a_cut_darkens_the_meters_behind_it_while_it_lasts():
    box = AREA.meters[20].node
    living = world(Change(id="f", fault_class="box_outage", place=box, at_s=600.0, until_s=1200.0, edits=(cut(box),)))
    behind = [row(load) for meter in AREA.meters if meter.node == box for load in meter.loads]
    for step, is_dark in ((9, False), (10, True), (19, True), (20, False)):
        block, at = living.block_of(step)
        dark = np.flatnonzero(np.abs(block.volts[:, at]) < 1.0).tolist()
        assert dark == (behind if is_dark else [])


def test_energy_stands_still_in_the_dark():
    box = AREA.meters[20].node
    living = world(Change(id="f", fault_class="box_outage", place=box, at_s=600.0, until_s=1200.0, edits=(cut(box),)))
    load = row(next(meter for meter in AREA.meters if meter.node == box).loads[0])
    wh = [living.block_of(step)[0].import_wh[load, living.block_of(step)[1]] for step in (9, 10, 19, 20)]
    assert wh[0] == wh[1] == wh[2] < wh[3]


def test_a_bypass_draws_without_being_metered():
    meter = AREA.meters[10]
    load = {"id": "tap", "bus": meter.node, "phase": meter.phases[0].upper(), "p_kw": 4.0, "q_kvar": 0.0, "v_nom": 220.0, "unmetered": True}
    tap = {"op": "add_load", "load": load}
    plain, tapped = world(), world(Change(id="t", fault_class="theft", place=meter.id, at_s=0.0, edits=(tap,)))
    (before, at), (after, _) = plain.block_of(5), tapped.block_of(5)
    rise_w = ((after.transformer_v * after.transformer_a.conj()) - (before.transformer_v * before.transformer_a.conj()))[:, at].real.sum()
    assert 4000.0 < rise_w < 4600.0
    load = row(meter.loads[0])
    metered = [(block.volts[load, at] * block.amperes[load, at].conj()).real for block in (before, after)]
    assert metered[1] <= metered[0]
    assert abs(after.volts[load, at]) < abs(before.volts[load, at]) - 0.2


def test_a_lost_neutral_raises_one_phase_and_lowers_another():
    feeder = AREA.meters[0].node.split("/")[0]
    living = world(Change(id="n", fault_class="broken_neutral", place=feeder, at_s=0.0, edits=(cut(feeder, "N"),)), p_w=300.0)
    block, at = living.block_of(0)
    volts = np.abs(block.volts[:, at])
    behind = [row(load) for meter in AREA.meters if meter.node.startswith(f"{feeder}/") for load in meter.loads]
    assert volts[behind].max() > 235.0
    assert volts[behind].min() < 215.0


def test_two_faults_at_once_and_load_factors():
    scaled = world(
        change(0.0, {"op": "scale_loads", "factor": 3.0}, "hot"),
        change(60.0, {"op": "set_load", "load": AREA.network.loads[0].id, "set": {"p_kw": 0.0}}, "one"),
    )
    (block, at), (plain, _) = scaled.block_of(0), world().block_of(0)
    ratio = np.abs(block.amperes[5, at]) / np.abs(plain.amperes[5, at])
    assert 2.5 < ratio < 3.0
    assert np.abs(block.amperes[0, 1].real) < 0.02 * np.abs(plain.amperes[0, 1])


def change(at_s, edit, name):
    return Change(id=name, fault_class="x", place="y", at_s=at_s, edits=(edit,))


F = {"id": "f", "class": "x", "place": "y"}
HEAD = [cut("feeder-1")]
BAD = {
    "nowhere": (F | {"at": 0, "edits": [cut("feeder-9")]}, r"change f: edit 1 \(open\): no branch feeder-9"),
    "backwards": (
        F | {"at": "1:00:00", "until": "0:30:00", "edits": HEAD},
        r"change f: from 3600 s until 1800 s; begin at 0 or later and end after that",
    ),
    "unknown key": (F | {"at": 0, "edits": HEAD, "colour": 1}, r"change f: unknown key colour"),
    "nothing": (F | {"at": 0, "edits": []}, r"change f: no edits, mute, swap, cover or clock"),
    "no time": (F | {"edits": HEAD}, r"change f: at is missing"),
    "odd time": (F | {"at": "noon", "edits": HEAD}, r"change f: time 'noon': write seconds"),
}


@pytest.mark.parametrize(("given", "said"), BAD.values(), ids=BAD)
def test_a_change_that_cannot_be_is_said_in_one_line_and_nothing_runs(given, said):
    with pytest.raises(ConfigError, match=said):
        World(AREA, {}, read_changes([given]), step_s=1.0)
