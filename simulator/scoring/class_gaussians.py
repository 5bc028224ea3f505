"""A classifier of feature rows: a Gaussian for each class, and a border around those that are normal: what is outside of it is a fault."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

# Covariances get this much on the diagonal: features are normalised to 0 .. 1 and repeat to about 0.02 from one campaign to the next
_RIDGE = 0.02**2
# Squared distance within which a row is normal: four times what 99 % of the training rows keep to
_BORDER_QUANTILE, _BORDER_FACTOR = 0.99, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassGaussian:
    """``mean`` (f,), ``inverse`` of the covariance (f, f), ``log_volume`` its log determinant, ``border`` squared distance."""

    name: str
    is_fault: bool
    mean: list[float]
    inverse: list[list[float]]
    log_volume: float
    border: float


def fit(features: npt.NDArray[np.float64], classes: list[str], faulty: npt.NDArray[np.bool_]) -> list[ClassGaussian]:
    """One Gaussian for each name in ``classes``; ``faulty`` says of each row whether its class is a fault."""
    found = []
    names = np.array(classes)
    for name in sorted(set(classes)):
        rows = features[names == name]
        mean: npt.NDArray[np.float64] = rows.mean(axis=0)
        covariance = np.cov(rows, rowvar=False, ddof=0).reshape(len(mean), len(mean)) + _RIDGE * np.eye(len(mean))
        inverse = np.linalg.inv(covariance).astype(np.float64)
        border = _BORDER_FACTOR * float(np.quantile(_distances(rows, mean, inverse), _BORDER_QUANTILE))
        found.append(
            ClassGaussian(
                name=name, is_fault=bool(faulty[names == name].mean() > 0.5), mean=mean.tolist(), inverse=inverse.tolist(),
                log_volume=float(np.linalg.slogdet(covariance)[1]), border=border,
            )
        )
    return found


def is_fault(features: npt.NDArray[np.float64], gaussians: list[ClassGaussian]) -> npt.NDArray[np.bool_]:
    """True where a row is nearest (by likelihood) to a fault, or is outside the border of the normal class that it is nearest to."""
    distances = np.stack([_distances(features, np.array(of.mean), np.array(of.inverse)) for of in gaussians], axis=1)
    nearest = np.argmin(distances + np.array([of.log_volume for of in gaussians]), axis=1)
    borders = np.array([np.inf if of.is_fault else of.border for of in gaussians])
    faults = np.array([of.is_fault for of in gaussians])
    outside = distances[np.arange(len(features)), nearest] > borders[nearest]
    told: npt.NDArray[np.bool_] = faults[nearest] | outside
    return told


def save(path: Path, gaussians: list[ClassGaussian], trained_on: str) -> None:
    """``trained_on``: sha256 of the file."""
    path.write_text(json.dumps({"trained_on_sha256": trained_on, "classes": [asdict(of) for of in gaussians]}, indent=1) + "\n")


def load(path: Path) -> tuple[list[ClassGaussian], str]:
    """What ``save`` wrote: the classes, and what they were trained on."""
    content = json.loads(path.read_text())
    return [ClassGaussian(**of) for of in content["classes"]], content["trained_on_sha256"]


def _distances(
    rows: npt.NDArray[np.float64], mean: npt.NDArray[np.float64], inverse: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    away = rows - mean
    found: npt.NDArray[np.float64] = ((away @ inverse) * away).sum(axis=1)
    return found
