"""Closed forms, symmetries and conservation: what must hold whatever another program says."""

import cmath
import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.grid.edits import apply_edits
from simulator.grid.network import EARTH, PHASES, Shunt
from simulator.grid.solver import NotSolvedError, Solver
from simulator.grid.state import GridState
from tests.simulator.grid.networks import line, small_area, star_of_resistors


def solved(network, p_kw=None, q_kvar=None):
    solver = Solver(network)
    return GridState(solver, solver.solve(p_kw, q_kvar))


def test_the_star_point_behind_a_lost_neutral_is_where_millman_puts_it():
    ohms = (10.0, 20.0, 50.0)
    state = solved(apply_edits(star_of_resistors(ohms), [{"op": "open", "branch": "l", "conductors": ["N"]}]))
    source = [cmath.rect(400.0 / math.sqrt(3.0), math.radians(30.0 - 120.0 * place)) for place in range(3)]
    star = sum(volts / ohm for volts, ohm in zip(source, ohms, strict=True)) / sum(1.0 / ohm for ohm in ohms)
    expected = [abs(volts - star) for volts in source]
    assert np.abs(state.load_volts[:, 0]) == pytest.approx(expected, rel=2e-5)      # the supply is stiff, not ideal
    assert max(expected) > 280.0
    assert min(expected) < 170.0


def test_a_joint_divides_the_voltage_like_any_resistor():
    jointed = apply_edits(star_of_resistors(), [{"op": "series_r", "branch": "l", "conductor": "A", "ohm": 0.5}])
    healthy = abs(solved(star_of_resistors()).load_volts[0, 0])
    assert abs(solved(jointed).load_volts[0, 0]) == pytest.approx(healthy * 10.0 / 10.5, rel=1e-4)


def test_a_leak_lifts_the_star_point_by_its_share_of_the_electrode():
    leaking = apply_edits(star_of_resistors(), [{"op": "shunt_r", "id": "x", "bus": "c", "conductor": "B", "ohm": 196.0}])
    state = solved(leaking)
    assert abs(state.transformer().star_point_v[0]) == pytest.approx(400 / math.sqrt(3) * 4.0 / 200.0, rel=1e-3)


@pytest.mark.parametrize("group", ["Dyn11", "Dyn1", "Yyn0"])
def test_the_vector_group_turns_the_angle(group):
    lead = {"Dyn11": 30.0, "Dyn1": -30.0, "Yyn0": 0.0}[group]
    state = solved(small_area(group), np.full((6, 1), 1e-6), np.zeros((6, 1)))
    angles = np.degrees(np.angle(state.transformer().phase_v[:, 0]))
    assert angles == pytest.approx([lead, lead - 120.0, lead + 120.0], abs=1e-3)
    assert np.abs(state.load_volts) == pytest.approx(1.02 * 400 / math.sqrt(3), rel=1e-5)


def turned(network):
    """Every phase is the next one: A -> B -> C -> A, in lines, services, loads and cuts."""
    following = dict(zip("ABCN", "BCAN", strict=True))

    def branch(one):
        names = tuple(following[name] for name in one.conductors)
        order = [names.index(name) for name in sorted(names, key="ABCN".index)]
        return replace(
            one, conductors=tuple(names[place] for place in order), z_ohm=one.z_ohm[np.ix_(order, order)],
            opened=frozenset(following[name] for name in one.opened),
        )

    return replace(
        network, branches=tuple(map(branch, network.branches)),
        loads=tuple(replace(load, phase=following[load.phase]) for load in network.loads),
        hv_opened=frozenset(following[name] for name in network.hv_opened),
    )


FAULTS = {
    "healthy": [], "lost neutral": [{"op": "open", "branch": "m2", "conductors": ["N"]}],
    "lost phase": [{"op": "open", "branch": "m1", "conductors": ["A"]}], "high-voltage fuse": [{"op": "hv_open", "conductor": "B"}],
    "joint": [{"op": "series_r", "branch": "m1", "conductor": "N", "ohm": 0.5}],
}


