"""The set acsf1 on files of its layout that are made here: nothing of the set itself may be in the repository."""

import sys

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.scoring import appliance_training
from simulator.scoring.sets.acsf1 import SCORE, power_of


@pytest.fixture
def few_trees(monkeypatch):
    """Cross-validation trains forty forests: small ones here."""
    monkeypatch.setattr(appliance_training, "TREES", 12)


def readings(kind, random, n=365):
    """Active and reactive power of a charger, a fridge or a lamp."""
    if kind == "charger":
        return np.where(np.arange(n) < random.integers(80, 250), random.uniform(3, 6), 0.2), np.full(n, -0.5)
    if kind == "fridge":
        on = (np.arange(n) + random.integers(0, 60)) % 90 < 30
        level = random.uniform(60, 110)
        return np.where(on, level, 1.0), np.where(on, 0.8 * level, 0.0)
    return np.full(n, random.uniform(11, 16)) + random.normal(0, 0.05, n), np.full(n, -6.0)


def interleaved(active, reactive, random):
    """As in the UCR edition: reactive, active, voltage, current by turns, together scaled to mean 0 and deviation 1."""
    voltage = 230.0 + random.normal(0, 0.7, len(active))
    series = np.stack((reactive, active, voltage, np.hypot(active, reactive) / voltage), axis=1).reshape(-1)
    return (series - series.mean()) / series.std()


def write(directory, name, seed, each=6):
    random = np.random.default_rng(seed)
    lines = []
    for kind in ("charger", "fridge", "lamp"):
        for _ in range(each):
            lines.append(",".join(f"{value:.6f}" for value in interleaved(*readings(kind, random), random)) + f":{kind}")
    (directory / name).write_text("@univariate true\n@data\n" + "\n".join(lines) + "\n", encoding="utf-8")


def figures(directory):
    return {row.name: row for row in SCORE.score(directory, lambda share: None)}


@pytest.mark.parametrize("kind", ["charger", "fridge", "lamp"])
def test_watts_come_back_from_the_scaled_series(kind):
    random = np.random.default_rng(4)
    active, reactive = readings(kind, random)
    found_w, found_var = power_of(interleaved(active, reactive, random))
    # mains is taken for 230 V: 0.3 % of the power, and as much of a volt as its median is off
    assert found_w == pytest.approx(active, rel=0.02, abs=0.3)
    assert found_var == pytest.approx(reactive, rel=0.02, abs=0.3)


def test_a_plain_power_series_is_left_as_it_is():
    series = np.random.default_rng(1).normal(size=1460)
    active, reactive = power_of(series)
    assert active.tolist() == series.tolist()
    assert not reactive.any()


def test_one_file_is_cross_validated_and_said_so(tmp_path, few_trees):
    write(tmp_path, "ACSF1_TRAIN.ts", 1)
    rows = figures(tmp_path)
    assert any("cross-validated" in name for name in rows)
    assert rows["ACSF1_TRAIN: accuracy, 10 mixed folds"].figure > 0.9
    assert rows["ACSF1_TRAIN: features"].ok
    assert any("1-NN DTW" in name for name in rows)


def test_of_two_halves_one_is_learned_and_the_other_asked(tmp_path):
    write(tmp_path, "ACSF1_TRAIN.ts", 1)
    write(tmp_path, "ACSF1_TEST.ts", 2)
    rows = figures(tmp_path)
    assert rows["ACSF1_TEST: accuracy"].figure > 0.9
    assert rows["ACSF1_TEST: trained on ACSF1_TRAIN, cases"].figure == 18
    assert not any("cross-validated" in name for name in rows)


def test_a_case_that_is_too_short_is_one_line(tmp_path):
    (tmp_path / "ACSF1_TRAIN.ts").write_text("@data\n1,2,3:a\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2: needs at least") as caught:
        figures(tmp_path)
    assert len(caught.value.problems) == 1


def test_without_scikit_learn_one_line_says_what_to_install(tmp_path, monkeypatch):
    write(tmp_path, "ACSF1_TRAIN.ts", 1)
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(ConfigError, match=r"install 'hplc-edge\[score\]'"):
        figures(tmp_path)
