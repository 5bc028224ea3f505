"""Our solution beside OpenDSS's: the IEEE feeder over an hour, and every fault case of two four-wire networks."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.errors import ConfigError
from simulator.grid.check import VARIANTS, check_folder

DATA = Path(__file__).parents[2] / "data"


def quiet(_):
    pass


def test_the_ieee_feeder_agrees_for_each_law_of_load():
    found = check_folder(DATA / "ieee_european_lv", quiet)
    assert {worst.name: worst.cases for worst in found} == dict.fromkeys(sorted(VARIANTS), 60)
    for worst in found:
        assert worst.volts_pu < 1e-7, worst
        assert worst.angle_deg < 1e-4, worst
        assert worst.power_kw < 1e-4, worst
        assert worst.balance < 1e-7, worst


def test_every_fault_case_converges_and_agrees():
    found = check_folder(DATA / "lv_faults", quiet)
    assert {worst.name: worst.cases for worst in found} == {"mini5": 29, "cn_area_tt": 30}
    for worst in found:
        assert worst.volts_pu < 1e-6, worst
        assert worst.angle_deg < 1e-3, worst
        assert worst.power_kw < 1e-4, worst
        assert worst.current_a < 1e-3, worst
        assert worst.balance < 1e-9, worst


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
    monkeypatch.setattr("simulator.grid.solver._NEWTON_STEPS", 1)
    assert main(["sim", "check-grid", str(DATA / "lv_faults" / "mini5"), "--json"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("hplc-edge sim: network mini5: 1 of 1 time steps do not converge")
    assert told.err.count("\n") == 1
