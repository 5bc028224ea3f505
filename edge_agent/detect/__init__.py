"""Detectors: one file each in ``load``, ``fire`` or ``quality``, found by scanning for ``DETECTOR``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from edge_agent.detect.base import Detector, DetectorType

__all__ = ["Detector", "DetectorType", "find_detectors"]


@cache
def find_detectors() -> dict[str, DetectorType]:
    """Every detector by name. A module without ``DETECTOR`` or a name used twice stops the program with both file names."""
    found: dict[str, DetectorType] = {}
    places: dict[str, str] = {}
    for package in pkgutil.iter_modules(__path__, __name__ + "."):
        if not package.ispkg:
            continue
        for info in pkgutil.iter_modules(importlib.import_module(package.name).__path__, package.name + "."):
            detector = getattr(importlib.import_module(info.name), "DETECTOR", None)
            if not isinstance(detector, DetectorType):
                raise RuntimeError(f"{info.name} exposes no DETECTOR")
            if detector.name in found:
                raise RuntimeError(f"detector {detector.name} is in {places[detector.name]} and in {info.name}; names must differ")
            found[detector.name], places[detector.name] = detector, info.name
    return found
