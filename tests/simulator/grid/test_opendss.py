"""The network as we write it for OpenDSS, solved by OpenDSS itself, beside our own solution.

OpenDSS runs in a process of its own: it is one global state, and native code that sets up the floating-point unit for itself.
"""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.grid.areas import make_area
from simulator.grid.edits import apply_edits
from simulator.grid.ieee_feeder import read_feeder
from simulator.grid.json_network import read_cases, read_network
from simulator.grid.load_law import LOW_VOLTAGE
from simulator.grid.network import EARTH, Shunt
from simulator.grid.opendss import opendss_script
from simulator.grid.solver import Solver
from simulator.grid.state import GridState
from tests.simulator.grid.networks import line, mixed, small_area, star_of_resistors

DATA = Path(__file__).parents[2] / "data"
MINI5 = DATA / "lv_faults" / "mini5"
GROUPS = ("Dyn11", "Dyn1", "Yyn0")
FAULTS = {
    "healthy": [],
    "main neutral": [{"op": "open", "branch": "m1", "conductors": ["N"]}],
    "main": [{"op": "open", "branch": "m1", "conductors": list("ABCN")}],
    "service": [{"op": "open", "branch": "s1", "conductors": list("AN")}],
    "service phase": [{"op": "open", "branch": "s2", "conductors": ["B"]}],
    "one high-voltage phase": [{"op": "hv_open", "conductor": "A"}],
    "two high-voltage phases": [{"op": "hv_open", "conductor": phase} for phase in "AB"],
    "all high-voltage phases": [{"op": "hv_open", "conductor": phase} for phase in "ABC"],
    "leak": [{"op": "shunt_r", "id": "leak", "bus": "c2", "conductor": "B", "ohm": 20.0}],
    "dark and without load": [{"op": "open", "branch": "s1", "conductors": list("AN")}, {"op": "scale_loads", "factor": 0.0}],
}
# solves each script of a list; of every load in turn the volts to earth of its phase and its return
OPENDSS = """
import json, sys
from dss import DSS
found = []
for script in json.load(sys.stdin):
    DSS.Text.Commands(script)
    circuit = DSS.ActiveCircuit
    volts = [[float(part) for part in circuit.ActiveCktElement.Voltages] for _ in circuit.Loads]
    found.append({"converged": bool(circuit.Solution.Converged), "volts": volts})
json.dump(found, sys.stdout)
"""


