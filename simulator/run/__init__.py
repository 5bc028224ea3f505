"""The agent on a simulated area without wires: the same pipeline, a virtual clock, as fast as the machine goes."""

from simulator.run.closed_loop import LoopResult, run_closed_loop
from simulator.run.metering import Metering, archive_of

__all__ = ["LoopResult", "Metering", "archive_of", "run_closed_loop"]
