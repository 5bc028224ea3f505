"""Scenarios: an area, what is drawn in it, what changes, and what the meters then see."""

from simulator.scenario.timeline import Change, Timeline, cut, read_changes
from simulator.scenario.world import Block, Draw, World

__all__ = ["Block", "Change", "Draw", "Timeline", "World", "cut", "read_changes"]
