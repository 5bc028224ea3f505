"""Simulated meters: registers of any profile, fed from a source, with a supply that can be cut."""

from simulator.meter.bank import MeterBank
from simulator.meter.misbehaviour import Misbehaviour
from simulator.meter.sim_meter import SimMeter

__all__ = ["MeterBank", "Misbehaviour", "SimMeter"]