def opendss(*scripts):
    """For each script: volts to earth, shape (n_loads, 2), of the phase and the return of every load."""
    done = subprocess.run(
        [sys.executable, "-c", OPENDSS], input=json.dumps(scripts), capture_output=True, text=True, check=False, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    solutions = json.loads(done.stdout)
    assert all(found["converged"] for found in solutions)
    return [np.array(found["volts"])[:, 0::2] + 1j * np.array(found["volts"])[:, 1::2] for found in solutions]


def ours(network):
    solver = Solver(network)
    return GridState(solver, solver.solve())


def nominal_v(network):
    return np.array([load.v_nom for load in network.loads])


def cases_of(folder):
    network = read_network(folder / "network.json")
    return {f"{network.name}: {case.id}": apply_edits(network, case.edits) for case in read_cases(folder / "cases.json")}


def small_areas():
    found = {"star": star_of_resistors()}
    for group in GROUPS:
        area = small_area(group)
        forms = {
            group: area,
            f"{group} without a link": replace(area, source=replace(area.source, link_ohm=0.0)),
            f"{group} without earth": replace(area, shunts=()),
            f"{group} solidly earthed": replace(area, shunts=(Shunt(id="solid", bus="lv", conductor="N", ohm=0.0), *area.shunts)),
        }
        found |= {f"{form}: {fault}": apply_edits(network, edits) for form, network in forms.items() for fault, edits in FAULTS.items()}
    return found


def generated_areas():
    """What the generator makes, with loads of every size, healthy and with faults at places of its own."""
    found = {}
    for style, meters in (("rural_overhead", 60), ("urban_cable", 80), ("old_compound", 70)):
        area = make_area(style, meters, seed=13)
        chance = np.random.default_rng(13)
        loads = tuple(
            replace(load, p_kw=round(float(kw), 4), q_kvar=round(0.3 * float(kw), 4))
            for load, kw in zip(area.network.loads, chance.gamma(1.0, 0.8, len(area.network.loads)), strict=True)
        )
        network, box, service = replace(area.network, loads=loads), area.meters[20].node, area.meters[40].service
        feeder = box.split("/")[0]
        faults = {
            "healthy": [], "box": [{"op": "open", "branch": box}], "high-voltage phase": [{"op": "hv_open", "conductor": "C"}],
            "feeder neutral": [{"op": "open", "branch": feeder, "conductors": ["N"]}],
            "feeder phase": [{"op": "open", "branch": feeder, "conductors": ["B"]}],
            "joint": [{"op": "series_r", "branch": service, "conductor": "N", "ohm": 0.4}],
            "leak": [{"op": "shunt_r", "id": "leak", "bus": box, "conductor": "A", "ohm": 30.0}],
        }
        found |= {f"{style}: {name}": apply_edits(network, edits) for name, edits in faults.items()}
    return found


NETWORKS = cases_of(MINI5) | cases_of(DATA / "lv_faults" / "cn_area_tt") | small_areas() | generated_areas()


def frozen(network):
    """The same network with every load as the impedance that it is in our solution; where it has no supply as at nominal voltage."""
    state = ours(network)
    loads = []
    for load, volts, amperes in zip(network.loads, state.load_volts[:, 0], state.load_amperes[:, 0], strict=True):
        if abs(volts) > 0.0:
            power = complex(np.conj(amperes / volts)) * load.v_nom**2 / 1000.0
            load = replace(load, p_kw=power.real, q_kvar=power.imag)
        loads.append(replace(load, zip=(1.0, 0.0, 0.0)))
    return replace(network, loads=tuple(loads))


@pytest.fixture(scope="module")
def theirs():
    return dict(zip(NETWORKS, opendss(*map(opendss_script, NETWORKS.values())), strict=True))


@pytest.mark.parametrize("name", NETWORKS)
def test_opendss_finds_our_voltages(theirs, name):
    network, found = NETWORKS[name], theirs[name]
    state = ours(network)
    off = (found[:, 0] - found[:, 1] - state.load_volts[:, 0]) / nominal_v(network)
    assert np.abs(off).max() < 1e-6
    # phase to neutral says nothing of electrodes and leaks
    to_earth = np.stack(state.load_to_earth(), axis=1)[:, :, 0]
    assert np.abs((found - to_earth) / nominal_v(network)[:, None]).max() < 1e-6


def test_below_the_low_voltage_rule_the_state_agrees_also_without_our_load_law():
    low = [network for network in NETWORKS.values() if (np.abs(ours(network).load_volts[:, 0]) < LOW_VOLTAGE * nominal_v(network)).any()]
    assert len(low) > 20
    for network, found in zip(low, opendss(*(opendss_script(frozen(network)) for network in low)), strict=True):
        off = (found[:, 0] - found[:, 1] - ours(network).load_volts[:, 0]) / nominal_v(network)
        assert np.abs(off).max() < 1e-6


@pytest.mark.parametrize("group", GROUPS)
def test_an_open_high_voltage_phase_is_split_between_its_units_also_without_load(group):
    network = apply_edits(small_area(group), [*FAULTS["one high-voltage phase"], {"op": "scale_loads", "factor": 0.0}])
    (found,) = opendss(opendss_script(network))
    assert np.abs(found[:, 0] - found[:, 1] - ours(network).load_volts[:, 0]).max() < 1e-4 * 230.0


def test_the_ieee_feeder_with_its_loads_to_earth_agrees():
    feeder = read_feeder(DATA / "ieee_european_lv", zip_shares=(0.4, 0.3, 0.3))
    powers = zip(feeder.network.loads, feeder.p_kw[:, -1].tolist(), feeder.q_kvar[:, -1].tolist(), strict=True)
    network = replace(feeder.network, loads=tuple(replace(load, p_kw=p_kw, q_kvar=q_kvar) for load, p_kw, q_kvar in powers))
    (found,) = opendss(opendss_script(network))
    off = (found[:, 0] - found[:, 1] - ours(network).load_volts[:, 0]) / nominal_v(network)
    assert {load.to for load in network.loads} == {EARTH}
    assert np.abs(off).max() < 1e-6


def test_names_that_opendss_cannot_read_are_changed_and_stay_apart():
    rename = {"lv": "低压", "b1": "Box.1 A", "b2": "box_1_a", "b3": "hv", "c1": "用户", "c2": "Source", "c3": "a\nClear", "c4": "x!=[(@\"'"}
    area = small_area()
    network = replace(
        area, name="台区 1\nClear", transformer=replace(area.transformer, lv_bus="低压"),
        branches=tuple(
            replace(branch, id=f"m.{number}" if number else "HV_link_A", from_bus=rename[branch.from_bus], to_bus=rename[branch.to_bus])
            for number, branch in enumerate(area.branches) if branch.from_bus in rename
        ),
        shunts=(replace(area.shunts[0], bus="低压", id="//"),),
        loads=tuple(replace(load, id="L" * number + "\r\n", bus=rename[load.bus]) for number, load in enumerate(area.loads, 1)),
    )
    script = opendss_script(network)
    (found,) = opendss(script)
    assert script.isascii()
    assert script.splitlines().count("Clear") == 1
    assert r"! bus a_Clear is 'a\nClear'" in script.splitlines()
    assert np.abs(found[:, 0] - found[:, 1] - ours(area).load_volts[:, 0]).max() < 1e-6 * 230.0


def test_a_cut_conductor_is_left_out_and_named():
    network = apply_edits(small_area(), [{"op": "open", "branch": "m1", "conductors": ["N", "B"]}])
    written = next(text for text in opendss_script(network).splitlines() if text.startswith("New Line.m1 "))
    assert "Phases=2 Bus1=lv.1.3 Bus2=b1.1.3 " in written
    assert written.endswith("! cut: B N")


def test_numbers_keep_every_bit():
    network = replace(small_area(), branches=(*small_area().branches, line("thin", "b3", "c9", conductors="A", ohm=0.1 + 0.2)))
    written = next(text for text in opendss_script(network).splitlines() if text.startswith("New Line.thin "))
    assert "RMatrix=[0.30000000000000004] XMatrix=[0.15000000000000002] CMatrix=[0]" in written


def to_dss(*arguments):
    command = [sys.executable, "-m", "edge_agent.cli.main", "sim", "to-dss", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_prints_the_script_of_a_network_or_of_one_of_its_cases():
    done = to_dss(MINI5 / "network.json")
    assert (done.returncode, done.stdout) == (0, opendss_script(NETWORKS["mini5: healthy"])), done.stderr
    done = to_dss(MINI5 / "network.json", "--case", MINI5 / "cases.json", "earth_fault_20")
    assert (done.returncode, done.stdout) == (0, opendss_script(NETWORKS["mini5: earth_fault_20"])), done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([MINI5 / "network.json", "--case", MINI5 / "cases.json", "nonsense"], "no case nonsense; one of healthy, "),
        ([MINI5 / "nowhere.json"], "nowhere.json: cannot be read"),
    ],
)
def test_the_command_says_in_one_line_what_is_missing(arguments, says):
    done = to_dss(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert says in done.stderr


@pytest.mark.parametrize("group", GROUPS)
def test_an_area_with_loads_of_four_laws_and_panels_agrees_also_behind_a_lost_neutral(group):
    network = mixed("urban_cable", 120, 127, panels=True, group=group)
    faults = ([], [{"op": "hv_open", "conductor": "A"}], [{"op": "open", "branch": "feeder-1", "conductors": ["N"]}])
    cases = [apply_edits(network, edits) for edits in faults]
    for case, found in zip(cases, opendss(*(opendss_script(frozen(case)) for case in cases)), strict=True):
        off = (found[:, 0] - found[:, 1] - ours(case).load_volts[:, 0]) / nominal_v(case)
        assert np.abs(off).max() < 1e-6
