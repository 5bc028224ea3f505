"""The supply input: three volts from a file, and nothing where the file cannot be trusted."""

import math
import os
import time

import pytest

from edge_agent.runtime.supply import SupplyFile


def test_three_phases_are_read(tmp_path):
    (tmp_path / "mains").write_text("230.1 229.8 0.0\n")
    supply = SupplyFile(tmp_path / "mains", stale_s=10.0)
    assert supply.read() == (230.1, 229.8, 0.0)
    assert supply.reason == ""


def test_a_phase_that_is_not_measured_is_no_zero(tmp_path):
    (tmp_path / "mains").write_text("230.1 - -")
    a, b, c = SupplyFile(tmp_path / "mains", stale_s=10.0).read()
    assert a == 230.1
    assert math.isnan(b)
    assert math.isnan(c)


@pytest.mark.parametrize(
    "content", [b"", b"230 230", b"230 230 x", b"nan nan nan", b"inf 0 0", b"-1 0 0", b"1e9 0 0", b"\xff\xfe", b"1 2 3 4"]
)
def test_a_damaged_file_measures_nothing_and_says_why(tmp_path, content):
    (tmp_path / "mains").write_bytes(content)
    supply = SupplyFile(tmp_path / "mains", stale_s=10.0)
    assert all(math.isnan(value) for value in supply.read())
    assert str(tmp_path / "mains") in supply.reason


def test_a_file_that_nobody_rewrites_any_more_measures_nothing(tmp_path):
    path = tmp_path / "mains"
    path.write_text("0 0 0")
    os.utime(path, (time.time() - 60, time.time() - 60))
    supply = SupplyFile(path, stale_s=10.0)
    assert all(math.isnan(value) for value in supply.read())
    assert "not rewritten for 60 s" in supply.reason


def test_an_absent_file_measures_nothing(tmp_path):
    supply = SupplyFile(tmp_path / "mains", stale_s=10.0)
    assert all(math.isnan(value) for value in supply.read())
