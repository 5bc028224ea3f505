"""Keeps a connection to the broker: connect, say who we are, send, notice that it is gone, come back."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from edge_agent.contract import topics
from edge_agent.errors import LinkError
from edge_agent.journal import Journal
from edge_agent.publish.link import BrokerLink, Connected, Will
from edge_agent.publish.mqtt_link import MqttLink, NoConnack, UnsupportedProtocol
from edge_agent.publish.sender import Sender
from edge_agent.publish.settings import MqttSettings

log = logging.getLogger("hplc_edge.publish")

Status = Literal["online", "offline", "lost"]
Protocol = Literal["5", "3.1.1"]

_CONNECT_TIMEOUT_S = 10.0  # TLS over a slow radio link
_QUICK_TIMEOUT_S = 1.0  # while we retry every second; longer where connecting is known to take longer
_QUICK_RETRIES_S = 60.0  # issue: at least once a second for the first minute
_MAX_BACKOFF_S = 120.0  # mqtt_reliability.md 1.6
_SETTLED_S = 5.0                  # a connection that lasted this long was a good one
_LOOK_EVERY_S = 0.5
_STOP_SEND_S, _STOP_BYE_S = 0.6, 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcements:
    """What the runtime says about itself: ``state(status, conn, protocol)``, ``birth()``, and the alarms that are on (suffix, message)."""

    state: Callable[[Status, int, Protocol], bytes]
    birth: Callable[[], bytes]
    active: Callable[[], Iterable[tuple[str, bytes]]]


class Publisher:
    """The one task that talks to the broker. ``make_link`` is MqttLink but in tests."""

    def __init__(
        self,
        *,
        journal: Journal,
        settings: MqttSettings,
        prefix: str,
        client_id: str,
        announcements: Announcements,
        utc_ms: Callable[[], int],
        on_refused: Callable[[str, int], None],
        on_accepted: Callable[[str], None],
        chance: random.Random,
        make_link: Callable[[MqttSettings, str, str, Will], BrokerLink] = MqttLink,
    ) -> None:
        self._settings, self._prefix, self._client_id = settings, prefix, settings.client_id or client_id
        self._announcements, self._chance, self._make_link = announcements, chance, make_link
        self._protocol: Protocol = "5" if settings.protocol == "5" else "3.1.1"
        self._preferred = self._protocol
        self._has_spoken_5 = False
        self._wake, self._stop = asyncio.Event(), asyncio.Event()
        self._link: BrokerLink | None = None
        self._lost_reason: str | None = None
        self._connect_took_s = 0.0
        self._has_connected = False
        self._failing_since_s: float | None = None
        self._own_mids: dict[int, float] = {}
        self._own_waiting: deque[tuple[str, bytes]] = deque()
        self._acks: deque[tuple[int, int]] = deque()      # message id and reason, as they came
        self._window = 1
        self.connections = 0
        self.sender = Sender(journal, settings, prefix, utc_ms=utc_ms, on_refused=on_refused, on_accepted=on_accepted)

    @property
    def is_connected(self) -> bool:
        return self._link is not None

    @property
    def protocol(self) -> str:
        return self._protocol

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def publish_volatile(self, suffix: str, message: bytes, *, qos: int = 0) -> None:
        """Send once if connected; lost otherwise. For health."""
        if self._link is not None:
            mid = self._link.publish(f"{self._prefix}/{suffix}", message, qos=qos, retain=False)
            if qos and mid is not None:
                self._own_mids[mid] = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Connect and send until ``stop``."""
        loop = asyncio.get_running_loop()
        backoff_s = 1.0
        while not self._stop.is_set():
            began_s = loop.time()
            try:
                link, connected = await self._connect()
            except UnsupportedProtocol:
                log.warning("the broker refuses MQTT 5: using 3.1.1, where refused messages cannot be noticed")
                self._protocol = self._preferred = "3.1.1"
                continue
            except LinkError as exc:
                self._failed(exc, began_s)
                if isinstance(exc, NoConnack) and not self._has_spoken_5:
                    # nobody answers MQTT 5: the other way round next time, back again if that is no better
                    self._protocol = "3.1.1" if self._protocol == "5" else self._preferred
                quick = loop.time() - (self._failing_since_s or began_s) < _QUICK_RETRIES_S
                if quick:
                    rest_s = max(0.0, began_s + _QUICK_TIMEOUT_S - loop.time()) * self._chance.uniform(0.8, 1.0)
                else:
                    rest_s = self._chance.uniform(0.0, backoff_s)
                    backoff_s = min(_MAX_BACKOFF_S, backoff_s * 2)
                await self._rest(rest_s)
                continue
            began_s = loop.time()
            await self._use(link, connected)
            if loop.time() - began_s < _SETTLED_S:
                # a broker that takes us and throws us out at once must not be stormed
                await self._rest(self._chance.uniform(0.5, 1.0) * backoff_s)
                backoff_s = min(_MAX_BACKOFF_S, backoff_s * 2)
            else:
                backoff_s = 1.0

    async def stop(self) -> None:
        """Send what is waiting for a moment, say that we leave, close: bounded, also when the broker hangs."""
        self._stop.set()
        self._wake.set()

    async def _connect(self) -> tuple[BrokerLink, Connected]:
        loop = asyncio.get_running_loop()
        self.connections += 1
        will = Will(topic=f"{self._prefix}/{topics.STATE}", payload=self._announcements.state("lost", self.connections, self._protocol))
        link = self._make_link(self._settings, self._client_id, self._protocol, will)
        is_quick = self._has_connected or self._failing_since_s is not None
        still_quick = loop.time() - (self._failing_since_s or loop.time()) < _QUICK_RETRIES_S
        timeout_s = max(_QUICK_TIMEOUT_S, 3.0 * self._connect_took_s) if is_quick and still_quick else _CONNECT_TIMEOUT_S
        began_s = loop.time()
        connecting = asyncio.ensure_future(link.connect(min(timeout_s, _CONNECT_TIMEOUT_S)))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((connecting, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not connecting.done():
                raise LinkError("stopped while connecting")
            connected = connecting.result()
        finally:
            stopping.cancel()
            if not connecting.done():
                connecting.cancel()
                link.abort()
        self._connect_took_s = loop.time() - began_s
        return link, connected

    async def _use(self, link: BrokerLink, connected: Connected) -> None:
        """One connection from its first message to its end."""
        loop = asyncio.get_running_loop()
        self._has_connected, self._failing_since_s, self._lost_reason = True, None, None
        self._own_mids = {}
        self._own_waiting.clear()
        self._acks.clear()
        link.on_ack = self._on_ack
        link.on_lost = self._on_lost
        self._link = link
        self._window = max(1, min(self._settings.window, connected.receive_maximum))
        self._has_spoken_5 = self._has_spoken_5 or connected.protocol == "5"
        log.info("connected to %s:%d with MQTT %s", self._settings.host, self._settings.port, connected.protocol)
        if connected.protocol != self._preferred:
            log.warning("the broker does not answer MQTT 5: using 3.1.1, where refused messages cannot be noticed")
        self.sender.connected(link, self._window, loop.time())
        self._announce()
        try:
            while self._lost_reason is None and not self._stop.is_set():
                self._wake.clear()
                again_s = self._send(link, loop.time())
                await self._wait(_LOOK_EVERY_S if again_s is None else min(again_s, _LOOK_EVERY_S))
                if self._waits_too_long(loop.time()):
                    self._lost_reason = f"no PUBACK for {self._settings.ack_timeout_s:g} s"
            if self._stop.is_set() and self._lost_reason is None:
                await self._say_goodbye(link)
                return
        finally:
            self._link = None
            self._take_acks(loop.time())
            self.sender.disconnected()
            link.abort()
        if self._lost_reason is not None:
            self._failing_since_s = loop.time()
            log.warning("connection to %s:%d lost: %s; trying again", self._settings.host, self._settings.port, self._lost_reason)

    def _announce(self) -> None:
        """Put birth, state and the alarms that are on before everything else."""
        state = self._announcements.state("online", self.connections, self._protocol)
        self._own_waiting.extend([(topics.BIRTH, self._announcements.birth()), (topics.STATE, state), *self._announcements.active()])

    def _send(self, link: BrokerLink, now_s: float) -> float | None:
        """What the window takes: announcements first, then the journal. Both together stay within what the broker allows."""
        self._take_acks(now_s)
        while self._own_waiting and len(self._own_mids) + self.sender.in_flight < self._window:
            suffix, message = self._own_waiting[0]
            mid = link.publish(f"{self._prefix}/{suffix}", message, qos=1, retain=True)
            if mid is None:
                break
            self._own_waiting.popleft()
            self._own_mids[mid] = now_s
        return self.sender.fill(now_s, reserved=len(self._own_mids))

    async def _say_goodbye(self, link: BrokerLink) -> None:
        loop = asyncio.get_running_loop()
        end_s = loop.time() + _STOP_SEND_S
        while loop.time() < end_s and self._lost_reason is None and not self.sender.is_idle():
            self._wake.clear()
            self._send(link, loop.time())
            await self._wait(0.05)
        mid = link.publish(
            f"{self._prefix}/{topics.STATE}", self._announcements.state("offline", self.connections, self._protocol), qos=1, retain=True
        )
        if mid is not None:
            self._own_mids[mid] = loop.time()
        end_s = loop.time() + _STOP_BYE_S
        while loop.time() < end_s and self._lost_reason is None and (mid in self._own_mids):
            self._wake.clear()
            await self._wait(0.05)
            self._take_acks(loop.time())
        await link.disconnect(_STOP_BYE_S)

    def _take_acks(self, now_s: float) -> None:
        while self._acks:
            mid, reason = self._acks.popleft()
            if self._own_mids.pop(mid, None) is None:
                self.sender.acked(mid, reason, now_s)

    def _waits_too_long(self, now_s: float) -> bool:
        self._take_acks(now_s)
        oldest_own_s = min(self._own_mids.values(), default=now_s)
        return max(self.sender.oldest_wait_s(now_s), now_s - oldest_own_s) > self._settings.ack_timeout_s

    def _on_ack(self, mid: int, reason: int) -> None:
        """Note it only: what follows from it happens in the publisher's own task, where a bug ends the process."""
        self._acks.append((mid, reason))
        if len(self._own_mids) + self.sender.in_flight >= self._window or self._stop.is_set():
            self._wake.set()       # only then does anything wait for an acknowledgement

    def _on_lost(self, reason: str) -> None:
        self._lost_reason = reason
        self._wake.set()

    def _failed(self, exc: LinkError, began_s: float) -> None:
        if self._failing_since_s is None or (not self._has_connected and self.connections == 1):
            log.warning("broker %s:%d: %s; trying again", self._settings.host, self._settings.port, exc)
        if self._failing_since_s is None:
            self._failing_since_s = began_s

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _rest(self, seconds: float) -> None:
        """A pause that a stop ends."""
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return
