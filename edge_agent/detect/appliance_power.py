"""What an hour of power readings every ten seconds says about the appliance: levels, power factor, how it switches.

No inrush and no waveform is left at this rate: what separates appliances is how much they draw, with which power factor, and the
pattern in time. Readings may be missing (NaN) anywhere.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHORTEST = 12           # readings
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_LAGS = (1, 2, 6, 18, 60)
_BANDS = 4              # halvings of the frequency axis, from the fastest change (two readings) to the slowest
_ON_SHARE = 0.3         # between the lowest and the highest level: on

POWER_FEATURES = (
    *(f"active_q{q}" for q in _QUANTILES), "active_mean", *(f"reactive_q{q}" for q in _QUANTILES), "reactive_mean",
    "power_factor_on", "power_factor_off", "reactive_share_on", "reactive_share_off", "reactive_per_active_step",
    "share_on", "times_on", "on_longest", "on_median", "off_median", "active_on", "active_off", "deviation_on", "deviation_off",
    "reactive_deviation_on", "slope_on", "top_over_on", "steps", "step_median", "step_max", "change_mean", "change_median", "distinct",
    *(f"autocorrelation_{lag}" for lag in _LAGS), *(f"band_{band}" for band in range(_BANDS)), "skewness", "half_to_half",
)


def power_features(active_w: npt.ArrayLike, reactive_var: npt.ArrayLike) -> Floats:
    """Shape (len(POWER_FEATURES),).

    Args:
        active_w, reactive_var: shape (n,), n >= SHORTEST, evenly spaced readings; NaN is filled from the reading before. Reactive power
            that is not known is given as zeros.
    Raises:
        ValueError: shapes differ, too short, or nothing but NaN.
    """
    p, q = _filled(active_w), _filled(reactive_var)
    if p.shape != q.shape or len(p) < SHORTEST:
        raise ValueError(f"needs at least {SHORTEST} readings of active and as many of reactive power, not {len(p)} and {len(q)}")
    on = p > p.min() + _ON_SHARE * np.ptp(p)
    if np.ptp(p) <= 0.05 * np.abs(p).max():     # as good as constant: all of it is on
        on[:] = True
    off = ~on if not on.all() else on
    return np.array([*_sizes(p), *_sizes(q), *_factors(p, q, on, off), *_switching(p, q, on, off), *_steps(p), *_rhythm(p)])


def _filled(values: npt.ArrayLike) -> Floats:
    x = np.array(values, dtype=np.float64)
    known = np.isfinite(x)
    if x.ndim != 1 or not known.any():
        raise ValueError("readings must be one row with at least one number")
    place = np.maximum.accumulate(np.where(known, np.arange(len(x)), int(np.argmax(known))))
    return x[place]


def _log(x: npt.ArrayLike) -> Floats:
    """Sign and order of magnitude above 0.1 W: 1 W and 2 W differ as much as 1 kW and 2 kW."""
    values = np.asarray(x, dtype=np.float64)
    return np.sign(values) * np.log1p(np.abs(values) / 0.1)


def _sizes(x: Floats) -> list[float]:
    return [*_log(np.quantile(x, _QUANTILES)), float(_log(x.mean()))]


def _factors(p: Floats, q: Floats, on: npt.NDArray[np.bool_], off: npt.NDArray[np.bool_]) -> list[float]:
    found = []
    for chosen in (on, off):
        active, reactive = float(np.median(p[chosen])), float(np.median(q[chosen]))
        apparent = max(float(np.hypot(active, reactive)), 1e-3)
        found.append((active / apparent, reactive / apparent))
    dp, dq = np.diff(p), np.diff(q)
    per_step = float(dp @ dq) / max(float(dp @ dp), 1e-9)
    return [found[0][0], found[1][0], found[0][1], found[1][1], float(np.clip(per_step, -10.0, 10.0))]


def _switching(p: Floats, q: Floats, on: npt.NDArray[np.bool_], off: npt.NDArray[np.bool_]) -> list[float]:
    edges = np.flatnonzero(np.diff(on.astype(np.int8)))
    lengths = np.diff(np.concatenate(([-1], edges, [len(on) - 1])))
    is_on = on[np.concatenate(([0], edges + 1))]
    on_lengths, off_lengths = lengths[is_on], lengths[~is_on]
    drawn = p[on]
    level = max(abs(float(np.median(drawn))), 1e-3)
    time = np.arange(len(drawn)) - (len(drawn) - 1) / 2
    slope = (time @ drawn) / (time @ time) * len(drawn) / level if len(drawn) > 2 else 0.0
    return [
        on.mean(), len(on_lengths), on_lengths.max(initial=0), float(np.median(on_lengths)),
        float(np.median(off_lengths)) if len(off_lengths) else 0.0,
        float(_log(np.median(drawn))), float(_log(np.median(p[off]))), drawn.std() / level, float(_log(p[off].std())),
        q[on].std() / level, slope, p.max() / level,
    ]


def _steps(p: Floats) -> list[float]:
    change = np.abs(np.diff(p))
    large = change[change > max(1.0, 0.05 * float(np.ptp(p)))]
    return [
        len(large), float(_log(np.median(large))) if len(large) else 0.0, float(_log(change.max())), float(_log(change.mean())),
        float(_log(np.median(change))), len(np.unique(np.round(p / max(float(np.ptp(p)), 1e-9), 2))),
    ]


def _rhythm(p: Floats) -> list[float]:
    x = p - p.mean()
    power = max(float(x @ x), 1e-12)
    lagged = [float(x[lag:] @ x[:-lag]) / power if lag < len(x) else 0.0 for lag in _LAGS]
    spectrum = np.abs(np.fft.rfft(x)[1:]) ** 2
    whole = max(float(spectrum.sum()), 1e-12)
    ends = [len(spectrum) >> band for band in range(_BANDS + 1)]
    bands = [float(spectrum[low:high].sum()) / whole for high, low in pairwise(ends)]
    half = len(p) // 2
    return [
        *lagged, *bands, float((x**3).mean() / max((x**2).mean() ** 1.5, 1e-12)),
        float(_log(p[half:].mean() - p[:half].mean())),
    ]
