"""A simulated HPLC coordinator: Q/GDW 10376.2 in module role over a power-line network, and the station side of it."""

from simulator.hplc.cco.carrier import Arrived, CarrierNetwork, Member
from simulator.hplc.cco.cco import Cco
from simulator.hplc.cco.meter_station import MeterStation, StationPort, StationSettings
from simulator.hplc.cco.misbehaviour import CcoMisbehaviour
from simulator.hplc.cco.network_carrier import NetworkCarrier, StationNode
from simulator.hplc.cco.profile import CcoProfile

__all__ = [
    "Arrived", "CarrierNetwork", "Cco", "CcoMisbehaviour", "CcoProfile", "Member", "MeterStation", "NetworkCarrier", "StationNode",
    "StationPort", "StationSettings",
]
