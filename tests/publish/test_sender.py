"""The sender: order, priority, window, cursor, refusals."""

import json

import pytest

from edge_agent.contract import RecordKind, frame_record
from edge_agent.journal import Journal
from edge_agent.publish.sender import Sender
from edge_agent.publish.settings import MqttSettings
from tests.publish.fake_broker import FakeLink

NOW_MS = 1_790_000_000_000
SETTINGS = MqttSettings(url="mqtt://127.0.0.1", window=10)


class Rig:
    def __init__(self, directory, settings=SETTINGS):
        self.journal = Journal.open(directory)
        self.refused: list[tuple[str, int]] = []
        self.accepted: list[str] = []
        self.sender = Sender(
            self.journal, settings, "p", utc_ms=lambda: NOW_MS, on_refused=lambda suffix, reason: self.refused.append((suffix, reason)),
            on_accepted=self.accepted.append,
        )
        self.link = FakeLink()

    def put(self, stream: str, count: int = 1, suffix: str = "t", utc_ms: int = NOW_MS, kind: RecordKind = RecordKind.READING) -> None:
        for _ in range(count):
            self.journal.append(stream, kind, lambda seq: frame_record(suffix, utc_ms, b'{"st":"%s","seq":%d}' % (stream.encode(), seq)))
        self.journal.commit()

    def connect(self, window: int = 10, now_s: float = 0.0) -> None:
        self.link = FakeLink()
        self.sender.connected(self.link, window, now_s)

    def sent(self) -> list[tuple[str, int]]:
        return [(body["st"], body["seq"]) for _, _, payload, _ in self.link.published for body in [json.loads(payload)]]

    def ack(self, *mids: int, reason: int = 0, now_s: float = 0.0) -> None:
        for mid in mids:
            self.sender.acked(mid, reason, now_s)


@pytest.fixture
def rig(tmp_path):
    made = Rig(tmp_path)
    yield made
    made.journal.close()


def test_no_more_than_the_window_is_under_way(rig):
    rig.put("r", 50)
    rig.connect(window=10)
    rig.sender.fill(0.0)
    assert rig.sent() == [("r", seq) for seq in range(1, 11)]
    rig.ack(1, 2, 3)
    rig.sender.fill(0.0)
    assert len(rig.link.published) == 13
    assert rig.sender.in_flight == 10


def test_an_alarm_is_among_the_next_window_of_messages_whatever_waits(rig):
    rig.put("r", 90)
    rig.connect(window=10)
    rig.sender.fill(0.0)
    rig.put("a")
    rig.put("e")
    rig.ack(*range(1, 11))
    rig.sender.fill(0.0)
    assert rig.sent()[10:12] == [("a", 1), ("e", 1)]


def test_the_cursor_moves_over_the_contiguous_prefix_only(rig):
    rig.put("r", 5)
    rig.connect()
    rig.sender.fill(0.0)
    rig.ack(2, 3, 5)
    assert rig.journal.cursor("r") == 0
    rig.ack(1)
    assert rig.journal.cursor("r") == 3
    rig.ack(4)
    assert rig.journal.cursor("r") == 5


def test_a_new_connection_sends_again_what_was_not_acknowledged_in_order(rig):
    rig.put("r", 5)
    rig.connect()
    rig.sender.fill(0.0)
    rig.ack(1, 2, 4)
    rig.sender.disconnected()
    rig.connect()
    rig.sender.fill(0.0)
    assert rig.sent() == [("r", 3), ("r", 4), ("r", 5)]


def test_acknowledgements_nobody_waits_for_change_nothing(rig):
    rig.put("r", 2)
    rig.connect()
    rig.sender.fill(0.0)
    rig.ack(1, 1, 77)
    assert rig.journal.cursor("r") == 1
    assert rig.sender.counters.unknown_acks == 2


def test_nothing_is_sent_before_it_is_on_disk(rig):
    rig.connect()
    rig.journal.append("a", RecordKind.EVENT, lambda seq: frame_record("event/fire", NOW_MS, b'{"st":"a","seq":1}'))
    rig.sender.fill(0.0)
    assert rig.link.published == []
    rig.journal.commit()
    rig.sender.fill(0.0)
    assert rig.sent() == [("a", 1)]


