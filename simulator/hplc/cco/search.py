"""Search for meters (11H F5): everybody may join, stations are asked for their meters, new ones are reported by 06H F4.

The messages of the search on the power line are not in the text that we have; they are taken to be like the others [I].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2.addresses import ADDRESS_BYTES, address_text
from edge_agent.wire.gdw10376_2.units import FoundDevice, NodeProtocol
from simulator.hplc.cco.carrier import CarrierNetwork
from simulator.hplc.cco.messages import CarrierMessage, Identifier, encode_message

_ENTRY_BYTES = ADDRESS_BYTES + 1
_SUBORDINATES = 8           # of one collector in one report: table 59
_NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class StationMeters:
    """What a station tells: ``device`` 0 collector, 1 meter; the meters behind a collector."""

    device: int
    protocol: int
    meters: tuple[NodeProtocol, ...] = ()


def station_meters_data(found: StationMeters) -> bytes:
    """Device, protocol, meters behind it."""
    return bytes([found.device, found.protocol]) + b"".join(meter.to_bytes() for meter in found.meters)


def station_meters(data: bytes) -> StationMeters:
    """Raises FrameError in one line."""
    if len(data) < 2 or (len(data) - 2) % _ENTRY_BYTES:
        raise FrameError(f"search answer of {len(data)} bytes")
    entries = [data[at : at + _ENTRY_BYTES] for at in range(2, len(data), _ENTRY_BYTES)]
    meters = tuple(NodeProtocol(address=address_text(entry[:ADDRESS_BYTES]), protocol=entry[ADDRESS_BYTES]) for entry in entries)
    return StationMeters(device=data[0], protocol=data[1], meters=meters)


class Search:
    """``is_running`` from the start until its end or a stop; ``take_found`` gives what nobody was told yet."""

    def __init__(self, carrier: CarrierNetwork, repeat_s: float) -> None:
        self._carrier, self._repeat_s = carrier, repeat_s
        self._begin_s = self._end_s = self._ask_s = _NEVER
        self._slots = 0
        self._sequence = 0
        self._known: set[str] = set()
        self._found: list[tuple[str, StationMeters]] = []

    @property
    def is_running(self) -> bool:
        return self._end_s < _NEVER

    @property
    def is_open(self) -> bool:
        """Whether it has begun."""
        return self._ask_s < _NEVER

    def start(self, begin_s: float, duration_s: float, slots: int) -> None:
        self._begin_s, self._end_s, self._ask_s, self._slots = begin_s, begin_s + duration_s, _NEVER, slots
        self._known.clear()
        self._found.clear()

    def stop(self) -> None:
        self._begin_s = self._end_s = self._ask_s = _NEVER

    def advance(self, now_s: float) -> bool:
        """Whether the search ended just now."""
        if self.is_running and now_s >= self._end_s:
            self.stop()
            return True
        if now_s >= self._begin_s:
            self._begin_s, self._ask_s = _NEVER, now_s
        if now_s >= self._ask_s:
            self._ask_s = now_s + self._repeat_s
            self._sequence += 1
            self._carrier.broadcast(encode_message(CarrierMessage(
                identifier=Identifier.SEARCH, function=0, is_up=False, sequence=self._sequence, data=bytes([self._slots]),
            )))
        return False

    def take(self, address: str, found: StationMeters) -> None:
        if self.is_open and address not in self._known:
            self._known.add(address)
            self._found.append((address, found))

    def take_found(self, index_of: Callable[[str], int], at_most: int) -> list[Sequence[FoundDevice]]:
        """What was found since the last call, in lists of ``at_most`` devices; ``index_of`` gives places in the archive."""
        devices = [
            FoundDevice(
                address=address, protocol=found.protocol, index=index_of(address), device=found.device,
                total_subordinates=min(len(found.meters), 255), subordinates=found.meters[:_SUBORDINATES],
            )
            for address, found in self._found
        ]
        self._found.clear()
        return [devices[at : at + at_most] for at in range(0, len(devices), at_most)]

    def next_due_s(self) -> float:
        return min(self._begin_s, self._ask_s, self._end_s)
