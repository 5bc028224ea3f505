"""The publisher: when it connects again, when it gives a connection up, what it says first and last. In virtual time."""

from __future__ import annotations

import asyncio
import itertools
import json
import random

import pytest

from edge_agent.contract import RecordKind, frame_record
from edge_agent.errors import LinkError
from edge_agent.journal import Journal
from edge_agent.publish import Announcements, MqttSettings, Publisher
from edge_agent.publish.mqtt_link import NoConnack, UnsupportedProtocol
from tests.publish.fake_broker import FakeLink
from tests.virtual_loop import run_virtual

ANNOUNCED = Announcements(
    state=lambda status, conn, protocol: json.dumps([status, conn, protocol]).encode(),
    birth=lambda: b'"birth"',
    active=lambda: [("active/x", b'"alarm"')],
)


class Rig:
    """A publisher whose connections are made by ``script``: one entry for each attempt, the last one for all later ones."""

    def __init__(self, journal: Journal, *script: object, protocol: str = "5") -> None:
        self.attempts: list[tuple[float, str]] = []
        self.links: list[FakeLink] = []
        self.script = list(script)
        settings = MqttSettings(url="mqtt://127.0.0.1", protocol=protocol)
        self.publisher = Publisher(
            journal=journal, settings=settings, prefix="p", client_id="edge", announcements=ANNOUNCED, utc_ms=lambda: 0,
            on_refused=lambda suffix, reason: None, on_accepted=lambda suffix: None, chance=random.Random(1), make_link=self.make,
        )

    def make(self, settings, client_id, protocol, will):
        self.attempts.append((asyncio.get_running_loop().time(), protocol))
        entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        link = _Failing(entry) if isinstance(entry, Exception) else entry() if callable(entry) else entry
        self.links.append(link)
        return link

    def run_for(self, seconds: float) -> None:
        async def run() -> None:
            task = asyncio.create_task(self.publisher.run())
            await asyncio.sleep(seconds)
            await self.publisher.stop()
            await task

        run_virtual(run())


class _Failing(FakeLink):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def connect(self, timeout_s: float):
        raise self.error


class Acking(FakeLink):
    """Acknowledges everything at once."""

    def publish(self, topic, payload, *, qos, retain):
        mid = super().publish(topic, payload, qos=qos, retain=retain)
        if mid is not None and qos:
            asyncio.get_running_loop().call_soon(self.on_ack, mid, 0)
        return mid


@pytest.fixture
def journal(tmp_path):
    made = Journal.open(tmp_path)
    yield made
    made.close()


def test_it_says_birth_and_state_and_alarms_first_and_offline_last(journal):
    rig = Rig(journal, Acking)
    rig.run_for(3.0)
    (link,) = rig.links
    said = [(topic, json.loads(payload), retain) for _, topic, payload, retain in link.published]
    assert said[:3] == [("p/birth", "birth", True), ("p/state", ["online", 1, "5"], True), ("p/active/x", "alarm", True)]
    assert said[-1] == ("p/state", ["offline", 1, "5"], True)
    assert link.closed


def test_it_tries_at_least_once_a_second_for_the_first_minute_and_then_backs_off(journal):
    rig = Rig(journal, LinkError("connection refused"))
    rig.run_for(600.0)
    times = [at_s for at_s, _ in rig.attempts]
    early = [at_s for at_s in times if at_s - times[0] <= 60.0]
    assert max(later - earlier for earlier, later in itertools.pairwise(early)) <= 1.0
    assert len([at_s for at_s in times if at_s - times[0] > 60.0]) < 60


def test_a_missing_acknowledgement_for_five_seconds_opens_a_new_connection(journal):
    journal.append("a", RecordKind.EVENT, lambda seq: frame_record("event/fire", 0, b'{"n":%d}' % seq))
    journal.commit()
    rig = Rig(journal, FakeLink, Acking)
    rig.run_for(12.0)
    assert len(rig.attempts) == 2
    assert 5.0 <= rig.attempts[1][0] - rig.attempts[0][0] <= 7.0
    assert [topic for _, topic, _, _ in rig.links[1].published].count("p/event/fire") == 1
    assert journal.cursor("a") == 1


def test_a_broker_that_throws_us_out_at_once_is_not_stormed(journal):
    class Ejecting(FakeLink):
        async def connect(self, timeout_s):
            connected = await super().connect(timeout_s)
            asyncio.get_running_loop().call_later(0.01, lambda: self.on_lost("disconnected"))
            return connected

    rig = Rig(journal, Ejecting)
    rig.run_for(60.0)
    assert 3 <= len(rig.attempts) < 30


def test_announcements_and_messages_together_stay_within_what_the_broker_takes(journal):
    for _ in range(50):
        journal.append("e", RecordKind.EVENT, lambda seq: frame_record("event/voltage", 0, b'{"n":%d}' % seq))
    journal.commit()
    rig = Rig(journal, lambda: FakeLink(receive_maximum=7))
    rig.run_for(1.0)
    assert len(rig.links[0].published) == 8        # seven, and "offline" at the end


@pytest.mark.parametrize(("error", "protocols"), [
    (UnsupportedProtocol("no"), ["5", "3.1.1"]), (NoConnack("nothing"), ["5", "3.1.1"]),
])
def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1(journal, error, protocols):
    rig = Rig(journal, error, Acking)
    rig.run_for(5.0)
    assert [protocol for _, protocol in rig.attempts] == protocols


def test_a_bug_in_what_follows_from_an_acknowledgement_ends_the_publisher(journal):
    journal.append("a", RecordKind.EVENT, lambda seq: frame_record("event/fire", 0, b"{}"))
    journal.commit()
    rig = Rig(journal, Acking)

    def broken(stream, seq):
        raise ZeroDivisionError

    journal.ack = broken
    with pytest.raises(ZeroDivisionError):
        rig.run_for(5.0)
