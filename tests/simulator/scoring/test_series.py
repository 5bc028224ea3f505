"""Series as frames: what is new, what stays, who did not answer; and the readers of the sets' files."""

import gzip

import numpy as np
import pytest

from edge_agent.detect import find_detectors
from edge_agent.errors import ConfigError
from edge_agent.model import COLUMN_INDEX, Stage
from edge_agent.model.area_frame import NEVER
from simulator.scoring.score_set import read_json, read_numbers
from simulator.scoring.series import Series, run_detectors
from tests.detect.areas import archive, at

VOLTS = COLUMN_INDEX["voltage_v.a"]


def series(volts):
    values = np.array(volts, dtype=float)
    times = np.array([at(60 * minute) for minute in range(len(values))])
    return Series(archive=archive(values.shape[1]), utc_ms=times, columns={"voltage_v.a": values})


def test_a_meter_that_gave_nothing_keeps_its_value_and_age_and_has_a_failed_poll():
    frames = [
        (frame.values[VOLTS].tolist(), frame.taken_utc_ms[VOLTS].tolist(), frame.polls_failed.tolist(), frame.first_failed_utc_ms.tolist())
        for frame in series([[220.0, 221.0], [np.nan, 222.0], [np.nan, 223.0], [219.0, 224.0]]).frames()
    ]
    assert [values for values, *_ in frames] == [[220.0, 221.0], [220.0, 222.0], [220.0, 223.0], [219.0, 224.0]]
    assert [taken[0] for _, taken, *_ in frames] == [at(0), at(0), at(0), at(180)]
    assert [failed for *_, failed, _ in frames] == [[0, 0], [1, 0], [2, 0], [0, 0]]
    assert [first for *_, first in frames] == [[NEVER, NEVER], [at(60), NEVER], [at(60), NEVER], [NEVER, NEVER]]


def test_detectors_see_what_they_would_see_in_the_agent():
    kind = find_detectors()["voltage"]
    low = series([[220.0, 190.0]] * 10)
    (finding,) = run_detectors(low, [kind.build(low.archive, kind.settings())])
    assert (finding.kind, finding.stage, finding.meters) == ("voltage.low", Stage.BEGIN, ("m1",))


def test_columns_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"voltage_v.a has shape \(3, 2\), not \(2, 2\)"):
        Series(archive=archive(2), utc_ms=np.array([at(0), at(60)]), columns={"voltage_v.a": np.zeros((3, 2))})


def test_numbers_are_read_by_the_names_of_their_columns_also_packed(tmp_path):
    (tmp_path / "n.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbfb,other,a\n1,x,2\n,y,3.5\n"))
    found = read_numbers(tmp_path / "n.csv.gz", ("a", "b"))
    assert found["a"].tolist() == [2.0, 3.5]
    assert found["b"][0] == 1.0
    assert np.isnan(found["b"][1])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,c\n1,2\n", "n.csv: has no column b; it has a, c"),
        (b"", "n.csv: has no column a, b; it has no header line"),
        (b"a,b\n1,2\n3\n", "n.csv: line 3: .*expected 2 fields"),
        (b"a,b\n1,oops\n", "n.csv: line 2: could not convert string to float: 'oops'"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_line_with_the_file(tmp_path, content, said):
    (tmp_path / "n.csv").write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        read_numbers(tmp_path / "n.csv", ("a", "b"))


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), (b"{", "is not JSON"), (b"[]", "expected an object")])
def test_truth_that_is_missing_or_damaged_is_one_line(tmp_path, content, said):
    path = tmp_path / "truth.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        read_json(path)


def test_packed_files_that_are_cut_are_one_line(tmp_path):
    (tmp_path / "n.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n")[:-9])
    with pytest.raises(ConfigError, match="cannot be read"):
        read_numbers(tmp_path / "n.csv.gz", ("a", "b"))
