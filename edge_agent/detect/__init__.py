"""Detectors: one file each in ``load``, ``fire``, ``quality`` or, for sampled windows, ``waveform``, found by scanning for ``DETECTOR``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import TypeVar

from edge_agent.detect.base import Detector, DetectorType, WaveformDetector, WaveformDetectorType

__all__ = ["Detector", "DetectorType", "WaveformDetector", "WaveformDetectorType", "find_detectors", "find_waveform_detectors"]

_WAVEFORM = "waveform"
_Type = TypeVar("_Type", DetectorType, WaveformDetectorType)


@cache
def find_detectors() -> dict[str, DetectorType]:
    """Every detector by name. A module without ``DETECTOR`` or a name used twice stops the program with both file names."""
    return _found(DetectorType, _modules(of_waveforms=False))


@cache
def find_waveform_detectors() -> dict[str, WaveformDetectorType]:
    """Every detector of sampled windows by name; stops the program as ``find_detectors`` does."""
    return _found(WaveformDetectorType, _modules(of_waveforms=True))


def _modules(*, of_waveforms: bool) -> Iterator[str]:
    for package in pkgutil.iter_modules(__path__, __name__ + "."):
        if package.ispkg and (package.name == f"{__name__}.{_WAVEFORM}") == of_waveforms:
            for info in pkgutil.iter_modules(importlib.import_module(package.name).__path__, package.name + "."):
                yield info.name


def _found(kind: type[_Type], modules: Iterator[str]) -> dict[str, _Type]:
    found: dict[str, _Type] = {}
    places: dict[str, str] = {}
    for module in modules:
        detector = getattr(importlib.import_module(module), "DETECTOR", None)
        if not isinstance(detector, kind):
            raise RuntimeError(f"{module} exposes no DETECTOR")
        if detector.name in found:
            raise RuntimeError(f"detector {detector.name} is in {places[detector.name]} and in {module}; names must differ")
        found[detector.name], places[detector.name] = detector, module
    return found
