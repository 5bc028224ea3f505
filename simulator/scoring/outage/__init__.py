"""Outages scored by the thousand: faults are edits of the grid, evidence comes over a channel that was fitted to the power-line path."""
