"""Features of a start-up window: free of scale, offset, sampling rate and mains frequency."""

import math

import numpy as np
import pytest

from edge_agent.detect.appliance_start import SHORTEST, START_FEATURES, rectified, start_features


def window(rate_hz, mains_hz, *, peak_a=1.0, inrush=4.0, cycles=40, start_cycle=5.0):
    """A current that starts at a zero crossing, ``inrush`` times too large, and settles within three cycles."""
    cycle = np.arange(int(cycles * rate_hz / mains_hz)) * mains_hz / rate_hz
    since = cycle - start_cycle
    return np.where(since >= 0, peak_a * np.sin(2 * math.pi * cycle) * (1 + (inrush - 1) * np.exp(-np.maximum(since, 0.0) / 3.0)), 0.0)


def feature(points, name):
    return start_features(points)[START_FEATURES.index(name)]


def test_a_sine_becomes_its_rectified_mean_with_the_ripple_that_four_fifths_of_a_half_cycle_leave():
    points = rectified(np.sin(2 * math.pi * 50 * np.arange(30_000) / 30_000), 30_000, 50)
    assert points.mean() == pytest.approx(2 / math.pi, rel=1e-3)
    # |sin| = 2/pi (1 - 2/3 cos 2wt - 2/15 cos 4wt ...); a mean over 0.8 half cycles leaves sin(0.8 pi) / (0.8 pi) of the first; five
    # points a half cycle fold the fourth (2/63 of it times sin(3.2 pi) / (3.2 pi)) onto it
    left = 2 / 3 * math.sin(0.8 * math.pi) / (0.8 * math.pi)
    folded = 2 / 63 * abs(math.sin(3.2 * math.pi) / (3.2 * math.pi))
    settled = np.concatenate((np.zeros(50), points[:150]))
    assert feature(settled, "ripple") == pytest.approx(left, abs=folded + 1e-3)


@pytest.mark.parametrize("mains_hz", [50, 60])
@pytest.mark.parametrize("rate_hz", [6_400, 12_800, 30_000])
def test_ten_points_a_cycle_at_any_rate_and_frequency(rate_hz, mains_hz):
    points = rectified(window(rate_hz, mains_hz), rate_hz, mains_hz)
    reference = rectified(window(30_000, 50), 30_000, 50)
    assert abs(len(points) - 400) <= 8
    assert np.abs(points[: len(reference) - 8] - reference[: len(points)][: len(reference) - 8]).max() < 0.05


@pytest.mark.parametrize(("scale", "offset"), [(1e-4, 0.0), (300.0, 0.0), (2.0, -7.0), (0.5, 11.0)])
def test_a_sensor_with_another_scale_or_offset_gives_the_same_features(scale, offset):
    points = rectified(window(30_000, 60), 30_000, 60)
    assert start_features(scale * points + offset) == pytest.approx(start_features(points), rel=1e-6, abs=1e-6)


def test_a_longer_idle_part_changes_what_is_said_of_the_start_by_little():
    short = rectified(window(30_000, 50, start_cycle=3.0), 30_000, 50)
    longer = rectified(window(30_000, 50, start_cycle=9.0, cycles=46), 30_000, 50)
    assert start_features(longer) == pytest.approx(start_features(short), abs=0.02)


def test_inrush_level_and_time_are_those_of_the_window():
    points = rectified(window(30_000, 50, inrush=4.0), 30_000, 50)
    # the mean over the first half cycle of 1 + 3 exp(-t / 3 cycles), less the point that begins before the start
    assert feature(points, "level_max") == pytest.approx(3.77, abs=0.2)
    assert feature(points, "level_after_48") == pytest.approx(1.0, abs=0.02)
    assert feature(points, "started") == 1.0


def test_a_load_that_was_on_before_the_window_is_said_so_and_keeps_its_zero():
    points = rectified(window(30_000, 50, start_cycle=0.0, inrush=1.0), 30_000, 50)
    assert feature(points, "started") == 0.0
    assert feature(points, "ripple") == pytest.approx(0.156, abs=0.01)


def test_half_wave_current_shows_half_cycles_that_differ():
    whole = window(30_000, 50)
    assert feature(rectified(np.maximum(whole, 0.0), 30_000, 50), "half_cycles_differ") > 0.5
    assert feature(rectified(whole, 30_000, 50), "half_cycles_differ") < 0.01


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_window_the_features_are_finite(seed):
    random = np.random.default_rng(seed)
    points = random.normal(0, 1, int(random.integers(SHORTEST, 1400))) * (random.random() < 0.7) + random.exponential(1.0)
    points[: int(random.integers(0, len(points)))] = 0.0
    if np.any(points):
        assert np.isfinite(start_features(points)).all(), seed


def test_switched_off_before_the_end_is_judged_by_what_it_drew():
    points = np.zeros(400)
    points[50:150] = 2.0
    assert feature(points, "level_max") == pytest.approx(1.0)


@pytest.mark.parametrize("points", [np.zeros(200), np.ones(SHORTEST - 1), np.full(200, np.nan), np.full(200, -3.0)])
def test_no_current_too_few_points_or_nan_are_refused(points):
    with pytest.raises(ValueError, match=r"start-up window|no current"):
        start_features(points)


def test_too_coarse_or_too_short_a_window_is_refused():
    with pytest.raises(ValueError, match="ten samples a cycle"):
        rectified(np.ones(1000), 400, 50)
    with pytest.raises(ValueError, match="five cycles"):
        rectified(np.ones(100), 6400, 50)


def test_a_missing_sample_is_no_current():
    current = window(30_000, 50)
    holed = current.copy()
    holed[5000:5003] = np.nan
    assert rectified(holed, 30_000, 50) == pytest.approx(rectified(current, 30_000, 50), abs=0.1)


def test_no_more_than_64_features_and_each_has_a_name():
    assert len(START_FEATURES) == len(set(START_FEATURES)) <= 64
    assert len(start_features(rectified(window(30_000, 50), 30_000, 50))) == len(START_FEATURES)
