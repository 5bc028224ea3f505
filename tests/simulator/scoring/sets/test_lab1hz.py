"""The set lab1hz: the shipped detector reaches its goal on the shipped copy; other folders work; what is damaged is one line."""

import shutil
from pathlib import Path

import pytest

from edge_agent.errors import ConfigError
from simulator.scoring.sets import find_sets

COPY = Path(__file__).parents[3] / "data" / "lab1hz"
HEADER = "Timestamp,Active (W),Reactive (W)\n"


def rows_of(directory):
    return {row.name: row for row in find_sets()["lab1hz"].score(directory, lambda share: None)}


def write(path, watts):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(f"2026-01-01 00:00:00,{value},0.0\n" for value in watts))


def test_the_shipped_detector_reaches_its_goal_and_beats_what_a_user_would_pick():
    rows = rows_of(COPY)
    pooled = rows["load_steps: F1, parts pooled"]
    assert pooled.ok
    assert rows["load_steps: true events"].figure == 19
    plain = [row.figure for name, row in rows.items() if name.startswith(("plain", "river", "ruptures"))]
    assert len(plain) == 4
    assert all(not figure > pooled.figure for figure in plain)      # not installed is NaN


def test_events_are_the_crossings_of_50_w_in_the_files_of_the_appliances(tmp_path):
    heater, lamp = [0.0] * 30 + [1500.0] * 30 + [0.0] * 30, [0.0] * 45 + [49.0] * 45
    write(tmp_path / "x" / "day_one" / "heater.csv", heater)
    write(tmp_path / "x" / "day_one" / "lamp.csv", lamp)
    write(tmp_path / "x" / "day_one" / "main_2.csv", [a + b for a, b in zip(heater, lamp, strict=True)])
    rows = rows_of(tmp_path)
    assert rows["load_steps: true events"].figure == 2
    assert rows["load_steps: recall"].figure == 1.0
    assert rows["load_steps: precision"].figure == pytest.approx(2 / 3)      # the lamp's step is one, and below 50 W none that counts


def test_a_folder_without_a_mixture_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match=r"has no main\*\.csv"):
        rows_of(tmp_path)


def test_damage_is_told_with_the_file(tmp_path):
    shutil.copytree(COPY, tmp_path / "set")
    path = tmp_path / "set" / "kettle_vacuum" / "train_data" / "kettle.csv"
    whole = path.read_text()
    path.write_text(whole.rsplit("\n", 3)[0] + "\n")
    with pytest.raises(ConfigError, match=r"kettle\.csv: has \d+ samples"):
        rows_of(tmp_path / "set")
    path.write_text(whole.replace("Active (W)", "Watts"))
    with pytest.raises(ConfigError, match=r"kettle\.csv: has no column"):
        rows_of(tmp_path / "set")
    path.unlink()
    path.with_name("vacuum.csv").unlink()
    with pytest.raises(ConfigError, match="no file of an appliance"):
        rows_of(tmp_path / "set")
