"""A simulated DL/T 645 meter: answers every identifier of its profile, keeps a clock, freezes, remembers outages, tells its status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645 import (
    BROADCAST,
    ErrorBits,
    Frame645,
    error_frame,
    matches,
    parse_request,
    read_reply_frame,
    reply_frame,
)
from edge_agent.wire.dlt645.address import address_to_wire, check_address
from edge_agent.wire.dlt645.clock import date_to_wire, datetime_to_wire, time_to_wire
from edge_agent.wire.dlt645.requests import (
    BroadcastTime,
    ChangeBaud,
    Freeze,
    Read,
    Read1997,
    ReadAddress,
    ReadMore,
    ReadMore1997,
    Request645,
    WriteAddress,
)
from firmware_profiles.dlt645 import DLT645_2007
from firmware_profiles.schema import Profile
from simulator.meter.body import Kind, MeterBody, Record
from simulator.meter.dlt645_history import Clock645, Freezer, outage_payload
from simulator.meter.dlt645_memory import Memory645
from simulator.meter.dlt645_status import status_words
from simulator.meter.measures import Columns, Measures

CHINA_UTC_OFFSET_H = 8.0
_FROZEN = {"01": "0001FF00", "02": "0002FF00"}       # what a freeze keeps -> the block it keeps


class EpochClock(Protocol):
    """A simulation clock that knows which instant its zero is."""

    @property
    def epoch_utc_ms(self) -> int: ...

    def elapsed_s(self) -> float: ...


class Meter645:
    """One meter. ``records``: power down and up from elsewhere, as of a simulated grid; without it the meter notes what it sees itself.

    ``relay_is_open`` may be set. ``address`` changes when it is written.
    """

    def __init__(
        self, profile: Profile, address: str, measures: Measures, clock: EpochClock, *, body: MeterBody | None = None, tariffs: int = 4,
        records: Callable[[], Sequence[Record]] | None = None, utc_offset_h: float = CHINA_UTC_OFFSET_H,
    ) -> None:
        self.profile, self.address = profile, check_address(address)
        self.replies = 0
        self.relay_is_open = False
        self._measures, self._clock, self._body = measures, clock, body or MeterBody()
        self._records = records
        self._seen: list[Record] = []
        self._zone = timedelta(hours=utc_offset_h)
        self._memory = Memory645(profile, tariffs=tariffs)
        self._own_clock, self._freezer = Clock645(), Freezer()
        self._version: object = None
        self._columns: Columns = {}
        self.is_dark = False

    def tick(self) -> None:
        """Look at the terminals and the clock; call it now and then where nobody asks for long."""
        version = self._measures.version()
        if version != self._version:
            self._version = version
            self._measure(self._measures.columns())
        self._freezer.look(self.now(), self._held())

    def now(self) -> datetime:
        """What the meter's clock shows."""
        return self._own_clock.shows(self._at(self._body.clock_s(self._clock.elapsed_s())))

    def answer(self, request: Frame645, *, is_on_capacitor: bool = False) -> Frame645 | None:
        """The reply, None for silence: it is not meant, it has no supply, or the request has no answer.

        ``is_on_capacitor``: asked by its own module, which lives a little longer than the supply.
        """
        self.tick()
        if not matches(request.address, self.address) or (self.is_dark and not is_on_capacitor):
            return None
        try:
            asked = parse_request(request)
        except FrameError:
            return None if request.address == BROADCAST else error_frame(request, address=self.address, error=ErrorBits.OTHER)
        if isinstance(asked, BroadcastTime):
            self._own_clock.take_broadcast(self._at(self._body.clock_s(self._clock.elapsed_s())), asked.time)
            return None
        if isinstance(asked, Freeze):
            self._freezer.order(asked, self.now(), self._held())
        if request.address == BROADCAST:
            return None
        reply = self._reply(request, asked)
        self.replies += reply is not None and not reply.is_abnormal
        return reply

    def _reply(self, request: Frame645, asked: Request645) -> Frame645 | None:
        if isinstance(asked, ReadMore1997):
            return error_frame(request, address=self.address, error=ErrorBits.NO_SUCH_DATA)
        if isinstance(asked, Read | ReadMore | Read1997):
            payload = self._payload(asked.di)
            if payload is None:
                return error_frame(request, address=self.address, error=ErrorBits.NO_SUCH_DATA)
            return read_reply_frame(request, address=self.address, payload=payload)
        if isinstance(asked, ReadAddress):
            return reply_frame(request, address=self.address, data=address_to_wire(self.address))
        if isinstance(asked, WriteAddress):
            self.address = asked.new_address
            return reply_frame(request, address=self.address)
        if isinstance(asked, Freeze):
            return reply_frame(request, address=self.address)
        refusal = ErrorBits.BAUD_FIXED if isinstance(asked, ChangeBaud) else ErrorBits.NOT_AUTHORISED    # the rest wants a password
        return error_frame(request, address=self.address, error=refusal)

    def _payload(self, identifier: str) -> bytes | None:
        if self.profile.protocol == DLT645_2007:
            if identifier.startswith("05"):
                return self._freezer.read(identifier)
            if identifier.startswith("031100") and identifier != "03110000":
                return outage_payload(self.records(), int(identifier[6:], 16), self._at(0.0))
            own = self._own_data(identifier)
            if own is not None:
                return own
        return self._memory.read(identifier)

    def _own_data(self, identifier: str) -> bytes | None:
        now = self.now()
        if identifier == "04000101":
            return date_to_wire(now.date())
        if identifier == "04000102":
            return time_to_wire(now.time())
        if identifier == "0400010C":
            return datetime_to_wire(now)[:3] + date_to_wire(now.date())
        if identifier == "04000401":
            return address_to_wire(self.address)
        if identifier == "040005FF":
            return b"".join(word.to_bytes(2, "little") for word in self.status_words())
        return None

    def status_words(self) -> list[int]:
        """Words 1 to 7."""
        return status_words(
            self._columns, phases=self.profile.phases, nominal_v=self.profile.nominal_voltage_v,
            rated_current_a=self.profile.max_current_a, relay_is_open=self.relay_is_open, is_down=self.is_dark,
        )

    def records(self) -> Sequence[Record]:
        """Power down and up, by the meter's own clock."""
        return self._seen if self._records is None else self._records()

    def _measure(self, columns: Columns | None) -> None:
        was_dark, self.is_dark = self.is_dark, columns is None
        if was_dark != self.is_dark:
            kind: Kind = "power_down" if self.is_dark else "power_up"
            self._seen.append(Record(kind=kind, at_s=(self.now() - self._at(0.0)).total_seconds()))
        # without supply the counters stay and nothing flows
        self._columns = columns if columns is not None else {
            key: value if "_energy_" in key else 0.0 for key, value in self._columns.items()
        }
        words = {f"status_word.w{number}": float(word) for number, word in enumerate(self.status_words(), start=1)}
        outages = sum(record.kind == "power_down" for record in self.records())
        self._memory.load({**self._columns, **words, "supply_interruptions": float(outages)})

    def _held(self) -> dict[str, bytes]:
        blocks = {what: self._memory.read(block) for what, block in _FROZEN.items()}
        return {what: payload for what, payload in blocks.items() if payload is not None}

    def _at(self, elapsed_s: float) -> datetime:
        """Local time, as if the clock were right, ``elapsed_s`` after the simulation's zero."""
        utc = datetime.fromtimestamp(self._clock.epoch_utc_ms / 1000, UTC).replace(tzinfo=None)
        return utc + self._zone + timedelta(seconds=elapsed_s)
