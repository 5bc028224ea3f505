"""Wires that simulated meters answer on: Modbus TCP, RTU over TCP, a pty paced to its baud rate."""

from simulator.serve.byte_line import ByteLine, TransparentGateway
from simulator.serve.pty import PtyLine
from simulator.serve.supply import SupplyFile
from simulator.serve.tcp import TcpGateway

__all__ = ["ByteLine", "PtyLine", "SupplyFile", "TcpGateway", "TransparentGateway"]
