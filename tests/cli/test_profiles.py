"""``hplc-edge profiles``: list, show and check."""

import argparse
import json
from pathlib import Path

import pytest

from edge_agent.cli.profiles import COMMAND
from edge_agent.errors import ConfigError
from firmware_profiles.loader import METERS, load_all

SDM630 = METERS / "eastron-sdm630-v2.toml"


def profiles(*arguments):
    parser = argparse.ArgumentParser()
    COMMAND.configure(parser)
    return COMMAND.run(parser.parse_args([str(argument) for argument in arguments]))


def test_list_has_one_line_for_each_profile(capsys):
    assert profiles("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(load_all())
    assert any("eastron-sdm630-v2" in line and "Eastron SDM630 v2" in line for line in lines)


def test_list_as_json_names_maker_source_and_golden_origins(capsys):
    assert profiles("list", "--json") == 0
    found = {row["profile"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["eastron-sdm630-v2"]["maker"] == "Eastron"
    assert "SDM630" in found["eastron-sdm630-v2"]["source"]
    assert any(origin.startswith("document") for origin in found["eastron-sdm630-v2"]["golden"])


@pytest.mark.parametrize("name", ["eastron-sdm630-v2", "SDM630", "Eastron SDM630 v2", SDM630])
def test_show_takes_a_profile_a_model_a_meter_or_a_file(capsys, name):
    assert profiles("show", name) == 0
    out = capsys.readouterr().out
    assert "FC04 0x0006  f32   current L1" in out
    assert "Eastron SDM630 v2" in out


def test_show_as_json_lists_the_points(capsys):
    assert profiles("show", "abb-b21", "--json") == 0
    points = {point["quantity"]: point for point in json.loads(capsys.readouterr().out)["points"]}
    assert points["voltage L1"] == {
        "quantity": "voltage L1", "column": "voltage_v.a", "function": 3, "address": 0x5B00, "type": "uint32",
        "word_order": "high word first", "scale": "1/10", "unit": "V", "poll": "presence",
    }


def test_show_of_an_unknown_profile_is_wrong_use():
    with pytest.raises(ConfigError, match="no profile 'nonsense'"):
        profiles("show", "nonsense")


def test_check_without_files_verifies_all_that_are_shipped(capsys):
    assert profiles("check") == 0
    assert capsys.readouterr().out == f"{len(load_all())} shipped profiles: ok\n"


def test_check_of_a_good_file_counts_its_points(capsys, tmp_path):
    assert profiles("check", SDM630) == 0
    assert f"{SDM630}: ok: " in capsys.readouterr().out


def test_check_of_a_wrong_file_says_file_point_and_reason_and_goes_on(capsys, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(SDM630.read_text().replace('place = ["a", "b", "c"]\naddress = 0x0006', 'place = ["a", "b", "x"]\naddress = 0x0006'))
    assert profiles("check", wrong, SDM630) == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"{wrong}: point 2 (current_a.a/b/x): place = 'x' is none of this quantity; use one of ")
    assert f"{SDM630}: ok" in out


def test_check_of_a_wrong_golden_frame_says_which(capsys, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(SDM630.read_text().replace('"voltage_v.a" = 230.20001', '"voltage_v.a" = 230.3'))
    assert profiles("check", wrong) == 1
    assert "golden 1 (document: " in (err := capsys.readouterr().err)
    assert "voltage_v.a at 0x0000: decoded 230.20001 V, the document says 230.3" in err


def test_check_of_an_absent_file_fails(capsys):
    assert profiles("check", Path("/nonexistent.toml")) == 1
    assert "cannot be read" in capsys.readouterr().err
