"""The last power-down record of a meter that has come back: its own memory of an outage that perhaps nobody heard of. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from edge_agent.acquire.cco.meter_read import Next
from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.cco.settings import CcoCounters
from edge_agent.acquire.dlt645_exchange import DataExchange, Step
from edge_agent.acquire.dlt645_plan import DataRequest
from edge_agent.acquire.poll import BusMeter
from edge_agent.errors import FrameError
from edge_agent.wire.dlt645 import Decoder645, decode_data, encode

LAST_OUTAGE = "03110001"          # DL/T 645-2007 table A.4: start and end, by the meter's own clock
_TRIES = 3                        # right after its return a meter may still be busy


class RecordRead:
    """One meter. ``record``: start and end, UTC ms, once it was answered with an outage that is over."""

    def __init__(self, meter: BusMeter, *, utc_offset_h: float, counters: CcoCounters) -> None:
        self.meter = meter
        self.record: tuple[int, int] | None = None
        self._offset, self._counters = timedelta(hours=utc_offset_h), counters
        self._exchange: DataExchange | None = None
        self._tries = 0

    @property
    def is_under_way(self) -> bool:
        return self._exchange is not None

    @property
    def frames(self) -> int:
        return 1

    def drop(self) -> None:
        """The module has forgotten it: it is done again."""
        self._exchange, self._tries = None, 0

    def begin(self) -> None:
        self._exchange = DataExchange(DataRequest(address=self.meter.address, identifier=LAST_OUTAGE))
        self._tries += 1

    def payload(self, now: Moment) -> bytes:
        """The frame of the request."""
        assert self._exchange is not None
        return encode(self._exchange.request)

    def take(self, payload: bytes, now: Moment, *, taken_utc_ms: int) -> Next:
        """What the meter answered: a record, or that it has none."""
        exchange, decoder = self._exchange, Decoder645()
        assert exchange is not None
        decoder.feed(payload)
        decoder.end_burst()
        while (reply := decoder.next_frame()) is not None:
            step = exchange.take(reply)
            if step in (Step.ANSWERED, Step.REFUSED):
                self._exchange = None
                self.record = self._read(exchange.payload) if step is Step.ANSWERED else None
                return Next.ANSWERED
            self._counters.foreign_frames += step is Step.FOREIGN
        return self.failed(now)

    def failed(self, now: Moment) -> Next:
        """No answer: once more, or never."""
        self._exchange = None
        return Next.ROUND if self._tries < _TRIES else Next.FAILED

    def _read(self, payload: bytes) -> tuple[int, int] | None:
        """None for a record that is empty, not over, or no record: what cannot be read says nothing."""
        try:
            begin, end = (value.value for value in decode_data(LAST_OUTAGE, payload))
        except (FrameError, ValueError):
            return None
        if not isinstance(begin, datetime) or not isinstance(end, datetime) or end < begin:
            return None
        first, last = (round((at - self._offset).replace(tzinfo=UTC).timestamp() * 1000) for at in (begin, end))
        return first, last