@pytest.mark.parametrize("reason", [0x80, 0x87, 0x97])
def test_a_refused_topic_waits_and_others_go_on(rig, reason):
    rig.put("e", suffix="event/voltage")
    rig.put("e", suffix="event/overload")
    rig.put("e", suffix="event/voltage")
    rig.connect(window=1)
    rig.sender.fill(0.0)
    rig.ack(1, reason=reason)
    rig.sender.fill(0.0)
    rig.ack(2)
    rig.sender.fill(1.0)
    assert rig.sent() == [("e", 1), ("e", 2)]               # the second of the refused topic is not even tried
    assert rig.refused == [("event/voltage", reason)]
    assert rig.journal.cursor("e") == 0                     # and nothing of it is lost


def test_a_refused_topic_is_tried_once_a_minute_and_goes_on_in_order_once_accepted(rig):
    rig.put("e", 3, suffix="event/voltage")
    rig.connect(window=10)
    rig.sender.fill(0.0)
    rig.ack(1, 2, 3, reason=0x87)
    for now_s in range(1, 60):
        rig.sender.fill(float(now_s))
    assert len(rig.link.published) == 3
    rig.sender.fill(61.0)
    assert rig.sent()[3:] == [("e", 1)]
    rig.ack(4, now_s=61.0)
    rig.sender.fill(61.0)
    assert rig.sent()[4:] == [("e", 2), ("e", 3)]
    rig.ack(5, 6)
    assert (rig.journal.cursor("e"), rig.accepted) == (3, ["event/voltage"])


def test_no_matching_subscribers_counts_as_delivered_unless_asked_otherwise(tmp_path):
    for required, cursor in ((False, 1), (True, 0)):
        made = Rig(tmp_path / str(required), MqttSettings(url="mqtt://127.0.0.1", require_subscribers=required))
        made.put("a")
        made.connect()
        made.sender.fill(0.0)
        made.ack(1, reason=0x10)
        assert made.journal.cursor("a") == cursor
        made.journal.close()


def test_old_messages_are_marked_historical_and_the_record_is_not_changed(rig):
    rig.put("r", utc_ms=NOW_MS - 61_000)
    rig.put("r", utc_ms=NOW_MS - 59_000)
    rig.connect()
    rig.sender.fill(0.0)
    first, second = (json.loads(payload) for _, _, payload, _ in rig.link.published)
    assert first["hist"] is True
    assert "hist" not in second
    assert b"hist" not in rig.journal.read_from("r", 1, 1)[0].payload


def test_alarms_that_are_on_are_retained_and_cleared_with_nothing(rig):
    rig.put("t", suffix="active/x", kind=RecordKind.ACTIVE)
    rig.journal.append("t", RecordKind.ACTIVE, lambda _: frame_record("active/x", NOW_MS - 100_000, b""))
    rig.journal.commit()
    rig.connect()
    rig.sender.fill(0.0)
    assert [(payload == b"", retain) for _, _, payload, retain in rig.link.published] == [(False, True), (True, True)]


def test_a_large_backlog_of_readings_is_replayed_gently_and_alarms_do_not_wait(rig):
    rig.put("r", 5000)
    rig.connect(window=10, now_s=100.0)
    sent = 0
    for step in range(1, 101):                              # one second in steps of 10 ms, every message acknowledged at once
        rig.sender.fill(100.0 + step / 100)
        rig.ack(*range(sent + 1, len(rig.link.published) + 1))
        sent = len(rig.link.published)
    assert 150 <= sent <= 260                               # 200 a second at the start
    rig.put("a")
    rig.sender.fill(101.0)
    assert ("a", 1) in rig.sent()


def test_a_link_that_takes_no_more_loses_nothing(rig):
    rig.put("r", 5)
    rig.connect()
    rig.link.full_after = 2
    rig.sender.fill(0.0)
    rig.link.full_after = None
    rig.sender.fill(0.0)
    assert rig.sent() == [("r", seq) for seq in range(1, 6)]


def test_the_oldest_message_without_acknowledgement_is_timed(rig):
    rig.put("r", 2)
    rig.connect()
    rig.sender.fill(10.0)
    assert rig.sender.oldest_wait_s(16.0) == 6.0
    rig.ack(1, 2)
    assert rig.sender.oldest_wait_s(16.0) == 0.0
