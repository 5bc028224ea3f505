"""The module in a meter: takes reads off the power line to the meter's serial port, and the meter's answers back.

One request at a time: the port is a half-duplex line of 2400 baud. Nothing here depends on what kind of network carries it.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645 import Decoder645, Direction, encode
from edge_agent.wire.gdw10376_2 import MeterProtocol
from edge_agent.wire.gdw10376_2.addresses import address_bytes
from simulator.hplc.cco.messages import LONGEST_DATA_BYTES, CarrierMessage, Identifier, decode_message, encode_message
from simulator.hplc.cco.search import StationMeters, station_meters_data

_BITS_PER_CHARACTER = 11            # 8E1
_SLOT_S = 0.15                      # 11H F5, table 112
_PREAMBLE_BYTES = 4
_READS = (Identifier.READ, Identifier.ROUTER_READ, Identifier.CONCURRENT_READ)
_DLT645 = (MeterProtocol.DLT645_1997, MeterProtocol.DLT645_2007)
_MOST_WAITING = 4                   # reads of one station; more come only from repeats

AnswerMeter = Callable[[bytes], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings:
    """``reply_delay_s``: what the meter takes (20 to 500 ms are allowed). ``meter_wait_s``: then the module gives it up."""

    baud: int = 2400
    reply_delay_s: float = 0.05
    meter_wait_s: float = 1.0
    protocol: int = MeterProtocol.DLT645_2007


class StationPort:
    """What a station needs of the network: to send up, and timers."""

    def __init__(self, send_up: Callable[[bytes], None], call_later: Callable[[float, Callable[[], None]], None]) -> None:
        self.send_up, self.call_later = send_up, call_later


@dataclass(slots=True)
class _Job:
    message: CarrierMessage
    left: deque[bytes]
    answers: bytes = b""


class MeterStation:
    """``answer(frame bytes) -> bytes | None`` is the meter. ``owner``: main address of the area where the station finds itself."""

    def __init__(
        self, address: str, answer: AnswerMeter, port: StationPort, *, settings: StationSettings, chance: random.Random,
        owner: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.address = address
        self._answer, self._port, self._settings, self._chance, self._owner = answer, port, settings, chance, owner
        self._waiting: deque[_Job] = deque()
        self._last: tuple[CarrierMessage, CarrierMessage] | None = None       # request and answer
        self.is_supplied = True
        self.asked_meter = self.repeated_answers = 0

    def take(self, payload: bytes) -> None:
        """A message from the CCO."""
        try:
            message = decode_message(payload)
        except FrameError:
            return
        if message.is_up or not self.is_supplied:
            return
        if message.identifier in _READS and message.address == self.address:
            self._take_read(message)
        elif message.identifier is Identifier.BROADCAST:
            self._answer(message.data)
        elif message.identifier is Identifier.SEARCH:
            slots = message.data[0] if message.data else 1
            self._port.call_later(self._chance.random() * slots * _SLOT_S, lambda: self._tell_meters(message.sequence))
        elif message.identifier is Identifier.AREA:
            self._port.call_later(self._chance.random() * _SLOT_S * 100, lambda: self._tell_owner(message.sequence))

    def lose_supply(self) -> None:
        """The meter is dark and the module lives on its capacitor: nothing is read any more."""
        self.is_supplied = False
        self._waiting.clear()

    def _take_read(self, message: CarrierMessage) -> None:
        if self._last is not None and self._last[0] == message:
            # asked again: the answer was lost on its way, the meter need not be asked twice
            self.repeated_answers += 1
            self._port.send_up(encode_message(self._last[1]))
            return
        if any(job.message == message for job in self._waiting) or len(self._waiting) >= _MOST_WAITING:
            return
        self._waiting.append(_Job(message=message, left=deque(meter_requests(message.function, message.data))))
        if len(self._waiting) == 1:
            self._ask_next()

    def _ask_next(self) -> None:
        """Ask the meter the next frame; when none is left, send up what it said."""
        if not self._waiting:
            return
        job = self._waiting[0]
        if job.left:
            request = job.left.popleft()
            self.asked_meter += 1
            reply = self._answer(request)
            took_s = self._serial_s(len(request))
            took_s += self._settings.meter_wait_s if reply is None else self._settings.reply_delay_s + self._serial_s(len(reply))
            self._port.call_later(took_s, lambda: self._heard(job, reply))
            return
        self._waiting.popleft()
        message = job.message
        answer = CarrierMessage(
            identifier=message.identifier, function=message.function, is_up=True, sequence=message.sequence, address=self.address,
            data=job.answers, is_start=False,
        )
        self._last = (message, answer)
        self._port.send_up(encode_message(answer))
        self._ask_next()

    def _heard(self, job: _Job, reply: bytes | None) -> None:
        if not self._waiting or self._waiting[0] is not job:
            return      # supply was lost in between
        if reply is not None and len(job.answers) + len(reply) <= LONGEST_DATA_BYTES:
            job.answers += reply
        self._ask_next()

    def _tell_meters(self, sequence: int) -> None:
        data = station_meters_data(StationMeters(device=1, protocol=self._settings.protocol))
        self._tell(Identifier.SEARCH, sequence, data)

    def _tell_owner(self, sequence: int) -> None:
        owner = self._owner()
        if owner is not None:
            self._tell(Identifier.AREA, sequence, address_bytes(owner))

    def _tell(self, identifier: Identifier, sequence: int, data: bytes) -> None:
        if self.is_supplied:
            self._port.send_up(encode_message(CarrierMessage(
                identifier=identifier, function=0, is_up=True, sequence=sequence, address=self.address, data=data, is_start=False,
            )))

    def _serial_s(self, count: int) -> float:
        return count * _BITS_PER_CHARACTER / self._settings.baud


def meter_requests(protocol: int, payload: bytes) -> list[bytes]:
    """The meter frames in a message, one by one, each with a preamble; what is not DL/T 645 goes as it is."""
    if protocol not in _DLT645:
        return [payload]
    decoder = Decoder645(accepts=Direction.REQUEST)
    decoder.feed(payload)
    found = []
    while (frame := decoder.next_frame()) is not None:
        found.append(encode(frame, _PREAMBLE_BYTES))
    return found
