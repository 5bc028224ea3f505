"""The agent's own sender with a broker at the other end that takes everything: what it gets, and when."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from edge_agent.publish.link import Connected
from edge_agent.publish.sender import Sender
from edge_agent.publish.settings import MqttSettings
from simulator.run.outage_rig import RigJournal

_EVENT_STREAMS = ("a", "e")
_WINDOW = 1000


class _Broker:
    """The other end of the agent's sender: takes everything and acknowledges it at once."""

    def __init__(self) -> None:
        self.on_ack: Callable[[int, int], None] = lambda mid, reason: None
        self.on_lost: Callable[[str], None] = lambda reason: None
        self.got: list[bytes] = []
        self._mid = 0
        self._acks: list[int] = []

    async def connect(self, timeout_s: float) -> Connected:
        return Connected(protocol="5.0", receive_maximum=_WINDOW)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> int | None:
        self._mid += 1
        self._acks.append(self._mid)
        if not retain:                       # what is retained repeats an alarm that is on
            self.got.append(payload)
        return self._mid

    def take_acks(self) -> list[int]:
        acks, self._acks = self._acks, []
        return acks

    async def disconnect(self, timeout_s: float) -> None:
        pass

    def abort(self) -> None:
        pass


class Outbox:
    """From the journal to the broker, as the publisher does it, without its task and thread."""

    def __init__(self, journal: RigJournal, utc_ms: Callable[[], int], now_s: float) -> None:
        self._journal, self._broker = journal.journal, _Broker()
        self._sender = Sender(
            self._journal, MqttSettings(url="mqtt://127.0.0.1"), "trial", utc_ms=utc_ms, on_refused=lambda suffix, reason: None,
            on_accepted=lambda suffix: None,
        )
        self._sender.connected(self._broker, _WINDOW, now_s)

    def send(self, now_s: float) -> list[dict[str, Any]]:
        """What the broker gets now of the streams of events."""
        self._journal.commit()
        self._sender.fill(now_s)
        while acks := self._broker.take_acks():
            for mid in acks:
                self._sender.acked(mid, 0, now_s)
            self._sender.fill(now_s)
        got, self._broker.got = self._broker.got, []
        messages = [json.loads(payload) for payload in got]
        return [message for message in messages if message.get("st") in _EVENT_STREAMS]
