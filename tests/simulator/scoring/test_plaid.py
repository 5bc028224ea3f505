"""The set plaid on parts of its own file and on files made of it."""

from pathlib import Path

import numpy as np
import pytest

from edge_agent.detect.appliance import APPLIANCES, shipped_forest
from edge_agent.errors import ConfigError
from simulator.scoring import appliance_training
from simulator.scoring.plaid_cases import case_digests, class_names, features_of, training_copies
from simulator.scoring.sets.plaid import SCORE
from simulator.scoring.train_plaid import trained
from simulator.scoring.ts_file import read_ts

WHOLE = Path(__file__).parents[2] / "data" / "plaid" / "PLAID_TRAIN.ts.gz"


@pytest.fixture(scope="module")
def whole():
    return read_ts(WHOLE)


@pytest.fixture
def few_trees(monkeypatch):
    """Cross-validation trains forty forests: small ones here."""
    monkeypatch.setattr(appliance_training, "TREES", 12)


def write(directory, series, labels, name="PLAID_TEST.ts"):
    cases = [",".join("?" if np.isnan(value) else repr(float(value)) for value in case) for case in series]
    lines = [f"{case}:{label}" for case, label in zip(cases, labels, strict=True)]
    (directory / name).write_text("\n".join(["@data", *lines]), encoding="utf-8")
    return directory


def figures(directory):
    return {row.name: row for row in SCORE.score(directory, lambda share: None)}


def test_the_shipped_forest_is_the_one_that_the_script_makes_of_the_file(whole):
    made, shipped = trained(whole), shipped_forest()
    assert made.trained_on == shipped.trained_on == whole.sha256
    assert np.array_equal(made.cases, shipped.cases)
    features, _ = features_of(whole.series)
    # another release of scikit-learn may draw other splits
    assert (made.probabilities(features).argmax(axis=1) == shipped.probabilities(features).argmax(axis=1)).mean() > 0.95


def test_part_of_the_training_file_is_cross_validated_and_said_so(tmp_path, whole, few_trees):
    chosen = [place for place, label in enumerate(whole.labels) if label in ("1", "8")][::5]
    rows = figures(write(tmp_path, [whole.series[k] for k in chosen], [whole.labels[k] for k in chosen]))
    assert any("cross-validated instead" in name for name in rows)
    assert rows["PLAID_TEST: cases"].figure == len(chosen)
    assert rows["PLAID_TEST: accuracy, 10 mixed folds"].figure > 0.9          # lamps and ovens differ much
    assert rows["PLAID_TEST: features"].ok
    assert any("1-NN DTW" in name for name in rows)


def test_a_file_with_new_cases_is_asked_of_the_shipped_forest_and_names_do_for_numbers(tmp_path, whole):
    chosen = range(0, len(whole.series), 12)
    rows = figures(write(tmp_path, [3.0 * whole.series[k] for k in chosen], [APPLIANCES[int(whole.labels[k])] for k in chosen]))
    assert rows["PLAID_TEST: accuracy, shipped forest"].figure > 0.95         # the same shapes, which it has seen
    assert not any("cross-validated" in name for name in rows)
    swapped = [APPLIANCES[(int(whole.labels[k]) + 1) % 11] for k in chosen]
    rows = figures(write(tmp_path, [3.0 * whole.series[k] for k in chosen], swapped))
    assert rows["PLAID_TEST: accuracy, shipped forest"].figure < 0.2
    assert not rows["PLAID_TEST: accuracy, shipped forest"].ok


def test_what_cannot_be_judged_counts_as_wrong(tmp_path, whole):
    series = [2.0 * whole.series[40], np.zeros(300), np.ones(20)]
    rows = figures(write(tmp_path, series, ["1", "1", "1"]))
    assert rows["PLAID_TEST: cases too short or without current, counted as wrong"].figure == 2
    assert rows["PLAID_TEST: accuracy, shipped forest"].figure == pytest.approx(1 / 3)


def test_a_hole_in_a_window_is_bridged(tmp_path, whole):
    holed = 2.0 * whole.series[40]
    holed[100] = np.nan
    assert figures(write(tmp_path, [holed], ["1"]))["PLAID_TEST: accuracy, shipped forest"].figure == 1.0


def test_a_class_that_does_not_exist_is_one_line(tmp_path, whole):
    with pytest.raises(ConfigError, match=r"line 2: class 11 is none of 0\.\.10") as caught:
        figures(write(tmp_path, [whole.series[0]], ["11"]))
    assert len(caught.value.problems) == 1


def test_varied_copies_are_other_windows_of_the_same_start(whole):
    series = whole.series[40:60]
    features, judged = features_of(series)
    for copy in training_copies(series, judged):
        assert copy.shape == features.shape
        assert (copy != features).any(axis=1).all()
        assert np.median(np.abs(copy[:, 1] - features[:, 1])) < 0.1            # the level right after the start


def test_every_case_of_the_file_is_judged_and_known_by_its_digest(whole):
    assert features_of(whole.series)[1].all()
    assert len(set(class_names(whole))) == 11
    assert np.isin(case_digests(whole), shipped_forest().cases).all()
