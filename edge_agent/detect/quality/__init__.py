"""Detectors of supply quality: voltage, silence."""
