"""Files of the layout of ETT-small, made here (the real ones may not be copied): the figures, and what is damaged."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.scoring.sets.ett import SCORE

HEADER = "date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT\n"
HOURS = 13 * 720 + 60


def lines(hours):
    chance = np.random.default_rng(7)
    at, oil_cel, active = datetime(2020, 3, 1, 5), 30.0, 4.0
    for hour in range(hours):
        active += 0.3 * (4.0 + 3.0 * np.sin(2 * np.pi * (hour - 4) / 24) - active) + chance.normal(0, 0.4)
        oil_cel += 0.3 * (15.0 + active**2 - oil_cel) + chance.normal(0, 0.1)
        loads = [active, 0.3 * active, 0.7 * active, 0.2 * active, 0.3 * active, 0.1 * active]
        yield f"{at + timedelta(hours=hour)},{','.join(f'{load:.3f}' for load in loads)},{oil_cel:.3f}\n"


@pytest.fixture(scope="module")
def unit(tmp_path_factory):
    directory = tmp_path_factory.mktemp("ett")
    (directory / "ETTx7.csv").write_text(HEADER + "".join(lines(HOURS)))
    return directory


def test_a_unit_of_the_layout_is_scored_beside_persistence(unit):
    told = []
    rows = {row.name.removeprefix("ETTx7: "): row for row in SCORE.score(unit, told.append)}
    assert rows["hours judged"].figure == HOURS - 12 * 720
    assert rows["oil temperature, mean residual"].ok
    assert rows["oil temperature, mean residual"].goal == "below persistence"
    assert rows["residual / persistence"].figure < 0.5
    assert rows["oil temperature, mean residual"].figure <= rows["the same without the load of the hour"].figure
    oil_cel = np.array([float(line.rsplit(",", 1)[1]) for line in lines(HOURS)])
    assert rows["persistence (as an hour ago)"].figure == pytest.approx(np.abs(np.diff(oil_cel[12 * 720 - 1 :])).mean())
    assert told == [1.0]


@pytest.mark.parametrize(("damage", "said"), [
    (lambda text: text.replace("OT", "TEMP"), "no column OT"),
    (lambda text: text.replace("date", "when"), "first column must be date"),
    (lambda text: "".join(text.splitlines(keepends=True)[:50]), "more than 13 months"),
    (lambda text: "".join(text.splitlines(keepends=True)[:50] + text.splitlines(keepends=True)[51:]), "line 51: .* is not an hour after"),
    (lambda text: text.replace("2020-03-01 07:00:00", "yesterday"), "line 4: date"),
    (lambda text: text.replace("\n", ",\n", 3)[:-1].rsplit(",", 1)[0] + ",\n", "a value is missing"),
    (lambda text: "", "no header line"),
])  # fmt: skip
def test_what_is_damaged_is_told_in_one_line(unit, tmp_path, damage, said):
    (tmp_path / "ETTx7.csv").write_text(damage((unit / "ETTx7.csv").read_text()))
    with pytest.raises(ConfigError, match=said) as caught:
        SCORE.score(tmp_path, lambda share: None)
    assert len(caught.value.problems) == 1


def test_a_folder_without_files_of_the_set_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"no file ETT\*\.csv"):
        SCORE.score(tmp_path, lambda share: None)
