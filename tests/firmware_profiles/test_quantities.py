"""The list of quantities and the words for them."""

import collections

import pytest

from firmware_profiles.quantities import COLUMN_INDEX, COLUMNS, QUANTITIES, UNITS, column_name
from firmware_profiles.schema import Point


def test_each_column_has_one_index():
    assert [COLUMN_INDEX[name] for name in COLUMNS] == list(range(len(COLUMNS)))


def test_every_quantity_is_in_a_unit_that_converts_to_itself():
    for quantity in QUANTITIES.values():
        assert UNITS[quantity.unit] == (quantity.unit, 1), quantity.name


def test_no_obis_code_means_two_things():
    codes = collections.Counter(code for quantity in QUANTITIES.values() for _, code in quantity.obis)
    assert max(codes.values()) == 1


def test_obis_codes_belong_to_places_of_the_quantity():
    for quantity in QUANTITIES.values():
        assert {place for place, _ in quantity.obis} <= set(quantity.places)


def test_what_is_only_shown_has_no_column():
    assert "alarm_word" not in COLUMNS
    assert column_name("voltage_v", "a") in COLUMNS


@pytest.mark.parametrize(
    ("quantity", "place", "title"),
    [
        ("voltage_v", "a", "voltage L1"), ("voltage_v", "ab", "voltage L1-L2"), ("voltage_v", "", "voltage average"),
        ("current_a", "n", "current neutral"), ("current_a", "", "current average"), ("active_power_w", "", "active power total"),
        ("power_factor", "", "power factor total"), ("frequency_hz", "", "frequency"), ("tan_phi", "", "tangent phi total"),
        ("active_energy_import_wh", "", "active energy import"), ("active_energy_import_wh", "b", "active energy import L2"),
        ("active_energy_import_wh", "t1", "active energy import T1"), ("active_energy_total_wh", "", "active energy total"),
        ("reactive_energy_total_varh", "t1", "reactive energy total T1"), ("reactive_energy_quadrant_varh", "q4", "reactive energy Q4"),
        ("voltage_three_phase_v", "", "voltage three-phase"), ("current_demand_a", "", "current demand"),
    ],
)
def test_titles_are_the_words_of_data_sheets(quantity, place, title):
    point = Point(quantity=quantity, place=place, function=3, address=0, type="u16", unit=QUANTITIES[quantity].unit)
    assert point.title == title
