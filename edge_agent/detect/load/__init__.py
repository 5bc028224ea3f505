"""Detectors of load: overload."""
