"""Ways over branching points against transmission-line theory: quarter-wave notch, passivity, order of buses."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.grid.areas import STYLES, Area, AreaMeter, make_area
from simulator.grid.lines import line_branch
from simulator.grid.network import CONDUCTORS, Network, Source, Transformer
from simulator.hplc.channel.gains import Gains, gains
from simulator.hplc.channel.tree import common_depth, make_tree, place_modules
from simulator.hplc.phy import carrier_hz
from simulator.load.streams import Streams

STUB_M = 11.2


def line_with_stub(*, has_stub: bool) -> Area:
    """A main of 40 m, then 800 m of the same to a meter, so far that nothing comes back; a stub with an open end where they meet."""
    line = STYLES["urban_cable"].main
    branches = [line_branch("main", ("lv", "j"), CONDUCTORS, line, 40.0), line_branch("far", ("j", "k"), CONDUCTORS, line, 800.0)]
    if has_stub:
        branches.append(line_branch("stub", ("j", "end"), CONDUCTORS, line, STUB_M))
    network = Network(
        name="stub", source=Source(kv=10.0, z1_ohm=1j, z0_ohm=1j), branches=tuple(branches), shunts=(), loads=(),
        transformer=Transformer(kva=100, kv_hv=10.0, kv_lv=0.4, r_percent=1.0, x_percent=4.0, vector_group="Dyn11", lv_bus="lv"),
    )
    meter = AreaMeter(id="m", node="j", bus="k", service="far", phases="abc", loads=(), unit=1)
    return Area(name="stub", style="", seed=0, network=network, meters=(meter,))


def way_to_the_meter(area: Area, f_hz: np.ndarray) -> np.ndarray:
    found = gains_of(area, f_hz)
    return found.module[0].astype(float) * found.module[1]


def gains_of(area: Area, f_hz: np.ndarray) -> Gains:
    tree = make_tree(area.network)
    modules = place_modules(area, tree)
    return gains(tree, modules, f_hz, np.full(len(modules.bus), 300.0), Streams(1))


def test_an_open_stub_takes_out_where_it_is_a_quarter_and_three_quarters_of_a_wave_long():
    # the notches of the four-path reference channel, whose echoes are 2 x 11.2 m apart: 3.348 and 10.045 MHz, v = c/2 in PVC
    f_hz = np.arange(1.0e6, 13.0e6, 5e3)
    taken = way_to_the_meter(line_with_stub(has_stub=True), f_hz) / way_to_the_meter(line_with_stub(has_stub=False), f_hz)
    lowest = [f_hz[part][taken[part].argmin()] for part in (f_hz < 6.6e6, f_hz > 6.6e6)]
    assert lowest == pytest.approx([3.348e6, 10.045e6], rel=0.01)
    assert taken.min() < 0.1
    assert taken.max() <= 1.0 + 1e-5


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("band", [0, 2])
def test_wires_alone_never_give_out_more_than_goes_in_on_any_carrier(style: str, band: int):
    for seed in (1, 2):
        print("seed", seed)
        area = make_area(style, 60, seed=seed)
        tree = make_tree(area.network)
        bus = place_modules(area, tree).bus
        found = gains_of(area, carrier_hz(band))
        depth = common_depth(tree, bus)
        for row in range(len(bus)):
            meeting = found.meeting[tree.ancestors[bus[row], depth[row]]]
            way = found.module[row] * meeting * found.module
            others = np.arange(len(bus)) != row
            assert (way[others] <= 1.0 + 1e-4).all()
            assert (way[others] > 0.0).all()


def test_the_tree_of_an_area_is_the_one_its_names_tell():
    area = make_area("rural_overhead", 60, seed=4)
    tree = make_tree(area.network)
    for bus, parent in enumerate(tree.parent.tolist()):
        edge = tree.edges[bus]
        if edge is None:
            assert tree.buses[bus] == "lv"
        else:
            assert (edge.from_bus, edge.to_bus) == (tree.buses[parent], tree.buses[bus])
    modules = place_modules(area, tree)
    assert [tree.buses[box] for box in modules.box[1:]] == [meter.node for meter in area.meters]
    assert modules.phase_power.sum(axis=1) == pytest.approx(1.0)
