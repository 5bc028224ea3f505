"""Oil temperature of a transformer, hour by hour, from its loads and its own past: a residual that is small while the unit is well.

A linear model whose coefficients are a normal distribution, brought up to date with each hour; they wander slowly back to "no effect"
(the prior), so that a hundred features cost no accuracy on a year of data. A forgetting least squares without such a prior loses 2 % more
of the error. No training: hour t is foretold from the hours before it and from the load of hour t itself, then learned from.

It is no detector of the agent: no meter profile gives an oil temperature.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]

WARM_HOURS = 1000        # until features are scaled well; nothing is foretold before
_MEMORY_HOURS = 9000     # of coefficients: about a year, the seasons
_PRIOR = 0.035           # deviation of a coefficient, of the mean change of an hour, for a feature scaled to 1
_ROBUST = 2.0            # an error counts as at most that many mean errors
_RANDOM_FEATURES, _SEEDS = 100, (1, 2, 3)     # three models with random features of their own are averaged: no draw decides
_CLIP = 5.0              # of scaled features
_FAR, _FAR_HOURS = 20.0, 24      # mean distances from the mean of a month: a register that fails, unless it stays there for a day


def foretell(oil_cel: Real, loads: Real, hour_of_day: npt.NDArray[np.int64], *, with_load_now: bool = True) -> Real:
    """Oil temperature of each hour as expected before it was measured; NaN in the first ``WARM_HOURS``.

    Args:
        oil_cel: shape (t,), one an hour, no gaps.
        loads: shape (t, k), any units; every second column, from the first on, is an active load.
        with_load_now: False leaves the load of the hour itself out: a forecast instead of a residual.
    """
    oil_cel, loads = _borne_out(oil_cel), np.array([_borne_out(load) for load in loads.T]).T
    linear, mixed = _features(oil_cel, loads, hour_of_day, with_load_now=with_load_now)
    each = [_foretold_by(np.hstack([linear, _bent(mixed, seed)]), oil_cel) for seed in _SEEDS]
    mean: Real = np.mean(each, axis=0)
    return mean


def _foretold_by(features: Real, oil_cel: Real) -> Real:
    """By one model; ``features`` has shape (t, features)."""
    change = np.diff(oil_cel, prepend=oil_cel[:1])
    n, p = features.shape
    spread = float(np.abs(change[:WARM_HOURS]).mean()) + 1e-6
    prior, stay = (_PRIOR * spread) ** 2, 1.0 - 1.0 / _MEMORY_HOURS
    mean, covariance, expected = np.zeros(p), prior * np.eye(p), np.full(n, np.nan)
    for hour in range(WARM_HOURS, n):
        x = features[hour]
        error = change[hour] - float(x @ mean)
        expected[hour] = oil_cel[hour - 1] + float(x @ mean)
        spread += 0.005 * (min(abs(error), 5.0 * spread) - spread)
        weight = min(1.0, _ROBUST * spread / max(abs(error), 1e-9))
        along = covariance @ x
        gain = along / ((1.25 * spread) ** 2 / weight + float(x @ along))      # 1.25: deviation of a normal error over its mean size
        mean = stay * (mean + gain * error)
        covariance -= np.outer(gain, along)
        covariance *= stay * stay
        covariance[np.diag_indices(p)] += (1.0 - stay * stay) * prior
    return expected


def _features(oil_cel: Real, loads: Real, hour: npt.NDArray[np.int64], *, with_load_now: bool) -> tuple[Real, Real]:
    """Scaled, shape (t, features) each: what acts in proportion, what is mixed to act otherwise. Row t knows the oil up to t - 1."""
    change = np.diff(oil_cel, prepend=oil_cel[:1])
    last = _lagged(oil_cel, 1)
    waves = [wave(2.0 * np.pi * k * hour / 24.0) for k in (1, 2, 3) for wave in (np.sin, np.cos)]
    changes = [_lagged(change, lag) for lag in (1, 2, 3, 4)]
    same_hour = [_lagged(change, 24 * day) for day in range(1, 8)]
    levels = [last - _lagged(_mean_of_past(oil_cel, rate), 1) for rate in (0.3, 0.1, 0.03, 0.01)]
    against_yesterday = [last - _lagged(oil_cel, lag) for lag in (23, 24, 25)]
    usual = _usual_of_hour(oil_cel, hour, 0.08)
    profile = [_usual_of_hour(np.clip(change, -2.0, 2.0), hour, rate) for rate in (0.02, 0.06, 0.15, 0.3)]
    profile += [last - _lagged(usual, 1), usual - _lagged(usual, 1)]
    every = list(loads.T)
    load_before = [_lagged(load, 1) - _lagged(_mean_of_past(load, 0.02), 1) for load in every]
    load_now = [load - _lagged(load, 1) for load in every]
    heat = [load * np.abs(load) - _lagged(_mean_of_past(load * np.abs(load), 0.02), 1) for load in every[::2]]
    if not with_load_now:
        load_now, heat = [_lagged(load, 1) for load in load_now], [_lagged(load, 1) for load in heat]
    by_hour = [levels[2] * wave for wave in waves] + [load * wave for load in load_before[::2] for wave in waves[:4]]
    turned = [np.clip(_scaled(change), -bound, bound) for change in changes[:2] for bound in (0.5, 1.5)]     # after a jump, before a return
    linear = [np.ones_like(oil_cel), *changes, *turned, *same_hour, *levels, *against_yesterday, *profile]
    linear += [*load_before, *load_now, *heat, *by_hour]
    mixed = [*changes[:2], *levels, against_yesterday[1], *load_before, load_now[0], profile[1], *same_hour[:2]]
    mixed = [_scaled(feature, is_centred=True) for feature in mixed] + [1.5 * wave for wave in waves[:4]]
    return np.array([_scaled(feature) for feature in linear]).T, np.array(mixed).T


def _bent(mixed: Real, seed: int) -> Real:
    """Cosines of random mixtures (Rahimi and Recht, 2007): what depends on the features otherwise than in proportion."""
    chance = np.random.default_rng(seed)
    directions = chance.normal(0.0, 1.0 / 1.2 / np.sqrt(mixed.shape[1]), (mixed.shape[1], _RANDOM_FEATURES))
    return np.cos(mixed @ directions + chance.uniform(0.0, 2.0 * np.pi, _RANDOM_FEATURES))


def _scaled(feature: Real, *, is_centred: bool = False) -> Real:
    """By its own size over the past season: what a kelvin or an ampere means differs from unit to unit and from summer to winter."""
    if is_centred:
        feature = feature - _lagged(_mean_of_past(feature, 0.002), 1)
    size = np.sqrt(_lagged(_mean_of_past(feature * feature, 0.002 if is_centred else 0.001), 1))
    return np.clip(feature / np.maximum(size, 1e-3), -_CLIP, _CLIP)


def _borne_out(values: Real) -> Real:
    """Without values that are far from all before them and that none within a day bears out: the last good one in their place."""
    kept, last, is_far_for = np.empty_like(values), float(values[0]), 0
    mean, distance = last, 0.0
    for number, value in enumerate(values.tolist()):
        is_far = number > 24 and abs(value - mean) > _FAR * distance
        is_far_for = is_far_for + 1 if is_far else 0
        if not is_far or is_far_for > _FAR_HOURS:
            last = value
            rate = max(1.0 / 720.0, 1.0 / (number + 1))
            distance += rate * (abs(value - mean) - distance)
            mean += rate * (value - mean)
        kept[number] = last
    return kept


def _lagged(values: Real, by: int) -> Real:
    return np.concatenate([np.full(by, values[0]), values[:-by]])[: len(values)]


def _mean_of_past(values: Real, rate: float) -> Real:
    """Exponentially weighted, up to and with each value."""
    means, mean = np.empty_like(values), float(values[0])
    for number, value in enumerate(values.tolist()):
        mean += rate * (value - mean)
        means[number] = mean
    return means


def _usual_of_hour(values: Real, hour: npt.NDArray[np.int64], rate: float) -> Real:
    """What the same hour of the days before had, exponentially weighted; the value itself does not count."""
    usual, of_hour = np.empty_like(values), [float(values[0])] * 24
    for number, (value, at) in enumerate(zip(values.tolist(), hour.tolist(), strict=True)):
        usual[number] = of_hour[at]
        of_hour[at] += rate * (value - of_hour[at])
    return usual
