"""The ``.ts`` format of the UCR/UEA archive, whole and damaged."""

import gzip
import hashlib

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.scoring.ts_file import read_ts, ts_files

GOOD = "# made by hand\n@problemName X\n@univariate true\n@classLabel true a b\n@data\n1.5,2,-3e2:a\n\n4,?:b\n"


def write(directory, text, name="X_TRAIN.ts"):
    (directory / name).write_text(text, encoding="utf-8")
    return directory / name


def test_cases_have_their_length_their_class_and_their_line(tmp_path):
    found = read_ts(write(tmp_path, GOOD))
    assert [case.tolist() for case in found.series[:1]] == [[1.5, 2.0, -300.0]]
    assert np.array_equal(found.series[1], [4.0, np.nan], equal_nan=True)
    assert (found.labels, found.lines, found.name) == (("a", "b"), (6, 8), "X_TRAIN")


def test_a_packed_file_is_the_same_file(tmp_path):
    (tmp_path / "X_TRAIN.ts.gz").write_bytes(gzip.compress(GOOD.encode()))
    found = read_ts(tmp_path / "X_TRAIN.ts.gz")
    assert found.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    assert (found.name, len(found.series)) == ("X_TRAIN", 2)


def test_a_byte_order_mark_and_line_ends_of_windows_are_read_over(tmp_path):
    assert read_ts(write(tmp_path, "\ufeff" + GOOD.replace("\n", "\r\n"))).labels == ("a", "b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "1,x,3:a\n", "line 9: could not convert"),
        (GOOD + "1,2,3\n", "line 9: expected one series"),
        (GOOD + "1,2,3:\n", "line 9: expected one series"),
        (GOOD + "1,2:3,4:a\n", "line 9: expected one series"),
        (GOOD + "1,inf:a\n", "line 9: an infinite value"),
        (GOOD + "?,?:a\n", "line 9: an infinite value, or no value"),
        (GOOD.replace("@data\n", ""), "line 5: cases before"),
        (GOOD.replace("@univariate true", "@univariate false"), "line 3: has several"),
        ("", "has no cases"),
        (GOOD.split("1.5")[0], "has no cases"),
    ],
)
def test_a_damaged_file_is_one_line_with_its_place(tmp_path, text, said):
    with pytest.raises(ConfigError) as caught:
        read_ts(write(tmp_path, text))
    assert len(caught.value.problems) == 1
    assert said in caught.value.problems[0]
    assert "X_TRAIN.ts" in caught.value.problems[0]


def test_a_file_cut_while_packed_is_one_line(tmp_path):
    (tmp_path / "X.ts.gz").write_bytes(gzip.compress(GOOD.encode())[:-9])
    with pytest.raises(ConfigError, match="cannot be read"):
        read_ts(tmp_path / "X.ts.gz")


def test_a_folder_without_any_says_so(tmp_path):
    with pytest.raises(ConfigError, match="has no file"):
        ts_files(tmp_path)
