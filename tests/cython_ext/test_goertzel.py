"""Harmonics by Goertzel: against the FFT of numpy, against amplitudes that were put in, and the loop against its plain twin."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.goertzel import window_harmonics


def twins():
    found = [importlib.import_module("cython_ext._goertzel_reference")]
    return [*found, importlib.import_module("cython_ext._goertzel")] if cython_ext.COMPILED else found


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(st.floats(-50, 50), st.sampled_from([float("nan"), float("inf")])), min_size=2, max_size=40),
    st.lists(st.floats(0.01, 3.1), min_size=1, max_size=4),
)
def test_loop_and_twin_agree_to_the_bit(values, radians):
    x, bounds = np.array(values), np.array([0, len(values) // 2, len(values)])
    results = []
    for module in twins():
        out = np.zeros((2, len(radians), 2))
        with np.errstate(all="ignore"):
            module.window_harmonics(x, bounds, np.array(radians), out)
        out[np.isnan(out)] = 1e99
        results.append(out.tobytes())
    assert results.count(results[0]) == len(results)


def harmonics(x, bounds, radians):
    out = np.empty((len(bounds) - 1, len(radians), 2))
    window_harmonics(x, np.array(bounds), np.array(radians), out)
    return out[..., 0] + 1j * out[..., 1]


def test_over_whole_cycles_it_is_the_fft():
    x = np.random.default_rng(1).normal(0, 1, 600)
    found = harmonics(x, [0, 200, 600], [2 * np.pi * 7 / 200])
    assert found[0, 0] == pytest.approx(2 / 200 * np.fft.rfft(x[:200])[7])
    assert found[1, 0] == pytest.approx(2 / 400 * np.fft.rfft(x[200:])[14])


def test_between_the_bins_it_is_the_sum_itself():
    x, angle = np.random.default_rng(2).normal(0, 1, 137), 0.7321
    assert harmonics(x, [0, 137], [angle])[0, 0] == pytest.approx(2 / 137 * np.sum(x * np.exp(-1j * angle * np.arange(137))))


def test_amplitude_and_phase_come_back():
    step = 2 * np.pi / 128
    x = 5 * np.cos(step * np.arange(256) + 0.4) + 2 * np.cos(3 * step * np.arange(256) - 1.1)
    found = harmonics(x, [0, 256], [step, 3 * step])[0]
    assert np.abs(found) == pytest.approx([5, 2])
    assert np.angle(found) == pytest.approx([0.4, -1.1])


def test_one_sample_and_two_hundred_thousand_are_taken():
    assert harmonics(np.array([3.0]), [0, 1], [0.1])[0, 0] == pytest.approx(6.0)
    x = 4 * np.cos(2 * np.pi / 100 * np.arange(200_000))
    assert harmonics(x, [0, 200_000], [2 * np.pi / 100])[0, 0] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"radians": np.array([3.2])}, "half the sample rate"),
        ({"radians": np.array([0.0])}, "above 0"),
        ({"bounds": np.array([0, 20])}, "bounds must rise"),
        ({"out": np.zeros((1, 2, 2))}, "out of shape"),
        ({"samples": np.zeros(10, dtype=np.float32)}, "must be float64"),
    ],
)
def test_the_front_refuses_what_does_not_fit(change, says):
    arguments = {"samples": np.zeros(10), "bounds": np.array([0, 10]), "radians": np.array([0.5]), "out": np.zeros((1, 1, 2))} | change
    with pytest.raises(ValueError, match=says):
        window_harmonics(**arguments)
