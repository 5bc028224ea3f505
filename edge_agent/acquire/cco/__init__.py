"""Reads meters through a coordinator (CCO) of the power-line network over Q/GDW 10376.2, and tells what the network reports.

Frames in, frames out: all but ``reader.py`` is without a port and is given the time.
"""

from edge_agent.acquire.cco.network_view import NetworkNode, NetworkView
from edge_agent.acquire.cco.reader import CcoReader
from edge_agent.acquire.cco.settings import GDW10376_2, CcoCounters, CcoSettings

__all__ = ["GDW10376_2", "CcoCounters", "CcoReader", "CcoSettings", "NetworkNode", "NetworkView"]
