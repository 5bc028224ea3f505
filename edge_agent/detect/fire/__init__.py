"""Detectors of what may burn: joints, neutrals, leakage, heat, arcs."""
