"""Last gasp and power back: what stations tell before they die and when they are back, and how it gets to the CCO."""

from simulator.hplc.gasp.capacitors import draw_hold_s
from simulator.hplc.gasp.events import ReportKind
from simulator.hplc.gasp.faults import FaultClass, dark_meters, draw_fault
from simulator.hplc.gasp.gathering import CcoGathering
from simulator.hplc.gasp.listener import OutageListener, OutageReport
from simulator.hplc.gasp.station import OutageStation, attach_stations

__all__ = ["CcoGathering", "FaultClass", "OutageListener", "OutageReport", "OutageStation", "ReportKind", "attach_stations", "dark_meters",
           "draw_fault", "draw_hold_s"]
