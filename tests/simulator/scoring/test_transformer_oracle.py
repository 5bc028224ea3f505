"""The score of the thermal model on reference output: the copy of the set, other files of its layout, what is damaged."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.scoring.sets.transformer_oracle import SCORE

ORACLE = Path(__file__).parents[2] / "data" / "transformer_oracle"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(ORACLE, tmp_path / "set"))


def rows_of(directory):
    return {row.name: row for row in SCORE.score(directory, lambda share: None)}


def test_every_row_of_the_set_is_met_and_the_euler_form_is_shown_beside_it():
    rows = rows_of(ORACLE)
    assert all(row.ok for row in rows.values())
    assert rows["steps_1min: rows"].figure == 840
    assert rows["steps_1min: ageing, normal paper"].figure == pytest.approx(3.669632, rel=1e-4)
    assert rows["steps_5min: ageing, upgraded paper"].figure == pytest.approx(0.607402, rel=1e-4)
    assert rows["steps_1min: hot spot, largest error of the Euler form"].figure == pytest.approx(1.0, abs=0.05)
    assert rows["steps_5min: hot spot, largest error of the Euler form"].figure == pytest.approx(6.8, abs=0.05)


def test_another_file_with_constants_of_its_own_is_scored_by_them(folder):
    """A large unit, k21 = 2, at a constant load: the closed form."""
    minute = np.arange(0.0, 600.0, 7.5)
    oil = 25.0 + 52.0 * (1 - np.exp(-minute / (0.5 * 210)))
    hot = oil + 2 * 26.0 * (1 - np.exp(-minute / 20)) - 26.0 * (1 - np.exp(-minute * 2 / 210))
    table = [f"{m},1.0,25.0,{o:.4f},{h:.4f}" for m, o, h in zip(minute, oil, hot, strict=True)]
    (folder / "large.csv").write_text("\n".join(["minute,load_pu,ambient_c,top_oil_c,hot_spot_c", *table]) + "\n")
    params = json.loads((folder / "params.json").read_text())
    own = {"loss_ratio_R": 6, "dtheta_or_k": 52, "gradient_k": 20, "hot_spot_factor": 1.3, "y": 1.3, "k11": 0.5, "k21": 2.0,
           "tau_o_min": 210, "tau_w_min": 10}
    (folder / "params.json").write_text(json.dumps(params | {"large.csv": own}))
    rows = rows_of(folder)
    assert rows["large: hot spot, largest error"].figure < 1e-4
    assert rows["large: ageing, normal paper, error"].ok


def test_a_model_that_is_off_misses_its_goal(folder):
    params = json.loads((folder / "params.json").read_text())
    params["steps_1min.csv"]["loss_ratio_R"] = 8.5
    (folder / "params.json").write_text(json.dumps(params))
    rows = rows_of(folder)
    assert not rows["steps_1min: top oil, largest error"].ok
    assert not rows["steps_1min: ageing, normal paper, error"].ok


@pytest.mark.parametrize(("name", "damage", "said"), [
    ("params.json", lambda text: "{", "is not JSON"),
    ("params.json", lambda text: "{}", "names no .csv file"),
    ("params.json", lambda text: text.replace('"tau_w_min": 4,', ""), "tau_w_min is given neither"),
    ("params.json", lambda text: text.replace('"tau_w_min": 4,', '"tau_w_min": "four",'), "could not convert"),
    ("params.json", lambda text: text.replace('"tau_w_min": 4,', '"tau_w_min": 240,'), "tau_winding_min = 240"),
    ("params.json", lambda text: text.replace('"loss_ratio_R": 8, "dtheta_or_surcharge_k": 0', '"loss_ratio_R": [8]', 1), "float"),
    ("params.json", lambda text: text.replace("steps_5min", "steps_2min"), "steps_2min.csv: cannot be read"),
    ("steps_1min.csv", lambda text: text.replace("load_pu", "load"), "no column load_pu"),
    ("steps_1min.csv", lambda text: text.replace("\n3,0.6", "\n3,"), "line 5: a value is missing"),
    ("steps_1min.csv", lambda text: text.replace("\n3,0.6", "\n2,0.6"), "line 5: minute must rise"),
    ("steps_1min.csv", lambda text: text.replace("\n3,0.6", "\nthree,0.6"), "line 5"),
    ("steps_1min.csv", lambda text: text.splitlines()[0], "two rows"),
])  # fmt: skip
def test_what_is_damaged_is_told_in_one_line(folder, name, damage, said):
    (folder / name).write_text(damage((folder / name).read_text()))
    with pytest.raises(ConfigError, match=said) as caught:
        rows_of(folder)
    assert len(caught.value.problems) == 1
