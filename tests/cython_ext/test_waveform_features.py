"""Features of windows: against numpy and scipy on whole arrays, and the loop against its plain twin to the bit."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

import cython_ext
from cython_ext.waveform_features import (
    BAND,
    CURVATURE,
    CYCLE_CHANGE,
    FLAT_SHARE,
    FORM,
    KURTOSIS,
    MAX_STEP,
    N_FEATURES,
    PEAK,
    RMS,
    band_pass,
    window_features,
)

odd = st.sampled_from([0.0, float("nan"), float("inf"), -float("inf")])
samples = st.lists(st.one_of(st.floats(-50, 50), odd), min_size=1, max_size=40)


def twins():
    found = [importlib.import_module("cython_ext._waveform_features_reference")]
    return [*found, importlib.import_module("cython_ext._waveform_features")] if cython_ext.COMPILED else found


@settings(max_examples=200, deadline=None)
@given(samples, st.data())
def test_loop_and_twin_agree_to_the_bit(values, data):
    x = np.array(values)
    edges = data.draw(st.sets(st.integers(0, len(x)), min_size=2).map(sorted))
    lag = data.draw(st.integers(1, 20))
    results = []
    for module in twins():
        out = np.full((len(edges) - 1, N_FEATURES), 7.0)
        with np.errstate(all="ignore"):
            module.window_features(x, np.array(edges), lag, band_pass(2000.0, 5000.0, 25600.0), 0.05, out)
        out[np.isnan(out)] = 1e99      # a NaN may carry either sign
        results.append(out.tobytes())
    assert results.count(results[0]) == len(results)


def features_of(x, bounds, lag=256, rate_hz=25_600.0):
    out = np.empty((len(bounds) - 1, N_FEATURES))
    window_features(x, np.array(bounds), lag, band_pass(2_000.0, 5_000.0, rate_hz), out)
    return out


def test_every_feature_is_what_numpy_and_scipy_make_of_the_window():
    x = 10 * np.sin(np.arange(2000) * 2 * np.pi / 256) + np.random.default_rng(4).normal(0, 0.5, 2000)
    found = features_of(x, [300, 428, 801, 1999])
    for row, (begin, end) in zip(found, [(300, 428), (428, 801), (801, 1999)], strict=True):
        part = x[begin:end]
        rms = np.sqrt(np.mean(part**2))
        assert row[RMS] == pytest.approx(rms)
        assert row[PEAK] == np.abs(part).max()
        assert row[FORM] == pytest.approx(np.abs(part).mean() / rms)
        assert row[KURTOSIS] == pytest.approx((stats.moment(part, 4, center=0)) / stats.moment(part, 2, center=0) ** 2)
        assert row[FLAT_SHARE] == np.mean(np.abs(part) < 0.05 * np.abs(part).max())
        assert row[MAX_STEP] == pytest.approx(np.abs(np.diff(x[begin - 1 : end])).max() / np.abs(part).max())
        assert row[CURVATURE] == pytest.approx(np.sqrt(np.mean(np.diff(x[begin - 2 : end], 2) ** 2)) / rms)
        assert row[CYCLE_CHANGE] == pytest.approx(np.abs(part - x[begin - 256 : end - 256]).mean() / rms)
    b0, b2, a1, a2 = band_pass(2_000.0, 5_000.0, 25_600.0)
    start = signal.lfiltic([b0, 0, b2], [1, a1, a2], y=[0, 0], x=[x[299], x[298]])
    banded, _ = signal.lfilter([b0, 0, b2], [1, a1, a2], x[300:1999], zi=start)
    assert found[0, BAND] == pytest.approx(np.sqrt(np.mean(banded[:128] ** 2)) / found[0, RMS])
    assert found[2, BAND] == pytest.approx(np.sqrt(np.mean(banded[501:] ** 2)) / found[2, RMS])


def test_the_band_pass_is_the_butterworth_of_scipy():
    b, a = signal.butter(1, [2_000.0, 5_000.0], btype="bandpass", fs=25_600.0)
    assert band_pass(2_000.0, 5_000.0, 25_600.0) == pytest.approx([b[0], b[2], a[1], a[2]])


def test_a_sine_has_the_figures_of_the_textbook():
    row = features_of(np.sin(np.arange(512) * 2 * np.pi / 256), [0, 256, 512])[1]
    assert row[RMS] == pytest.approx(np.sqrt(0.5))
    assert row[FORM] == pytest.approx(2 * np.sqrt(2) / np.pi, rel=1e-3)
    assert row[KURTOSIS] == pytest.approx(1.5)
    assert row[CYCLE_CHANGE] == pytest.approx(0.0, abs=1e-12)


def test_a_window_without_current_has_no_ratios():
    assert features_of(np.zeros(64), [0, 64])[0].tolist() == [0.0] * N_FEATURES


def test_a_straight_line_has_neither_bend_nor_an_edge_at_its_first_sample():
    row = features_of(np.linspace(1.0, 2.0, 101), [0, 101])[0]
    assert row[CURVATURE] == pytest.approx(0.0, abs=1e-12)
    assert row[MAX_STEP] == pytest.approx(0.01 / 2)


def test_one_sample_and_two_hundred_thousand_are_alike():
    assert features_of(np.array([3.0]), [0, 1])[0, :2].tolist() == [3.0, 3.0]
    x = np.random.default_rng(1).normal(0, 1, 200_000)
    assert features_of(x, [0, 200_000])[0, RMS] == pytest.approx(np.sqrt(np.mean(x**2)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bounds": np.array([0, 5, 5])}, "bounds must rise"),
        ({"bounds": np.array([-1, 5, 6])}, "bounds must rise"),
        ({"bounds": np.array([0, 5, 11])}, "bounds must rise"),
        ({"lag": 0}, "lag must be at least 1"),
        ({"samples": np.zeros(10, dtype=np.float32)}, "must be float64"),
        ({"out": np.zeros((3, 9))}, "out of shape"),
        ({"band": np.zeros(5)}, "out of shape"),
    ],
)
def test_the_front_refuses_what_does_not_fit(change, says):
    arguments = {"samples": np.zeros(10), "bounds": np.array([0, 5, 10]), "lag": 3, "band": np.zeros(4), "out": np.zeros((2, 9))} | change
    with pytest.raises(ValueError, match=says):
        window_features(**arguments)


def test_a_band_that_the_rate_does_not_hold_is_refused():
    with pytest.raises(ValueError, match="hold no band"):
        band_pass(2_000.0, 5_000.0, 4_000.0)
