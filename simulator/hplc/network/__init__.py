"""HPLC's network layer: a tree that forms and keeps itself, and carries messages hop by hop."""

from simulator.hplc.network.application import Application, Delivered
from simulator.hplc.network.messages import DeviceKind, LeaveReason, Result, SendType
from simulator.hplc.network.network import Network
from simulator.hplc.network.settings import NetworkSettings
from simulator.hplc.network.stations import NOWHERE, Role
from simulator.hplc.network.store import StoreError, load_network, save_network

__all__ = ["NOWHERE", "Application", "Delivered", "DeviceKind", "LeaveReason", "Network", "NetworkSettings", "Result", "Role", "SendType",
           "StoreError", "load_network", "save_network"]
