"""Cuts behind which loads of different laws settle far from nominal: solved, in balance, and the star point where it must be."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.grid.edits import apply_edits
from simulator.grid.load_law import LoadLaw
from simulator.grid.network import Load, Source
from simulator.grid.solver import NotSolvedError, Solver
from simulator.grid.state import GridState
from tests.simulator.grid.networks import mixed


@pytest.mark.parametrize(
    ("network", "branch"),
    [
        (mixed("urban_cable", 50, 61), "s0012"), (mixed("urban_cable", 50, 61), "s0008"),
        (mixed("rural_overhead", 50, 64, panels=True), "feeder-2/branch-2/box-3"),
        (mixed("rural_overhead", 120, 134, panels=True), "feeder-1/branch-1/box-1"),
    ],
)
def test_a_star_of_loads_with_different_laws_settles_where_newton_goes_in_circles(network, branch):
    solver = Solver(apply_edits(network, [{"op": "open", "branch": branch, "conductors": ["N"]}]))
    state = GridState(solver, solver.solve())
    behind = np.flatnonzero(~solver.is_tied)
    assert len(behind) >= 3
    # Kirchhoff at the star point, but for the microamperes of open contacts: where all are panels, nothing flows
    assert abs(state.load_amperes[behind].sum()) < 1e-5 * np.abs(state.load_amperes[behind]).sum() + 1e-5
    assert state.balance_va()[0] < 1e-9 * np.abs(state.load_va).sum()


@pytest.mark.parametrize("group", ["Dyn11", "Yyn0"])
@pytest.mark.parametrize("style", ["rural_overhead", "urban_cable", "old_compound"])
def test_every_cut_of_one_conductor_is_solved_whatever_the_laws(style, group):
    network = mixed(style, 50, 62, group=group)
    for branch in network.branches:
        for conductor in branch.conductors:
            solver = Solver(apply_edits(network, [{"op": "open", "branch": branch.id, "conductors": [conductor]}]))
            state = GridState(solver, solver.solve())
            assert np.isfinite(state.load_volts).all(), (branch.id, conductor)
            assert state.balance_va()[0] < 1e-9 * np.abs(state.load_va).sum(), (branch.id, conductor)


def test_what_is_not_finite_is_never_handed_out():
    network = mixed("rural_overhead", 50, 62)
    with pytest.raises(NotSolvedError):
        Solver(replace(network, source=Source(kv=float("inf"), z1_ohm=1j, z0_ohm=1j))).solve()


def test_panels_behind_a_lost_neutral_cut_out_instead_of_driving_the_voltage_without_bound():
    network = mixed("old_compound", 120, 134, panels=True)
    for branch in (branch for branch in network.branches if "box" in branch.id and "N" in branch.conductors):
        solver = Solver(apply_edits(network, [{"op": "open", "branch": branch.id, "conductors": ["N"]}]))
        state = GridState(solver, solver.solve())
        gives_v = np.abs(state.load_volts[[load.p_kw < 0.0 for load in network.loads], 0])
        # whoever still gives is below 1.35 pu, and the others are no further from it than one phase from another
        assert gives_v.max() < (1.35 + 3**0.5 * 1.1) * 220.0, branch.id


@pytest.mark.parametrize(("volts", "left"), [(1.1 * 220.0, 1.0), (1.225 * 220.0, 0.5), (1.35 * 220.0, 0.0), (400.0, 0.0)])
def test_what_is_given_back_falls_to_nothing_between_the_two_limits(volts, left):
    panel = Load(id="p", bus="b", phase="A", p_kw=-1.0, q_kvar=0.0, cuts_out=True)
    drawn = LoadLaw([panel, replace(panel, p_kw=1.0)]).current(np.full((2, 1), volts + 0j), np.array([[-1000.0 + 0j], [1000.0 + 0j]]))
    assert (drawn[:, 0].real * volts).tolist() == pytest.approx([-1000.0 * left, 1000.0], abs=1e-9)


def test_the_slope_of_the_cut_out_is_that_of_its_current():
    law = LoadLaw([Load(id="p", bus="b", phase="A", p_kw=-1.0, q_kvar=0.2, zip=(0.2, 0.3, 0.5), cuts_out=True)])
    volts, s_va, step = np.array([[250.0 + 30j]]), np.array([[-1000.0 + 200j]]), 1e-5 * (1.0 + 2.0j)
    a, b = law.slope(volts, s_va)
    change = law.current(volts + step, s_va) - law.current(volts - step, s_va)
    expected = 2.0 * (a * step + b * (volts.real * step.real + volts.imag * step.imag))
    assert change == pytest.approx(expected, rel=1e-6)
