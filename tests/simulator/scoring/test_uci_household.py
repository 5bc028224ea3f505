"""The set of a real house: the impedance by an independent fit, the voltage by an independent count, damaged files in one line."""

import gzip
import math
from pathlib import Path

import numpy as np
import pytest

from edge_agent.detect.quality.voltage import VoltageSettings
from edge_agent.errors import ConfigError
from simulator.scoring.sets.uci_household import SCORE, House, kernel_slope_ohm, read_house, runs_outside

WEEKS = Path(__file__).parents[2] / "data" / "uci_household" / "household_2006-12.csv.gz"


def some_days(tmp_path, lines=4400):
    """The first days as a set of its own."""
    content = gzip.decompress(WEEKS.read_bytes()).decode().splitlines()[:lines]
    (tmp_path / "household_days.csv").write_text("\n".join(content) + "\n")
    return tmp_path


def house(volts):
    n = len(volts)
    return House(
        utc_ms=60_000 * np.arange(n), voltage_v=np.array(volts, dtype=float), current_a=np.full(n, 5.0), active_power_w=np.full(n, 1150.0),
        reactive_power_var=np.zeros(n),
    )


def test_the_impedance_of_the_house_is_the_one_that_was_published_within_five_percent():
    assert kernel_slope_ohm(read_house(WEEKS)) == pytest.approx(0.2566, rel=0.05)


def test_a_run_outside_counts_once_it_has_lasted_and_again_only_after_it_was_back():
    high, inside = 250.0, 235.0
    volts = [inside] * 5 + [high] * 3 + [inside] * 5 + [high] * 9 + [math.nan, high]
    volts += [inside] * 2 + [high] * 4 + [inside] * 9 + [200.0] * 9
    found = runs_outside(house(volts), VoltageSettings())
    assert found == [(60_000 * 13, "voltage.high"), (60_000 * 39, "voltage.low")]


def test_a_house_without_a_fault_meets_every_goal(tmp_path):
    rows = SCORE.score(some_days(tmp_path), lambda share: None)
    assert [row.name for row in rows if not row.ok] == []
    assert {row.unit for row in rows} >= {"ohm", "false alarms", "/1000 m-days"}


@pytest.mark.parametrize(("before", "after", "told"), [
    ("Voltage", "Volts", "has no column Voltage"),
    ("Datetime", "When", "has no column Datetime"),
    ("16/12/2006 17:26:00", "16/13/2006 17:26:00", "line 4"),
    ("16/12/2006 17:26:00", "16/12/2006 17:20:00", "times must rise"),
    ("233.290", "high", "line 4"),
])
def test_damaged_files_are_told_in_one_line(tmp_path, before, after, told):
    path = some_days(tmp_path, 10) / "household_days.csv"
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(ConfigError, match=told) as caught:
        SCORE.score(tmp_path, lambda share: None)
    assert len(caught.value.problems) == 1


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"no \.csv file"):
        SCORE.score(tmp_path, lambda share: None)
