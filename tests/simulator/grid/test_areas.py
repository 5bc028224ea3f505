"""Generated areas: plausible, solvable, the same from the same seed, and with places that a fault can be put at."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.grid.areas import STYLES, make_area
from simulator.grid.checks import check_network
from simulator.grid.edits import apply_edits
from simulator.grid.lines import LineType, ohm_per_metre
from simulator.grid.solver import Solver


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("meters", [50, 137, 400])
def test_an_area_has_its_meters_and_plausible_voltages(style, meters):
    area = make_area(style, meters, seed=3)
    check_network(area.network)
    assert len(area.meters) == meters
    assert len({meter.id for meter in area.meters}) == meters
    assert {len(meter.phases) for meter in area.meters} <= {1, 3}
    assert sum(len(meter.loads) for meter in area.meters) == len(area.network.loads)
    # 0.6 kW after diversity on each phase of each meter
    n = len(area.network.loads)
    volts = np.abs(Solver(area.network).solve(np.full((n, 1), 0.6), np.full((n, 1), 0.15)).volts)
    assert 195.0 < volts.min() <= volts.max() < 240.0
    assert volts.max() - volts.min() > 0.5


def test_each_phase_has_its_share_of_the_meters():
    area = make_area("urban_cable", 600, seed=1)
    counts = [sum(phase in meter.phases for meter in area.meters) for phase in "abc"]
    assert min(counts) > 0.7 * max(counts)


def test_every_place_is_a_branch_that_can_be_cut():
    area = make_area("rural_overhead", 60, seed=5)
    box = area.meters[30].node
    cut = Solver(apply_edits(area.network, [{"op": "open", "branch": box, "conductors": list("ABCN")}]))
    dark = {load for meter in area.meters if meter.node == box for load in meter.loads}
    volts = np.abs(cut.solve().volts[:, 0])
    assert {load.id for load, size in zip(area.network.loads, volts, strict=True) if size == 0.0} == dark
    feeder = area.meters[-1].node.split("/")[0]
    whole = Solver(apply_edits(area.network, [{"op": "open", "branch": feeder, "conductors": list("ABCN")}]))
    lost = {load for meter in area.meters if meter.node.startswith(f"{feeder}/") for load in meter.loads}
    assert {load.id for load, size in zip(area.network.loads, np.abs(whole.solve().volts[:, 0]), strict=True) if size == 0.0} == lost


def test_the_same_seed_is_the_same_area_in_another_process_too():
    code = (
        "import hashlib; from simulator.grid.areas import make_area; a = make_area('old_compound', 80, seed=7);"
        "print(hashlib.sha256(b''.join(b.z_ohm.tobytes() for b in a.network.branches) + repr(a.meters).encode()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    area = make_area("old_compound", 80, seed=7)
    digest = hashlib.sha256(b"".join(branch.z_ohm.tobytes() for branch in area.network.branches) + repr(area.meters).encode())
    assert digest.hexdigest() == other
    assert make_area("old_compound", 80, seed=8).meters != area.meters


def test_impedances_are_those_of_the_reference_cable():
    """mini5's 4x70 Al cable: 0.4923 ohm/km with its earth return, 0.782 ohm/km reactance, 0.704 between neighbours."""
    z = 1000 * ohm_per_metre(LineType(name="4x70 Al", mm2=70, metal="Al", spacing_m=0.0127), 4)
    assert z[0, 0].real == pytest.approx(0.4923, abs=1e-4)
    assert z[0, 0].imag == pytest.approx(0.7818, abs=1e-3)
    assert z[0, 1].real == pytest.approx(0.0493, abs=1e-4)
    assert z[0, 1].imag == pytest.approx(0.7042, abs=1e-3)
    assert z[0, 2].imag == pytest.approx(0.6824, abs=1e-3)


@pytest.mark.parametrize(("style", "meters", "said"), [("moon_base", 60, "style 'moon_base'"), ("urban_cable", 5, "5 meters: 50 to 1000")])
def test_an_area_that_cannot_be_is_refused(style, meters, said):
    with pytest.raises(ConfigError, match=said):
        make_area(style, meters, seed=1)
