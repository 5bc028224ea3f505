"""Reads the meters: one owner task for each bus, a fair schedule, a quarantine for the dead, a guard against late replies."""

from edge_agent.acquire.bus import BusReader
from edge_agent.acquire.dlt645_exchange import Exchange645
from edge_agent.acquire.dlt645_plan import plan645
from edge_agent.acquire.poll import BusMeter, Poll
from edge_agent.acquire.read_list import ReadList
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.acquire.single import PointReading, SingleReader, read_points

__all__ = [
    "AcquireSettings", "BusCounters", "BusMeter", "BusReader", "Exchange645", "PointReading", "Poll", "ReadList", "SingleReader", "plan645",
    "read_points",
]
