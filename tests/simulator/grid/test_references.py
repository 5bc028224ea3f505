"""Our solution beside OpenDSS's: the IEEE feeder over an hour, and every fault case of two four-wire networks."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.grid.check import check_folder
from simulator.grid.reference import variant_law

DATA = Path(__file__).parents[2] / "data"


def quiet(_):
    pass


def test_the_ieee_feeder_agrees_for_each_law_of_load():
    found = check_folder(DATA / "ieee_european_lv", quiet)
    assert {worst.name: worst.cases for worst in found} == dict.fromkeys(["constant_pq", "constant_pq_x3", "constant_z", "zip_433"], 60)
    for worst in found:
        assert worst.off["volts_pu"] < 1e-7, worst
        assert worst.off["angle_deg"] < 1e-4, worst
        assert worst.off["power_kw"] < 1e-4, worst
        assert worst.off["balance"] < 1e-7, worst


def test_every_fault_case_converges_and_agrees():
    found = check_folder(DATA / "lv_faults", quiet)
    assert {worst.name: worst.cases for worst in found} == {"mini5": 29, "cn_area_tt": 30}
    for worst in found:
        assert worst.off["volts_pu"] < 1e-6, worst
        assert worst.off["angle_deg"] < 1e-3, worst
        assert worst.off["power_kw"] < 1e-4, worst
        assert worst.off["current_a"] < 1e-3, worst
        assert worst.off["balance"] < 1e-9, worst


def test_the_command_prints_its_rows_and_fails_on_a_wrong_reference(tmp_path):
    folder = tmp_path / "mini5"
    shutil.copytree(DATA / "lv_faults" / "mini5", folder)
    command = [sys.executable, "-m", "edge_agent.cli.main", "sim", "check-grid", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    rows = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert all(row["ok"] for row in rows)
    meters = folder / "meters.csv"
    meters.write_text(meters.read_text().replace("healthy,l1,c1,A,229.4", "healthy,l1,c1,A,229.5", 1))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert [row["name"] for row in json.loads(done.stdout) if not row["ok"]] == ["mini5: |V| off, worst at healthy l1"]


def test_a_folder_of_neither_layout_is_said_in_one_line(tmp_path):
    with pytest.raises(ConfigError, match=r"neither lines.csv nor network.json"):
        check_folder(tmp_path, quiet)


def test_the_command_says_in_one_line_that_a_case_does_not_converge(monkeypatch, capsys):
    from edge_agent.cli.main import main

    monkeypatch.setattr("simulator.grid.solver._FIXED_POINT_STEPS", 1)
    for name, count in (("_NEWTON_STEPS", 1), ("_DAMPED_ROUNDS", 0), ("_GROWTH_STEPS", 1)):
        monkeypatch.setattr(f"simulator.grid.newton.{name}", count)
    assert main(["sim", "check-grid", str(DATA / "lv_faults" / "mini5"), "--json"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("hplc-edge sim: case healthy: network mini5: 1 of 1 time steps do not converge")
    assert told.err.count("\n") == 1


MINI5 = DATA / "lv_faults" / "mini5"


def copy_of(source, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(source, folder)
    return folder


def replaced(name, old, new):
    def spoil(folder):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return spoil


def written(name, content):
    return lambda folder: (folder / name).write_bytes(content)


SPOILT = {
    "word for a number": (replaced("meters.csv", "229.437872", "high"), r"meters.csv: row healthy l1 c1: v_pn_v = 'high' is no number"),
    "no finite number": (replaced("meters.csv", "229.437872", "nan"), r"v_pn_v = 'nan' is no number"),
    "unknown load": (replaced("meters.csv", "healthy,l1,", "healthy,l99,"), r"meters.csv: case healthy has no load l99"),
    "unknown branch": (replaced("branch_currents.csv", "healthy,m1,", "healthy,m99,"), r"case healthy: no branch m99 with a conductor A"),
    "half a head": (written("transformer.csv", b"case,va"), r"transformer.csv: no column ia, ib, ic, in"),
    "head only": (written("branch_currents.csv", b"case,branch,conductor,i_a\n"), r"branch_currents.csv: no rows"),
    "no text": (written("meters.csv", b"\xff\xfe\x00"), r"meters.csv: cannot be read"),
    "edits are no tables": (written("cases.json", b'[{"id": "a", "type": "b", "edits": [5]}]'), r"case a: edit 1: 5 is no table"),
    "edits are no list": (written("cases.json", b'[{"id": "a", "type": "b", "edits": 5}]'), r"case 1 has no id, type or list of"),
    "no cases": (written("cases.json", b"[]"), r"cases.json: no list of cases"),
    "unknown key": (
        written("cases.json", b'[{"id": "a", "type": "b", "edits": [{"op": "open", "branch": "m1", "wires": ["A"]}]}]'),
        r"case a: edit 1 \(open\): unknown key wires",
    ),
    "endless source": (replaced("network.json", '"kva":100', '"kva":Infinity'), r"transformer: kva, kv_hv and kv_lv must be above 0"),
    "bus is a list": (replaced("network.json", '"id":"l1","bus":"c1"', '"id":"l1","bus":["c1"]'), r"load l1: bus = \['c1'\] is no word"),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_a_reference_that_cannot_be_used_is_said_with_its_place(tmp_path, spoil, said):
    folder = copy_of(MINI5, tmp_path)
    spoil(folder)
    with pytest.raises(ConfigError, match=said) as caught:
        check_folder(folder, quiet)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("name", ["meters.csv", "transformer.csv", "branch_currents.csv"])
def test_one_file_of_references_is_enough_and_only_its_figures_are_told(tmp_path, name):
    folder = copy_of(MINI5, tmp_path)
    for other in {"meters.csv", "transformer.csv", "branch_currents.csv"} - {name}:
        (folder / other).unlink()
    (worst,) = check_folder(folder, quiet)
    assert worst.compared == worst.cases == 29
    assert ("volts_pu" in worst.off) == (name == "meters.csv")
    assert ("current_a" in worst.off) == (name != "meters.csv")
    (folder / name).unlink()
    with pytest.raises(ConfigError, match=r"no reference: none of meters.csv"):
        check_folder(folder, quiet)


def test_loads_of_a_series_go_by_their_names(tmp_path):
    folder = copy_of(DATA / "ieee_european_lv", tmp_path)
    lines = (folder / "loads.csv").read_text().splitlines()
    (folder / "loads.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    assert all(worst.off["volts_pu"] < 1e-7 for worst in check_folder(folder, quiet))


SERIES = {
    "a hole": (lambda arrays: arrays["vmag_v"].__setitem__((3, 3), np.nan), r"vmag_v has a number that is not finite"),
    "another shape": (lambda arrays: arrays.update(vmag_v=arrays["vmag_v"][:5]), r"vmag_v is of shape \(5, 55\)"),
}


@pytest.mark.parametrize(("spoil", "said"), SERIES.values(), ids=SERIES)
def test_a_series_with_a_hole_agrees_with_nothing(tmp_path, spoil, said):
    folder = copy_of(DATA / "ieee_european_lv", tmp_path)
    with np.load(folder / "series_constant_pq.npz") as found:
        arrays = {name: found[name] for name in found.files}
    spoil(arrays)
    np.savez(folder / "series_constant_pq.npz", **arrays)
    with pytest.raises(ConfigError, match=said):
        check_folder(folder, quiet)
    (folder / "series_constant_pq.npz").write_bytes(b"PK")
    with pytest.raises(ConfigError, match=r"series_constant_pq.npz: no arrays can be read"):
        check_folder(folder, quiet)


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("constant_pq", ((0.0, 0.0, 1.0), 1.0)), ("constant_z_x2.5", ((1.0, 0.0, 0.0), 2.5)), ("zip_163", ((0.1, 0.6, 0.3), 1.0)),
        ("zip_555", None), ("opendss_vlimit_switch", None),
    ],
)
def test_the_name_of_a_variant_says_its_law(name, law):
    assert variant_law(name) == law


def test_a_loop_is_solved_but_named_where_a_tree_is_asked_for(tmp_path):
    folder = copy_of(MINI5, tmp_path)
    check_folder(folder, quiet, must_be_tree=True)
    network = json.loads((folder / "network.json").read_text())
    tie = next(branch for branch in network["branches"] if branch["id"] == "m3") | {"id": "tie", "from": "b1", "to": "b3"}
    (folder / "network.json").write_text(json.dumps(network | {"branches": [*network["branches"], tie]}))
    (folder / "branch_currents.csv").unlink()
    assert check_folder(folder, quiet)[0].off["balance"] < 1e-9
    with pytest.raises(ConfigError, match=r"^network mini5: branch tie from b1 to b3 closes a loop$"):
        check_folder(folder, quiet, must_be_tree=True)