@pytest.mark.parametrize("edits", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("group", ["Dyn11", "Yyn0"])
def test_turning_all_phases_turns_the_solution(edits, group):
    network = apply_edits(small_area(group), edits)
    plain, other = solved(network), solved(turned(network))
    assert np.abs(other.load_volts) == pytest.approx(np.abs(plain.load_volts), rel=1e-8)


@pytest.mark.parametrize("edits", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("group", ["Dyn11", "Yyn0"])
def test_no_energy_is_made_or_lost(edits, group):
    state = solved(apply_edits(small_area(group), edits))
    assert state.balance_va()[0] <= 1e-9 * np.abs(state.transformer().s_va).sum()


CUTS = [(branch.id, conductor) for branch in small_area().branches for conductor in branch.conductors]


@pytest.mark.parametrize(("branch", "conductor"), CUTS)
@pytest.mark.parametrize("factor", [1.0, 0.0, 1e-6, 5.0])
def test_no_single_cut_gives_anything_but_numbers(branch, conductor, factor):
    edits = [{"op": "scale_loads", "factor": factor}, {"op": "open", "branch": branch, "conductors": [conductor]}]
    state = solved(apply_edits(small_area(), edits))
    for found in (state.load_volts, state.load_amperes, *state.load_to_earth(), state.transformer().s_va):
        assert np.isfinite(found).all()
    assert np.abs(state.load_volts).max() < 600.0


def test_what_is_cut_off_whole_has_no_supply_and_the_rest_does_not_feel_it():
    cut = solved(apply_edits(small_area(), [{"op": "open", "branch": "m2", "conductors": list("ABCN")}]))
    assert np.abs(cut.load_volts[1:5]).max() == 0.0
    assert np.abs(cut.load_amperes[1:5]).max() == 0.0
    without = small_area()
    without = replace(without, loads=tuple(load for load in without.loads if load.id in ("l1", "l6")))
    assert cut.load_volts[[0, 5]] == pytest.approx(solved(without).load_volts, rel=1e-10)


def test_an_unearthed_star_point_floats_but_phase_voltages_stand():
    network = small_area()
    state = solved(replace(network, shunts=()))
    assert np.abs(state.load_volts) == pytest.approx(np.abs(solved(network).load_volts), rel=1e-6)


def test_three_conductors_with_earthed_loads_equal_four_with_a_solid_neutral():
    """A neutral of no impedance, earthed at both ends, is the earth."""
    four = replace(
        star_of_resistors(), branches=(line("l", "lv", "c", ohm=0.2, mutual=0.02),),
        shunts=(Shunt(id="a", bus="lv", conductor="N", ohm=0.0), Shunt(id="b", bus="c", conductor="N", ohm=0.0)),
    )
    three = replace(
        four, branches=(replace(four.branches[0], conductors=PHASES, z_ohm=four.branches[0].z_ohm[:3, :3]),),
        shunts=four.shunts[:1], loads=tuple(replace(load, to=EARTH) for load in four.loads),
    )
    # the earthed neutral still couples: without its mutual impedance the two are the same network
    four = replace(four, branches=(replace(four.branches[0], z_ohm=_without_coupling_to_neutral(four.branches[0].z_ohm)),))
    assert solved(four).load_volts == pytest.approx(solved(three).load_volts, rel=1e-9)


def _without_coupling_to_neutral(z_ohm):
    z = z_ohm.copy()
    z[3, :3] = z[:3, 3] = 0.0
    return z


def test_many_steps_at_once_are_the_same_as_one_by_one():
    chance = np.random.default_rng(2)
    p_kw = chance.uniform(0.0, 8.0, (6, 40))
    for edits in FAULTS.values():
        network = apply_edits(small_area(), edits)
        together = solved(network, p_kw, 0.2 * p_kw).load_volts
        for step in (0, 17, 39):
            alone = solved(network, p_kw[:, [step]], 0.2 * p_kw[:, [step]]).load_volts
            assert together[:, [step]] == pytest.approx(alone, rel=1e-8)


def test_a_case_that_does_not_converge_says_so_and_gives_nothing(monkeypatch):
    monkeypatch.setattr("simulator.grid.solver._FIXED_POINT_STEPS", 1)
    for name in ("_NEWTON_STEPS", "_DAMPED_ROUNDS", "_GROWTH_STEPS"):
        monkeypatch.setattr(f"simulator.grid.newton.{name}", 1)
    with pytest.raises(NotSolvedError, match="network small: 1 of 1 time steps do not converge"):
        solved(apply_edits(small_area(), [{"op": "scale_loads", "factor": 20.0}]))


def test_loads_beyond_anything_still_have_a_solution():
    state = solved(apply_edits(small_area(), [{"op": "scale_loads", "factor": 1000.0}]))
    assert np.isfinite(state.load_volts).all()
    assert np.abs(state.load_volts).max() < 100.0
    assert state.balance_va()[0] < 1e-8 * np.abs(state.transformer().s_va).sum()
