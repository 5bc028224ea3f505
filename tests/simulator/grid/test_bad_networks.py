"""A network that cannot be is refused with one line for each problem that names the place."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.grid.checks import check_network
from simulator.grid.edits import apply_edits
from simulator.grid.json_network import read_cases, read_network
from simulator.grid.network import Load, Shunt
from simulator.grid.solver import Solver
from tests.simulator.grid.networks import line, small_area

MINI5 = Path(__file__).parents[2] / "data" / "lv_faults" / "mini5" / "network.json"
LOAD = {"id": "x", "bus": "c1", "phase": "A", "p_kw": 1.0, "q_kvar": 0.0, "v_nom": 230.0}


def with_first(things, **changes):
    return (replace(things[0], **changes), *things[1:])


def branch(**changes):
    return lambda network: replace(network, branches=with_first(network.branches, **changes))


def added(**things):
    return lambda network: replace(network, **{name: (*getattr(network, name), thing) for name, thing in things.items()})


NEGATIVE = line("x", "lv", "b1").z_ohm - 0.5 * np.ones((4, 4))
WRONG = {
    "island": (added(branches=line("far", "x1", "x2")), r"2 buses are an island without a way to lv: x1, x2"),
    "negative length": (branch(length_m=-3.0), r"branch m1: length -3 m is negative"),
    "matrix of another size": (branch(z_ohm=np.eye(3) * 0.1 + 0j), r"branch m1: matrix of 3x3 for 4 conductors"),
    "matrix with a hole": (branch(z_ohm=np.full((4, 4), np.nan) + 0j), r"branch m1: matrix with numbers that are not finite"),
    "negative resistance": (branch(z_ohm=NEGATIVE), r"branch m1: resistance matrix makes power out of nothing"),
    "no impedance": (branch(z_ohm=np.zeros((4, 4)) + 0j), r"branch m1: a conductor without impedance"),
    "lopsided matrix": (branch(z_ohm=np.triu(np.full((4, 4), 0.1)) + 0.4 * np.eye(4) + 0j), r"branch m1: matrix is not symmetric"),
    "twice": (added(branches=line("m1", "b1", "b9")), r"branch m1: twice"),
    "loop to itself": (branch(to_bus="lv"), r"branch m1: both ends at bus lv"),
    "unknown conductor": (branch(conductors=("A", "B", "C", "D")), r"branch m1: conductors .* are not 1 to 4 different ones"),
    "load at no bus": (added(loads=Load(**(LOAD | {"bus": "nowhere"}))), r"load x: no bus nowhere"),
    "load on a missing phase": (added(loads=Load(**(LOAD | {"phase": "B"}))), r"load x: bus c1 has no conductor B"),
    "load of no number": (added(loads=Load(**(LOAD | {"p_kw": float("nan")}))), r"load x: power is no finite number"),
    "wrong shares": (added(loads=Load(**LOAD, zip=(0.5, 0.5, 0.5))), r"load x: zip shares \[0.5, 0.5, 0.5\] are not three that sum to 1"),
    "wrong voltage": (added(loads=Load(**(LOAD | {"v_nom": 10_000.0}))), r"load x: nominal voltage 10000 V"),
    "negative electrode": (added(shunts=Shunt(id="e", bus="lv", conductor="N", ohm=-1.0)), r"shunt e: -1.0 ohm"),
    "electrode at no conductor": (added(shunts=Shunt(id="e", bus="c1", conductor="C", ohm=1.0)), r"shunt e: bus c1 has no conductor C"),
    "no transformer": (lambda n: replace(n, transformer=replace(n.transformer, kva=0.0)), r"transformer: kva, kv_hv and kv_lv must be"),
    "unknown group": (lambda n: replace(n, transformer=replace(n.transformer, vector_group="Yzn11")), r"vector group 'Yzn11'"),
    "source of nothing": (lambda n: replace(n, source=replace(n.source, z1_ohm=0j)), r"source: z1 and z0 must be impedances"),
}


@pytest.mark.parametrize(("spoil", "said"), WRONG.values(), ids=WRONG)
def test_a_network_that_cannot_be_is_refused(spoil, said):
    with pytest.raises(ConfigError, match=said) as caught:
        check_network(spoil(small_area()))
    assert all("\n" not in problem for problem in caught.value.problems)


def test_all_problems_are_told_at_once():
    network = replace(small_area(), branches=with_first(small_area().branches, length_m=-1.0))
    network = replace(network, loads=(*network.loads, Load(**(LOAD | {"bus": "nowhere"}))))
    with pytest.raises(ConfigError) as caught:
        check_network(network)
    assert len(caught.value.problems) == 2


EDITS = {
    "unknown operation": ({"op": "explode"}, r"edit 1: no operation 'explode'; one of open, series_r"),
    "unknown branch": ({"op": "open", "branch": "m9", "conductors": ["A"]}, r"edit 1 \(open\): no branch m9"),
    "missing conductor": ({"op": "open", "branch": "s1", "conductors": ["B"]}, r"branch s1 has A, N, not B"),
    "negative joint": ({"op": "series_r", "branch": "m1", "conductor": "A", "ohm": -1}, r"-1 ohm: more than 0 is possible"),
    "leak at no bus": ({"op": "shunt_r", "id": "x", "bus": "c9", "conductor": "A", "ohm": 5}, r"no conductor A at bus c9"),
    "missing key": ({"op": "series_r", "branch": "m1", "conductor": "A"}, r"wrong or missing value \('ohm'\)"),
    "tap nowhere": ({"op": "add_load", "load": LOAD | {"phase": "C"}}, r"load x: no conductor C at bus c1"),
    "tap of unknown form": ({"op": "add_load", "load": LOAD | {"colour": "red"}}, r"load x: unknown colour"),
    "unknown load": ({"op": "set_load", "load": "l99", "set": {"p_kw": 1.0}}, r"no load l99"),
    "unknown field": ({"op": "set_load", "load": "l1", "set": {"kw": 1.0}}, r"a load has no kw"),
    "word for a number": ({"op": "set_load", "load": "l1", "set": {"p_kw": "5"}}, r"load l1: p_kw = '5' is no number"),
    "load moved nowhere": ({"op": "set_load", "load": "l1", "set": {"bus": "c9"}}, r"load l1: no bus c9"),
    "load named twice": ({"op": "set_load", "load": "l1", "set": {"id": "l2"}}, r"a load has no id that could be set"),
    "two shares": ({"op": "set_load", "load": "l1", "set": {"zip": [0.5, 0.5]}}, r"load l1: zip shares"),
    "tap to a phase": ({"op": "add_load", "load": LOAD | {"to": "Q"}}, r"load x: lies between A and Q"),
    "negative factor": ({"op": "scale_loads", "factor": -1}, r"factor -1"),
    "no phase": ({"op": "hv_open", "conductor": "N"}, r"'N' is no phase"),
}


@pytest.mark.parametrize(("edit", "said"), EDITS.values(), ids=EDITS)
def test_an_edit_that_cannot_be_made_is_named(edit, said):
    with pytest.raises(ConfigError, match=said):
        apply_edits(small_area(), [edit])


def test_an_edit_leaves_the_network_it_was_made_from():
    network = small_area()
    before = network.branches[0].z_ohm.copy()
    apply_edits(network, [{"op": "series_r", "branch": "m1", "conductor": "A", "ohm": 1.0}, {"op": "scale_loads", "factor": 0.0}])
    assert (network.branches[0].z_ohm == before).all()
    assert network.loads[0].p_kw == 3.0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda given: given["branches"][0].pop("R"), r"branch m1: matrix R or X is missing"),
        (lambda given: given["branches"][0]["R"].pop(), r"branch m1: R and X must be matrices of numbers of the same size"),
        (lambda given: given.pop("transformer"), r"a key is missing or has a wrong value \(KeyError: 'transformer'\)"),
        (lambda given: given["transformer"].update(kva="a hundred"), r"a key is missing or has a wrong value \(ValueError"),
        (lambda given: given["transformer"].update(kva=float("nan")), r"transformer: kva, kv_hv and kv_lv must be above 0"),
        (lambda given: given["loads"][0].update(p_kw="3"), r"load l1: p_kw = '3' is no number"),
        (lambda given: given["loads"][0].update(colour="red"), r"load l1: unknown colour"),
        (lambda given: given["shunts"][0].update(to="N"), r"shunt gt: goes to 'N'; only earth is possible"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_name(tmp_path, spoil, said):
    given = json.loads(MINI5.read_text())
    spoil(given)
    path = tmp_path / "network.json"
    path.write_text(json.dumps(given))
    with pytest.raises(ConfigError, match=said) as caught:
        read_network(path)
    assert str(path) in caught.value.problems[0] or "network mini5" in caught.value.problems[0]


def test_files_that_are_missing_or_no_json_are_said_in_one_line(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_network(tmp_path / "network.json")
    (tmp_path / "cases.json").write_text("{")
    with pytest.raises(ConfigError, match="no JSON"):
        read_cases(tmp_path / "cases.json")


def test_powers_that_are_no_numbers_are_refused():
    solver = Solver(small_area())
    with pytest.raises(ValueError, match=r"finite and of shape \(6, t\)"):
        solver.solve(np.full((6, 1), np.nan), np.zeros((6, 1)))
    with pytest.raises(ValueError, match=r"finite and of shape"):
        solver.solve(np.zeros((5, 1)), np.zeros((5, 1)))
