"""The one owner task of the line to a coordinator (CCO): bytes between the link and the driver, which knows all the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

from edge_agent.acquire.cco.driver import CcoDriver, Speeds
from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.cco.network_view import NetworkView
from edge_agent.acquire.cco.settings import CcoCounters, CcoSettings
from edge_agent.acquire.dlt645_clock import ClockSetter
from edge_agent.acquire.poll import BusMeter
from edge_agent.acquire.settings import AcquireSettings
from edge_agent.errors import LinkError
from edge_agent.model import Clock, Evidence, Sample
from edge_agent.transport.base import Link
from edge_agent.wire.gdw10376_2 import Decoder10376, encode

log = logging.getLogger("hplc_edge.acquire")

_BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)   # a port that comes back is there within seconds; one that is gone costs little
_BYTE_GAP_S = 0.5                         # a frame pauses no longer: USB adapters and gateways hand bytes over in lumps
_SHORTEST_WAIT_S = 0.001                  # timers are no finer
_LONGEST_WAIT_S = 1.0                     # look again at least this often: somebody may have asked for a read


class CcoReader:
    """Reads the meters behind one coordinator until ``run`` is cancelled, and tells what the network reports.

    Args:
        link: at the speed that the module is to work at.
        slow_link: the same port at 9600 8E1, the speed of a module after any reset; None where ``link`` has that speed or none.
        baud: of ``link``, where there is a ``slow_link``.
        meters: DL/T 645 meters, each with its address.
        clock: drives the schedule and labels; wire times are the event loop's.
        on_sample, on_evidence: called in the event loop for each answer and each fact; must not block.
        clock_setter: where the clocks of the meters are to be set, by broadcast.
        pull_reset: pulls the reset line of the module for 200 ms, where there is one; called for a module that stays silent.
    """

    def __init__(
        self, *, name: str, link: Link, meters: Sequence[BusMeter], settings: CcoSettings, acquire: AcquireSettings, clock: Clock,
        on_sample: Callable[[Sample], None], on_evidence: Callable[[Evidence], None], clock_setter: ClockSetter | None = None,
        slow_link: Link | None = None, baud: int = 9600, pull_reset: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self._link, self._slow_link, self._clock = link, slow_link, clock
        self.counters = CcoCounters()
        self._driver = CcoDriver(
            name=name, meters=meters, settings=settings, acquire=acquire, clock=clock, counters=self.counters, on_sample=on_sample,
            on_evidence=on_evidence, clock_setter=clock_setter,
            speeds=Speeds(baud=None if slow_link is None else baud, pull_reset=pull_reset),
        )
        self._decoder = Decoder10376()
        self._link_failures_in_a_row = self._sum_errors_seen = 0
        self.turns = 0                                     # of the loop: it grows at least once a second while the task lives

    @property
    def is_up(self) -> bool:
        return self._driver.is_up

    @property
    def network(self) -> NetworkView | None:
        """The power-line network as the coordinator last described it whole; None before that."""
        return self._driver.network

    def read_soon(self, meters: Iterable[int]) -> None:
        """Read these meters (archive indices) as soon as the module allows. For the same event loop."""
        self._driver.read_soon(tuple(meters), self._now())

    def search_soon(self) -> None:
        """Search for meters that no archive names (``CcoSettings.search_min``); they are told as ``NODE_REFUSED``."""
        self._driver.search_soon(self._now())

    async def run(self) -> None:
        """Serve the line for ever; a lost link or module is reported once, retried and reported when it is back."""
        while True:
            link = self._slow_link if self._driver.is_slow and self._slow_link is not None else self._link
            try:
                await link.open()
                self._driver.opened(self._now())
                await self._serve(link)
                self._driver.closed(self._now())           # to go on at the other speed
            except LinkError as exc:
                self.turns += 1
                self._driver.link_failed(self._now(), str(exc))
                link.close()
                await asyncio.sleep(_BACKOFF_S[min(self._link_failures_in_a_row, len(_BACKOFF_S) - 1)])
                self._link_failures_in_a_row += 1
            finally:
                link.close()

    async def _serve(self, link: Link) -> None:
        """Until the other speed is wanted."""
        is_slow = self._driver.is_slow
        free_s = 0.0                                       # when the line has carried what was written
        while self._driver.is_slow is is_slow:
            now = self._now()
            self.turns += 1
            if free_s <= now.wire_s and (frame := self._driver.next_frame(now)) is not None:
                data = encode(frame)
                link.write(data)
                free_s = now.wire_s + len(data) * link.seconds_per_character
                continue
            wake_s = max(free_s, self._driver.wake_s(now))
            wait_s = min(wake_s - now.wire_s, _BYTE_GAP_S if self._decoder.is_waiting_for_more else _LONGEST_WAIT_S)
            self._take(await link.read(max(_SHORTEST_WAIT_S, wait_s)), was_full_wait=wait_s >= _BYTE_GAP_S)

    def _take(self, chunk: bytes, *, was_full_wait: bool) -> None:
        decoder = self._decoder
        if chunk:
            decoder.feed(chunk)
        elif was_full_wait and decoder.is_waiting_for_more:
            decoder.reset()                                # the line fell silent: what was begun is no frame
        while (frame := decoder.next_frame()) is not None:
            self._link_failures_in_a_row = 0
            self._driver.take(frame, self._now())
        self.counters.discarded_bytes = decoder.discarded_bytes
        self.counters.crc_errors += decoder.checksum_errors - self._sum_errors_seen     # those of meter frames are counted there too
        self._sum_errors_seen = decoder.checksum_errors

    def _now(self) -> Moment:
        clock = self._clock
        return Moment(
            wire_s=asyncio.get_running_loop().time(), clock_s=clock.monotonic_s(), utc_ms=clock.utc_ms(), speed=clock.speed
        )
