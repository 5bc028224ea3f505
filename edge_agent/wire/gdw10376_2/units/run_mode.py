"""03H F10: what the module is, what it allows, and how full its archive is. Sent by itself within a minute after a reset.

Source: Q/GDW 10376.2-2024 section 6.5.4.5.10, table 30.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.reader import Reader, digits, digits_bytes, number
from edge_agent.wire.gdw10376_2.units.module import VendorInfo

_MODE_BYTES = 6
_MAX_RATES = 15


class ModuleKind(IntEnum):
    """Low bits of the mode word. Not the code list of C, where broadband is 3."""

    NARROW_BAND = 1
    BROADBAND = 2
    RADIO = 3
    DUAL_MODE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMode:
    """Answer to 03H F10.

    ``cycle_reading`` 1 concentrator-led, 2 router-led, 3 both. ``phases_lost``: bit 0 is phase A (text of 2019). ``switch_by`` bit 0
    the module, bit 1 the concentrator moves on from a node that failed. ``protocol_date`` and ``filing_date`` are YYMMDD in the
    order sent: which end comes first is not settled. ``rates`` are raw words, none on HPLC.
    """

    code: ClassVar[Code] = Code(0x03, 10)
    kind: int
    manages_route: bool
    needs_archive: bool
    cycle_reading: int
    router_read_delay: bool = False
    monitor_delay: bool = False
    broadcast_delay: bool = False
    switch_by: int = 0
    confirms_before_broadcast: bool = False
    broadcast_channel: int = 0
    channels: int = 0
    phases_lost: int = 0
    slave_timeout_s: int
    broadcast_timeout_s: int
    max_frame_bytes: int
    max_file_packet_bytes: int
    upgrade_wait_min: int
    main_address: str
    max_nodes: int
    nodes: int
    protocol_date: str
    filing_date: str
    vendor: VendorInfo
    rates: tuple[int, ...] = ()

    def to_bytes(self) -> bytes:
        if len(self.rates) > _MAX_RATES:
            raise ValueError(f"{len(self.rates)} rates, at most {_MAX_RATES} are allowed")
        return b"".join(
            (
                self._mode_word(),
                number(self.slave_timeout_s, 1),
                number(self.broadcast_timeout_s, 2),
                number(self.max_frame_bytes, 2),
                number(self.max_file_packet_bytes, 2),
                number(self.upgrade_wait_min, 1),
                address_bytes(self.main_address),
                number(self.max_nodes, 2),
                number(self.nodes, 2),
                digits_bytes(self.protocol_date, 3)[::-1],
                digits_bytes(self.filing_date, 3)[::-1],
                self.vendor.to_bytes(),
                *(number(rate, 2) for rate in self.rates),
            )
        )

    @classmethod
    def parse(cls, code: Code, data: bytes) -> Self:
        reader = Reader(code, data)
        mode = reader.take(_MODE_BYTES)
        return reader.finished(
            cls(
                kind=mode[0] & 15,
                manages_route=bool(mode[0] & 0x10),
                needs_archive=bool(mode[0] & 0x20),
                cycle_reading=mode[0] >> 6,
                router_read_delay=bool(mode[1] & 1),
                monitor_delay=bool(mode[1] & 2),
                broadcast_delay=bool(mode[1] & 4),
                switch_by=mode[1] >> 3 & 3,
                confirms_before_broadcast=bool(mode[1] & 0x20),
                broadcast_channel=mode[1] >> 6,
                channels=mode[2] & 0x1F,
                phases_lost=mode[2] >> 5,
                slave_timeout_s=reader.number(1),
                broadcast_timeout_s=reader.number(2),
                max_frame_bytes=reader.number(2),
                max_file_packet_bytes=reader.number(2),
                upgrade_wait_min=reader.number(1),
                main_address=reader.address(),
                max_nodes=reader.number(2),
                nodes=reader.number(2),
                protocol_date=digits(reader.take(3)[::-1]),
                filing_date=digits(reader.take(3)[::-1]),
                vendor=VendorInfo.read(reader),
                rates=tuple(reader.number(2) for _ in range(mode[3] & 15)),
            )
        )

    def _mode_word(self) -> bytes:
        first = self.kind | self.manages_route << 4 | self.needs_archive << 5 | self.cycle_reading << 6
        second = self.router_read_delay | self.monitor_delay << 1 | self.broadcast_delay << 2 | self.switch_by << 3
        second |= self.confirms_before_broadcast << 5 | self.broadcast_channel << 6
        for value, bits, what in (
            (self.kind, 4, "kind"), (self.cycle_reading, 2, "cycle reading"), (self.switch_by, 2, "switch"),
            (self.broadcast_channel, 2, "broadcast channel"), (self.channels, 5, "channels"), (self.phases_lost, 3, "phases lost"),
        ):
            if not 0 <= value < 1 << bits:
                raise ValueError(f"{what} {value} does not fit {bits} bits")
        return bytes([first, second, self.channels | self.phases_lost << 5, len(self.rates), 0, 0])
