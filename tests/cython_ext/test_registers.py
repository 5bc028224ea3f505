"""The register kernel against numpy's own shortest decimals and exact fractions; its front refuses what does not fit."""

import importlib
from fractions import Fraction

import numpy as np
import pytest

import cython_ext
from cython_ext import registers
from cython_ext.registers import FIELD, GIVEN, IMPLAUSIBLE, KINDS, NOT_AVAILABLE, RegisterFields

TWINS = ["_registers_reference", *(["_registers"] if cython_ext.COMPILED else [])]


def fields(n, **columns):
    made = np.zeros(n, dtype=FIELD)
    made["numerator"], made["denominator"], made["low"], made["high"] = 1.0, 1.0, -np.inf, np.inf
    made["kind"], made["high_word_first"], made["offset"], made["column"] = KINDS.index("f32"), 1, 4 * np.arange(n), np.arange(n)
    for name, column in columns.items():
        made[name] = column
    return made


def decode(made, data, n_values=None):
    values = np.full(n_values or len(made), np.nan)
    status = RegisterFields(made, size_bytes=len(data), n_values=len(values)).decode(data, values)
    return values, status


def float32_of_every_sort():
    chance = np.random.default_rng(11)
    n = 4000
    powers_of_two = (2.0 ** chance.integers(-20, 60, n)).astype(np.float32).view(np.int32)
    return np.concatenate(
        [
            chance.integers(0, 2**32, n, dtype=np.uint32).view(np.float32),
            chance.uniform(0.001, 1e6, n).astype(np.float32),
            (chance.integers(0, 10**7, n) / 10.0 ** chance.integers(0, 5, n)).astype(np.float32),
            # around powers of two the interval is narrower on one side; from 2^24 on its borders are whole numbers
            (powers_of_two + chance.integers(-2, 3, n).astype(np.int32)).view(np.float32),
            np.array([0.0, -0.0, 1e-45, 3.4e38, -230.1, 16777216.0, 9e9], dtype=np.float32),
        ]
    )


@pytest.mark.parametrize("shift", [0, 3, -2])
def test_a_float32_is_the_decimal_that_numpy_prints(shift):
    numbers = float32_of_every_sort()
    values, status = decode(fields(len(numbers), shift=shift), numbers.astype(">f4").tobytes())
    for number, value, code in zip(numbers, values, status, strict=True):
        if np.isnan(number):
            assert code == NOT_AVAILABLE
        elif np.isinf(number):
            assert code == IMPLAUSIBLE
        else:
            assert (code, value) == (GIVEN, float(Fraction(str(number)) * Fraction(10) ** shift)), repr(number)
            assert not (value == 0 and np.signbit(value))


@pytest.mark.skipif(not cython_ext.COMPILED, reason="this build has no kernels")
def test_the_kernel_decides_alone_wherever_a_meter_measures():
    chance = np.random.default_rng(3)
    numbers = chance.uniform(-1e6, 1e6, 20_000).astype(">f4").tobytes()
    status = np.zeros(20_000, dtype=np.int8)
    undecided = importlib.import_module("cython_ext._registers").decode_registers(
        numbers, fields(20_000).view(np.uint8), np.zeros(20_000), status
    )
    assert undecided == 0


@pytest.mark.parametrize("kind", KINDS[:6])
def test_an_integer_times_a_fraction_is_rounded_once(kind):
    bits, signed = int(kind[1:]), kind[0] == "i"
    chance = np.random.default_rng(bits)
    raws = [int.from_bytes(chance.bytes(bits // 8), "big", signed=signed) >> int(chance.integers(0, bits)) for _ in range(500)]
    raws += [0, (1 << (bits - signed)) - 1, -(1 << (bits - 1)) if signed else 1]
    data = b"".join(raw.to_bytes(bits // 8, "big", signed=signed) for raw in raws)
    for factor in (Fraction(1, 10), Fraction(1), Fraction(-3, 7), Fraction(100), Fraction(10**6, 3)):
        made = fields(
            len(raws), kind=KINDS.index(kind), offset=bits // 8 * np.arange(len(raws)), numerator=factor.numerator,
            denominator=factor.denominator,
        )
        values, status = decode(made, data)
        assert status is None
        assert values.tolist() == [float(raw * factor) for raw in raws]


@pytest.mark.parametrize("kind", ["u32", "i64", "f32"])
def test_words_can_come_low_word_first(kind):
    data = bytes.fromhex("43663334 00000000" if kind == "f32" else "0000000000030530")
    words = [data[at : at + 2] for at in range(0, 8 if kind == "i64" else 4, 2)]
    one = {"kind": KINDS.index(kind)}
    straight, _ = decode(fields(1, **one), b"".join(words))
    swapped, _ = decode(fields(1, **one, high_word_first=0), b"".join(reversed(words)))
    assert straight[0] == swapped[0]


def test_markers_limits_and_what_stays_untouched():
    made = fields(4, kind=KINDS.index("u16"), offset=[0, 2, 4, 6], n_markers=[2, 2, 0, 0], high=1000.0)
    made["markers"] = (0xFFFF, 0x8000)
    values, status = decode(made, bytes.fromhex("ffff 8000 03e9 03e8"), n_values=5)
    assert status.tolist() == [NOT_AVAILABLE, NOT_AVAILABLE, IMPLAUSIBLE, GIVEN]
    assert np.isnan(values[[0, 1, 2, 4]]).all()
    assert values[3] == 1000.0


@pytest.mark.parametrize("twin", TWINS)
def test_the_twins_lay_out_a_field_alike(twin):
    assert FIELD.itemsize == importlib.import_module(f"cython_ext.{twin}").FIELD_BYTES


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"offset": -1}, "outside the block"), ({"offset": 1}, "outside the block"), ({"column": 1}, "outside the block"),
        ({"kind": 7}, "no such kind"), ({"n_markers": 3}, "too many markers"), ({"denominator": 0.0}, "factor"),
        ({"numerator": 2.0**53}, "factor"),
    ],
)
def test_a_field_that_does_not_fit_is_refused(wrong, named):
    with pytest.raises(ValueError, match=named):
        RegisterFields(fields(1, **wrong), size_bytes=4, n_values=1)


def test_other_lengths_than_agreed_are_refused():
    block = RegisterFields(fields(1), size_bytes=4, n_values=1)
    with pytest.raises(ValueError, match="3 bytes and 1 values"):
        block.decode(b"abc", np.zeros(1))
    with pytest.raises(ValueError, match="4 bytes and 2 values"):
        block.decode(b"abcd", np.zeros(2))
    with pytest.raises(ValueError, match="one row of FIELD"):
        RegisterFields(np.zeros(3), size_bytes=4, n_values=1)


def test_a_block_without_numbers_gives_nothing():
    assert registers.RegisterFields(fields(0), size_bytes=2, n_values=1).decode(b"ab", np.zeros(1)) is None
