"""Register bytes <-> numbers. Expected values are written out or come from struct and numpy, never from our own encoder."""

import math
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_profiles.coding import decode_point, encode_point, shortest_f32
from tests.firmware_profiles.points import POINTS, point


def f32(value):
    return struct.pack(">f", value)


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        ("u16", "0899", 2201), ("i16", "fb2e", -1234), ("u32", "00030530", 197936), ("i32", "fffffe0c", -500),
        ("u64", "0000000004f08803", 82872323), ("i64", "ffffffffffffffff", -1), ("f32", "43663334", 230.20001),
        ("f64", "4132d68780000000", 1234567.5), ("t5", "fe005996", 229.34), ("t6", "fffffff6", -1), ("t5", "03020000", 131072000),
    ],
)
def test_each_type_decodes_to_its_number(kind, data, value):
    assert decode_point(point(type=kind), bytes.fromhex(data)).value == value


def test_a_scaled_integer_is_rounded_once():
    # as floats 2201 * 0.1 is 220.10000000000002
    assert decode_point(point(scale=Fraction(1, 10)), bytes.fromhex("0899")).value == 220.1


def test_a_float_in_kilowatts_keeps_its_printed_digits_in_watts():
    decoded = decode_point(point(quantity="active_power_w", type="f32", unit="kW"), f32(4.216))
    assert (decoded.value, decoded.si_value) == (4.216, 4216.0)


def test_low_word_first_swaps_words_not_bytes():
    assert decode_point(point(type="i32", high_word_first=False, scale=Fraction(1, 10)), bytes.fromhex("091b0000")).value == 233.1
    assert decode_point(point(type="u64", high_word_first=False), bytes.fromhex("0004000300020001")).value == 0x0001000200030004


def test_text_loses_its_padding_and_the_zero_bytes_between_its_letters():
    text = point(quantity="model", place="", type="text", unit="", text_words=4)
    assert decode_point(text, b"B23 \0\0\0\0").value == "B23"
    assert decode_point(text, b"\0S\0O\0C\0O").value == "SOCO"
    assert decode_point(text, b"\xff" * 8).is_not_available


@pytest.mark.parametrize("bits", ["7fc00000", "ffc00000", "7fffffff", "ffffffff", "7f800001"])
def test_any_nan_is_no_value(bits):
    decoded = decode_point(point(type="f32"), bytes.fromhex(bits))
    assert (decoded.value, decoded.si_value, decoded.is_not_available) == (None, None, True)


def test_a_marker_is_no_value_only_where_the_profile_says_so():
    assert decode_point(point(type="i32", no_value=(0x7FFFFFFF,)), bytes.fromhex("7fffffff")).is_not_available
    assert decode_point(point(type="i32"), bytes.fromhex("7fffffff")).value == 0x7FFFFFFF


def test_a_marker_is_compared_after_the_words_are_put_in_order():
    assert decode_point(point(type="i32", no_value=(0x7FFFFFFF,), high_word_first=False), bytes.fromhex("ffff7fff")).is_not_available


def test_an_implausible_value_is_shown_but_has_no_si_value():
    decoded = decode_point(point(scale=Fraction(1)), (1001).to_bytes(2, "big"))
    assert (decoded.value, decoded.si_value, decoded.is_plausible, decoded.is_not_available) == (1001, None, False, False)


def test_infinity_was_answered_but_is_no_number():
    decoded = decode_point(point(type="f32"), f32(math.inf))
    assert (decoded.value, decoded.si_value, decoded.is_plausible, decoded.is_not_available) == (None, None, False, False)


@pytest.mark.parametrize(("raw", "factor"), [(0.5, 0.5), (-0.5, -0.5), (1.0, 1.0), (1.5, 0.5), (-1.5, -0.5)])
def test_the_four_quadrant_power_factor_is_unfolded(raw, factor):
    folded = point(quantity="power_factor", place="", type="f32", unit="1", coding="four_quadrant_pf")
    assert decode_point(folded, f32(raw)).si_value == factor
    assert decode_point(folded, f32(raw)).value == raw


def test_bytes_of_another_length_are_refused():
    with pytest.raises(ValueError, match="3 bytes, expected 4"):
        decode_point(point(type="u32"), b"abc")


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_shortest_decimal_is_that_of_numpy(value):
    text = shortest_f32(value)
    assert f32(float(text)) == f32(value)
    assert float(text) == float(str(np.float32(value)))


@given(st.integers(0, 2**64 - 1), st.sampled_from([Fraction(1, 10), Fraction(1, 100), Fraction(10), Fraction(1, 3), Fraction(1)]))
def test_an_integer_is_the_nearest_float_to_the_exact_product(raw, scale):
    energy = point(quantity="active_energy_import_wh", place="", type="u64", unit="kWh", scale=scale)
    value = decode_point(energy, raw.to_bytes(8, "big")).value
    assert float(value) == float(raw * scale)


@pytest.mark.parametrize(
    ("one", "si_value", "data"),
    [
        (point(scale=Fraction(1, 10)), 220.1, "0899"), (point(scale=Fraction(1, 10)), 220.14, "0899"),
        (point(type="i32", high_word_first=False, scale=Fraction(1, 10)), 233.1, "091b0000"),
        (point(quantity="active_power_w", type="f32", unit="kW"), 4216.0, f32(4.216).hex()), (point(type="f32"), 230.20001, "43663334"),
        (point(type="f64"), 0.5, "3fe0000000000000"), (point(type="t5"), 229.34, "fd037fdc"),
        (point(type="t6", quantity="active_power_w", unit="W"), -1.0, "fbfe7960"), (point(type="t5"), 0.0, "00000000"),
        (point(type="f32"), None, "7fc00000"), (point(type="i32", no_value=(0x7FFFFFFF,), high_word_first=False), None, "ffff7fff"),
    ],
)
def test_encoding_gives_the_bytes_of_the_meter(one, si_value, data):
    assert encode_point(one, si_value) == bytes.fromhex(data)


@pytest.mark.parametrize(
    ("one", "si_value"),
    [
        (point(), 65536.0), (point(), -1.0), (point(type="i16"), 32768.0), (point(type="f32"), 1e39), (point(type="t5"), -1.0),
        (point(type="f32"), math.inf), (point(), None), (point(no_value=(0xFFFF,)), 65535.0),
        (point(quantity="model", type="text", unit="", text_words=2), 1.0),
    ],
)
def test_what_does_not_fit_is_refused_not_bent(one, si_value):
    with pytest.raises(ValueError, match=one.quantity):
        encode_point(one, si_value)


def test_a_number_of_numpy_is_encoded_like_a_plain_one():
    assert encode_point(point(scale=Fraction(1, 10)), np.float64(220.1)) == bytes.fromhex("0899")


@given(st.sampled_from([one for one in POINTS if one.coding == "plain"]), st.floats(0, 900))
def test_what_is_encoded_decodes_to_the_nearest_step(one, si_value):
    decoded = decode_point(one, encode_point(one, si_value))
    step = 1e-5 * si_value + (float(one.scale * one.si_factor) if one.type[0] in "ui" else 1e-30)
    assert decoded.si_value == pytest.approx(si_value, abs=step)
