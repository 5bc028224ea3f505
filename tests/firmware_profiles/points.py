"""One point of each coding, for tests of the exact and of the quick decoder."""

from fractions import Fraction

from firmware_profiles.schema import Point


def point(**fields):
    given_fields = {"quantity": "voltage_v", "place": "a", "function": 3, "address": 0, "type": "u16", "unit": "V", **fields}
    return Point(**given_fields)


POINTS = [
    point(type="u16", scale=Fraction(1, 10)), point(type="i32", quantity="active_power_w", place="", unit="kW", scale=Fraction(1, 1000)),
    point(type="f32"), point(type="f32", quantity="active_power_w", place="", unit="kW"),
    point(type="f32", scale=Fraction(1, 1000), quantity="current_a"), point(type="f32", scale=Fraction(1, 3), quantity="current_a"),
    point(type="f64", quantity="active_energy_import_wh", place="", unit="Wh"),
    point(type="t6", quantity="active_power_w", place="", unit="W"),
    point(type="u64", quantity="active_energy_import_wh", place="", unit="kWh", scale=Fraction(1, 100), no_value=(2**64 - 1,)),
    point(type="i32", high_word_first=False, quantity="active_power_w", place="", unit="W", no_value=(0x7FFFFFFF,)),
    point(type="f32", quantity="power_factor", place="", unit="1", coding="four_quadrant_pf"), point(type="f32", high_word_first=False),
    point(type="f32", no_value=(0x80000000,)),
]
