"""Blocks of registers -> columns; the same numbers as the exact decoder gives, point by point."""

import math
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.acquire.block_decoder import BlockDecoder
from firmware_profiles.coding import decode_point
from firmware_profiles.quantities import COLUMN_INDEX, COLUMNS
from tests.firmware_profiles.points import POINTS, point


def f32(value):
    return struct.pack(">f", value)


def empty_values():
    return np.full(len(COLUMNS), np.nan)


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(POINTS), st.binary(min_size=8, max_size=8))
def test_it_agrees_with_exact_arithmetic_on_all_bytes(one, data):
    data = data[: 2 * one.words]
    values = empty_values()
    flags = BlockDecoder([one], one.address, one.words).decode(data, values)
    slow = decode_point(one, data)
    found = values[COLUMN_INDEX[one.column]]
    assert (None if np.isnan(found) else found) == slow.si_value
    assert flags.not_available == int(slow.is_not_available)
    assert flags.implausible == int(not slow.is_plausible)


def test_a_block_goes_to_its_columns_and_leaves_the_others():
    points = [
        point(address=10, type="u16", scale=Fraction(1, 10)), point(address=12, type="f32", place="b"),
        point(address=14, type="u16", quantity="alarm_word", place="", unit=""),
    ]
    values = empty_values()
    BlockDecoder(points, 10, 5).decode(bytes.fromhex("0899 0000 43663334 ffff"), values)
    assert values[COLUMN_INDEX["voltage_v.a"]] == 220.1
    assert values[COLUMN_INDEX["voltage_v.b"]] == 230.20001
    assert np.isnan(values).sum() == len(COLUMNS) - 2


def test_doubtful_values_of_a_block_are_counted_and_left_out():
    points = [point(address=0, type="f32"), point(address=2, type="f32", place="b"), point(address=4, type="f32", place="c")]
    values = empty_values()
    flags = BlockDecoder(points, 0, 6).decode(f32(math.nan) + f32(5000.0) + f32(230.0), values)
    assert (flags.not_available, flags.implausible) == (1, 1)
    assert np.isnan(values[[COLUMN_INDEX["voltage_v.a"], COLUMN_INDEX["voltage_v.b"]]]).all()
    assert values[COLUMN_INDEX["voltage_v.c"]] == 230.0


def test_a_point_outside_its_block_and_a_short_answer_are_refused():
    with pytest.raises(ValueError, match="lies outside the block"):
        BlockDecoder([point(address=1, type="f32")], 0, 2)
    with pytest.raises(ValueError, match="2 bytes for a block of 4"):
        BlockDecoder([point(type="f32")], 0, 2).decode(b"ab", empty_values())
