"""A simulated area on wires, read by the agent's own commands: the same volts as in the grid, on each kind of wire."""

import json
import subprocess
import sys
import time
import tomllib

import numpy as np
import pytest

from simulator.scenario.scenario_file import load_scenario

EDGE = [sys.executable, "-m", "edge_agent.cli.main"]


def test_a_profile_of_the_wrong_phases_is_refused_in_one_line(tmp_path):
    command = [*EDGE, "sim", "run", "meter_swap", "--speed", "1", "--profile", "eastron-sdm630-v2", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "profile eastron-sdm630-v2 is for 3 phases, 1 needed" in done.stderr


def test_two_protocols_on_one_line_are_refused_in_one_line(tmp_path):
    command = [*EDGE, "sim", "run", "meter_swap", "--speed", "1", "--profile", "dlt645-2007-single", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "one line carries one protocol" in done.stderr
    assert "Traceback" not in done.stderr


DLT645 = ("--profile", "dlt645-2007-single", "--profile-three", "dlt645-2007-three")


@pytest.mark.parametrize(("wire", "models"), [("tcp", ()), ("rtu-tcp", ()), ("pty", ()), ("tcp", DLT645), ("pty", DLT645)])
def test_meters_of_an_area_answer_with_the_volts_of_their_terminals(tmp_path, wire, models):
    scenario = load_scenario("meter_swap")
    command = [*EDGE, "sim", "run", "meter_swap", "--speed", "1", "--wire", wire, *models, "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        config = tmp_path / "agent.toml"
        end_s = time.monotonic() + 30.0
        while not config.exists() and time.monotonic() < end_s:
            time.sleep(0.05)
        assert process.stdout.readline().startswith("SIMULATED area meter_swap: 120 meters")
        given = tomllib.loads(config.read_text())
        meter = next(entry for entry in given["meter"] if entry["id"] == "m0007")
        url = next(entry["url"] for entry in given["bus"] if entry["name"] == meter["bus"])
        who = ["--address", meter["address"]] if models else ["--unit", str(meter["unit"])]
        done = subprocess.run(
            [*EDGE, "read", url, "--profile", meter["profile"], *who, "--json"], capture_output=True, text=True, check=False, timeout=60,
        )
        assert done.returncode == 0, done.stderr
        read_v = next(found["si_value"] for found in json.loads(done.stdout) if found["column"] == "voltage_v.a")
        place = [load.id for load in scenario.area.network.loads].index(next(
            found.loads[0] for found in scenario.area.meters if found.id == "m0007"
        ))
        block, _ = scenario.world().block_of(0)
        assert read_v == pytest.approx(np.abs(block.volts[place, :6]).mean(), abs=2.0)
        assert (tmp_path / "mains").read_text().count(" ") == 2
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()

