"""The set broadnet_arc: cross-validated on the file that was trained on, as shipped on others; damaged files."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.scoring.broadnet_file import read_rows
from simulator.scoring.class_gaussians import fit, is_fault, load
from simulator.scoring.score_set import sha256_of
from simulator.scoring.sets import find_sets
from simulator.scoring.train_broadnet import TRAINED, main

DATA = Path("tests/data/broadnet_arc")


def scored(directory):
    return {row.name: row for row in find_sets()["broadnet_arc"].score(directory, lambda share: None)}


def figures(rows, begins):
    return {name.rpartition(": ")[2]: row.figure for name, row in rows.items() if name.startswith(begins)}


@pytest.fixture(scope="module")
def rows():
    return scored(DATA)


def test_the_file_that_was_trained_on_is_cross_validated_and_says_so(rows):
    (name, *_) = rows
    assert name.startswith("broadnet train.csv: arc (5-fold cross-validated, it was trained on this file)")
    found = figures(rows, "broadnet train.csv: arc (")
    assert found["accuracy"] >= 0.985
    assert found["false positives"] == 0
    assert all(row.ok for row in rows.values())


def test_tree_and_forest_stand_beside_it(rows):
    assert 0.9 < figures(rows, "broadnet train.csv: baseline tree")["accuracy"] <= 1
    assert 0.9 < figures(rows, "broadnet train.csv: baseline forest")["accuracy"] <= 1


def test_each_load_left_out_is_shown(rows):
    assert sum("left out" in name for name in rows) == 4


def test_the_shipped_parameters_are_those_that_the_script_makes(tmp_path, monkeypatch):
    monkeypatch.setattr("simulator.scoring.train_broadnet.TRAINED", tmp_path / "made.json")
    main(DATA / "train.csv")
    (shipped, trained_on), (made, made_on) = load(TRAINED), load(tmp_path / "made.json")
    assert trained_on == made_on == sha256_of(DATA / "train.csv")
    for one, other in zip(shipped, made, strict=True):
        assert (one.name, one.is_fault) == (other.name, other.is_fault)
        assert one.mean == pytest.approx(other.mean)
        assert np.array(one.inverse) == pytest.approx(np.array(other.inverse), rel=1e-6)
        assert one.border == pytest.approx(other.border)


def test_rows_that_were_not_trained_on_are_scored_as_shipped(tmp_path):
    lines = (DATA / "train.csv").read_text().splitlines()
    (tmp_path / "test.csv").write_text("\n".join([lines[0], *lines[1::4]]) + "\n")
    shutil.copy(DATA / "train.csv", tmp_path)
    found = scored(tmp_path)
    assert figures(found, "broadnet test.csv: arc (as shipped, not trained on this file)")["accuracy"] >= 0.985
    assert "broadnet test.csv: baseline forest of 100 (trained on train.csv): accuracy" in found
    assert found["broadnet test.csv: rows of known classes"].figure == 1000


def test_features_that_shift_a_little_are_still_told_right():
    content = read_rows(DATA / "train.csv")
    gaussians, _ = load(TRAINED)
    for seed in range(6):
        shift = np.random.default_rng(seed).normal(0, 0.008, 6)
        told = is_fault(content.features + shift, gaussians)
        assert (told == content.arcs).mean() >= 0.985, seed
        assert not (told & ~content.arcs).any(), seed


def test_what_is_like_no_normal_class_is_a_fault_even_if_no_fault_was_like_it():
    content = read_rows(DATA / "train.csv")
    known = np.array([not name.endswith("_arc") or name.startswith("EHC") for name in content.classes])
    classes = [name for name, is_known in zip(content.classes, known, strict=True) if is_known]
    gaussians = fit(content.features[known], classes, content.arcs[known])
    assert is_fault(content.features[~known], gaussians).mean() > 0.99


def test_a_gaussian_of_two_features_is_the_textbooks():
    """Distance is Mahalanobis': against scipy, with the ridge put in by hand."""
    from scipy.spatial.distance import mahalanobis

    chance = np.random.default_rng(1)
    rows = chance.normal(0, 1, (500, 2)) @ np.array([[1.0, 0.4], [0.0, 0.5]])
    (one,) = fit(rows, ["x"] * 500, np.zeros(500, dtype=bool))
    inverse = np.linalg.inv(np.cov(rows, rowvar=False, ddof=0) + 0.02**2 * np.eye(2))
    distances = [mahalanobis(row, rows.mean(axis=0), inverse) ** 2 for row in rows]
    assert one.border == pytest.approx(4 * np.quantile(distances, 0.99))


HEADER = "variance,stagnation_time,integral,mean_square,fundamental,third_harmonic,class,arc"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no column"),
        (HEADER + "\n", "no rows"),
        (HEADER.replace("class,", "") + "\n1,1,1,1,1,1,0\n", "no column class"),
        (HEADER.replace("integral,", "") + "\n1,1,1,1,1,x,0\n", "has no column integral"),
        (HEADER + "\n1,1,1,1,1,1,x,0\n1,1,1,1,1,,x,0\n", "line 3: expected six numbers"),
        (HEADER + "\n1,1,1,1,1,1,x,2\n", "line 2: expected six numbers"),
        (HEADER + "\n1,1,1,1,1,a,x,1\n", "line 2"),
    ],
)
def test_a_damaged_file_is_told_in_one_line(tmp_path, text, says):
    (tmp_path / "train.csv").write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        find_sets()["broadnet_arc"].score(tmp_path, lambda share: None)
    assert len(caught.value.problems) == 1


def test_a_folder_without_files_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"neither train\.csv nor test\.csv"):
        find_sets()["broadnet_arc"].score(tmp_path, lambda share: None)
