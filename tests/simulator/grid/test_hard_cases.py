"""Cuts behind which loads of different laws settle far from nominal: solved, in balance, and the star point where it must be."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.grid.edits import apply_edits
from simulator.grid.network import Source
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
    assert abs(state.load_amperes[behind].sum()) < 1e-5 * np.abs(state.load_amperes[behind]).sum()      # Kirchhoff at the star point
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
