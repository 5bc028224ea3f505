"""Cases of the set plaid as the forest sees them: classes by name, features, varied copies to train on."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from edge_agent.detect.appliance import APPLIANCES
from edge_agent.detect.appliance_start import POINTS, SHORTEST, START_FEATURES, start_features
from edge_agent.errors import ConfigError
from simulator.scoring.ts_file import TsFile

COPIES = 2      # varied ones beside each case: 5 were no better in cross-validation; without any, cut or noisy windows lost 5..7 %

_LEFT_BEFORE = POINTS + 1   # points before the start that a varied copy keeps
_LEFT_AFTER = 120           # and after it: twelve cycles
_LEAST_NOISE, _MOST_NOISE = -3.5, -2.0      # powers of ten, of the settled level: a good and a poor sensor

Floats = npt.NDArray[np.float64]


def class_names(found: TsFile) -> npt.NDArray[np.str_]:
    """Shape (cases,): numbers of classes become names; names stay. Raises ConfigError: another class."""
    known = {str(number): name for number, name in enumerate(APPLIANCES)} | {name: name for name in APPLIANCES}
    for line, label in zip(found.lines, found.labels, strict=True):
        if label not in known:
            raise ConfigError([f"{found.path}: line {line}: class {label} is none of 0..{len(APPLIANCES) - 1} ({', '.join(APPLIANCES)})"])
    return np.array([known[label] for label in found.labels])


def features_of(series: tuple[Floats, ...]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Shape (cases, len(START_FEATURES)), and which cases have any: not those that are too short or without current."""
    features = np.zeros((len(series), len(START_FEATURES)))
    judged = np.ones(len(series), dtype=bool)
    for place, values in enumerate(series):
        try:
            features[place] = start_features(without_holes(values))
        except ValueError:
            judged[place] = False
    return features, judged


def training_copies(series: tuple[Floats, ...], judged: npt.NDArray[np.bool_]) -> list[Floats]:
    """Features of ``COPIES`` varied copies of each case; zeros where it is not judged.

    Windows of the set were cut by hand: without this a forest learns how long the idle part is and how clean its sensor was.
    """
    random = np.random.default_rng(0)
    varied = [[_varied(without_holes(values), random) if good else values for values, good in zip(series, judged, strict=True)]
              for _ in range(COPIES)]
    return [features_of(tuple(copy))[0] for copy in varied]


def case_digests(found: TsFile) -> npt.NDArray[np.uint64]:
    """Shape (cases,)."""
    digests = [hashlib.blake2b(series.tobytes(), digest_size=8).digest() for series in found.series]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def without_holes(series: Floats) -> Floats:
    """NaN filled along a straight line."""
    known = ~np.isnan(series)
    at = np.arange(len(series))
    return np.interp(at, at[known], series[known])


def _varied(points: Floats, random: np.random.Generator) -> Floats:
    """Cut somewhere before the start and somewhere after it, with noise added."""
    settled = float(np.median(np.abs(points[-10 * 2 * POINTS:])))
    start = int(np.argmax(points > 0.2 * settled))
    cut = int(random.integers(0, max(1, start - _LEFT_BEFORE)))
    least = min(len(points), max(start + _LEFT_AFTER, cut + SHORTEST))
    kept = points[cut: int(random.integers(least, len(points) + 1))]
    noise = settled * 10.0 ** random.uniform(_LEAST_NOISE, _MOST_NOISE)
    return kept + random.normal(0.0, 1.0, len(kept)) * noise if len(kept) >= SHORTEST else points
