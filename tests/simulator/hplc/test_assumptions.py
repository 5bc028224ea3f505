"""Every assumption has a unit, a mark and a source; wrong names are refused."""

from __future__ import annotations

import math

import pytest

from simulator.hplc import assumptions
from simulator.hplc.assumptions import MARKS, all_assumptions, assumed, assumed_row
from simulator.hplc.phy.bands import BANDS, SPACING_HZ


def test_every_assumption_says_unit_mark_and_source():
    found = all_assumptions()
    assert len(found) > 50
    for entry in found.values():
        assert entry.mark in MARKS
        assert entry.unit
        assert entry.source


def test_the_assumed_density_is_the_power_that_was_worked_out_for_band_2():
    total_dbm = assumed("phy.psd.dbm_hz") + 10.0 * math.log10(BANDS[2].carriers * SPACING_HZ)
    assert total_dbm == pytest.approx(18.4, abs=0.05)


def test_one_number_is_not_taken_for_several_nor_an_unknown_name_for_any():
    with pytest.raises(TypeError, match="4 numbers, not one"):
        assumed("phy.frame_control_symbols")
    with pytest.raises(TypeError, match="one number, not several"):
        assumed_row("phy.preamble_us")
    with pytest.raises(KeyError):
        assumed("phy.colour")


def test_an_entry_without_a_source_stops_the_reading(tmp_path, monkeypatch):
    file = tmp_path / "assumptions.toml"
    file.write_text('[phy]\nx = { value = 1, unit = "s", mark = "M" }\n', encoding="utf-8")
    monkeypatch.setattr(assumptions, "FILE", file)
    all_assumptions.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"phy\.x needs value, unit, mark"):
            all_assumptions()
    finally:
        all_assumptions.cache_clear()
