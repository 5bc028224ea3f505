"""Commands and queries that carry no data: 01H F1-F3, 11H F6, 12H F1-F3, and the questions of 03H and 10H that need none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader

HARDWARE_INIT = Code(0x01, 1)
PARAMETER_INIT = Code(0x01, 2)
DATA_INIT = Code(0x01, 3)
QUERY_VENDOR = Code(0x03, 1)
QUERY_MAIN_ADDRESS = Code(0x03, 4)
QUERY_RUN_MODE = Code(0x03, 10)
QUERY_MODULE_ID = Code(0x03, 12)
QUERY_BAND = Code(0x03, 16)
QUERY_RADIO_CHANNEL = Code(0x03, 17)
QUERY_NODE_COUNT = Code(0x10, 1)
QUERY_ROUTE_STATE = Code(0x10, 4)
QUERY_NETWORK = Code(0x10, 111)
STOP_REGISTRATION = Code(0x11, 6)
ROUTE_RESTART = Code(0x12, 1)
ROUTE_PAUSE = Code(0x12, 2)
ROUTE_RESUME = Code(0x12, 3)

EMPTY_COMMANDS = (
    HARDWARE_INIT, PARAMETER_INIT, DATA_INIT, QUERY_VENDOR, QUERY_MAIN_ADDRESS, QUERY_RUN_MODE, QUERY_MODULE_ID, QUERY_BAND,
    QUERY_RADIO_CHANNEL, QUERY_NODE_COUNT, QUERY_ROUTE_STATE, QUERY_NETWORK, STOP_REGISTRATION, ROUTE_RESTART, ROUTE_PAUSE, ROUTE_RESUME,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command whose code says all."""

    code: Code

    def to_bytes(self) -> bytes:
        return b""

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        return Reader(code, data).finished(cls(code=code))
