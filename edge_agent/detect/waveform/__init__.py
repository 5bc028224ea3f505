"""Detectors that look at sampled windows: one file each, found by scanning for ``DETECTOR``."""
