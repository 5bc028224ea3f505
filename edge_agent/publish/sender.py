"""What is sent next, what is under way, what has arrived: strict priority between streams, order within, a window of our own.

The cursor of a stream moves only after a PUBACK with a good reason code, over the contiguous prefix. A topic that the broker refuses is
parked: its records stay, later ones of the same topic wait behind them, other topics go on; one try a minute shows when it is allowed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.contract import RecordKind, mark_historical, split_record
from edge_agent.contract.envelope import HISTORICAL_AFTER_MS
from edge_agent.journal import STREAMS, Journal, Record
from edge_agent.publish.link import BrokerLink
from edge_agent.publish.settings import MqttSettings

NO_SUBSCRIBERS, FIRST_FAILURE = 0x10, 0x80     # MQTT 5.0, 3.4.2.1
_READ_AHEAD = 200
_PARKED_LIMIT = 4096              # of a stream; then it waits: refused alarms must not be read into memory without bound
_RETRY_REFUSED_S = 60.0           # mqtt_reliability.md 1.6
_RAMP_DOUBLES_S = 5.0
_REPLAY_WINDOWS = 10              # a backlog of more than ten windows is replayed gently


@dataclass(slots=True)
class SenderCounters:
    sent: int = 0
    acked: int = 0
    refused: int = 0
    unknown_acks: int = 0


@dataclass(slots=True)
class _UnderWay:
    stream: str
    record: Record
    suffix: str
    since_s: float


@dataclass(slots=True)
class _Stream:
    next_seq: int
    ready: deque[Record] = field(default_factory=deque)
    unacked: dict[int, bool] = field(default_factory=dict)          # seq -> acked, in order of sending
    parked: dict[str, deque[Record]] = field(default_factory=dict)  # refused topic suffix -> its records, oldest first

    def parked_count(self) -> int:
        return sum(map(len, self.parked.values()))


class Sender:
    """Pure but for the link: ``now_s`` (monotonic) is given. Belongs to the event loop's thread."""

    def __init__(
        self, journal: Journal, settings: MqttSettings, prefix: str, *, utc_ms: Callable[[], int],
        on_refused: Callable[[str, int], None], on_accepted: Callable[[str], None],
    ) -> None:
        self._journal, self._settings, self._prefix, self._utc_ms = journal, settings, prefix, utc_ms
        self._on_refused, self._on_accepted = on_refused, on_accepted
        self._link: BrokerLink | None = None
        self._window = 0
        self._under_way: dict[int, _UnderWay] = {}
        self._streams: dict[str, _Stream] = {}
        self._refused_since_s: dict[str, float] = {}      # suffix -> last try
        self._replay_from_s: float | None = None
        self._tokens, self._tokens_at_s = 0.0, 0.0
        self.counters = SenderCounters()

    @property
    def in_flight(self) -> int:
        return len(self._under_way)

    def connected(self, link: BrokerLink, window: int, now_s: float) -> None:
        """Start over from the cursors on a new connection: what an old one had under way is sent again, in order."""
        self._link, self._window = link, window
        self._under_way = {}
        self._refused_since_s = {}
        self._streams = {stream: _Stream(self._journal.cursor(stream) + 1) for stream in STREAMS}
        backlog = self._journal.committed("r") - self._journal.cursor("r")
        self._replay_from_s = now_s if backlog > _REPLAY_WINDOWS * window else None
        self._tokens, self._tokens_at_s = 0.0, now_s

    def disconnected(self) -> None:
        self._link = None
        self._under_way = {}

    def fill(self, now_s: float, *, reserved: int = 0) -> float | None:
        """Send as much as the window takes; gives seconds until it is worth calling again without any event, or None.

        ``reserved``: messages of others that are under way on the same connection and count against the broker's limit.
        """
        link = self._link
        if link is None:
            return None
        self._retry_refused(now_s)
        for name in STREAMS:
            stream = self._streams[name]
            while len(self._under_way) + reserved < self._window:
                record = self._next_record(name, stream)
                if record is None:
                    break
                if name == "r" and not self._may_replay(stream, now_s):
                    return 0.05
                stream.ready.popleft()
                if not self._send(link, name, stream, record, now_s):
                    return 0.05
        return None

    def is_idle(self) -> bool:
        """Nothing is under way and nothing that may be sent waits."""
        return not self._under_way and all(
            self._next_record(name, stream) is None for name, stream in self._streams.items()
        )

    def acked(self, mid: int, reason: int, now_s: float) -> None:
        under_way = self._under_way.pop(mid, None)
        if under_way is None:
            self.counters.unknown_acks += 1
            return
        keep = reason == NO_SUBSCRIBERS and self._settings.require_subscribers and under_way.stream in "ae"
        if reason >= FIRST_FAILURE or keep:
            self._park(under_way, reason, now_s)
            return
        self.counters.acked += 1
        self._arrived(under_way)

    def oldest_wait_s(self, now_s: float) -> float:
        """How long the oldest message has been without PUBACK."""
        oldest = next(iter(self._under_way.values()), None)
        return 0.0 if oldest is None else now_s - oldest.since_s

    def _next_record(self, name: str, stream: _Stream) -> Record | None:
        if not stream.ready:
            if stream.parked_count() >= _PARKED_LIMIT:
                return None
            stream.ready.extend(self._journal.read_from(name, stream.next_seq, _READ_AHEAD))
            if stream.ready:
                stream.next_seq = stream.ready[-1].seq + 1
        return stream.ready[0] if stream.ready else None

    def _send(self, link: BrokerLink, name: str, stream: _Stream, record: Record, now_s: float) -> bool:
        """Hand one record to the link; False when it takes no more now (the record is back in its place)."""
        suffix, utc_ms, message = split_record(record.payload)
        stream.unacked.setdefault(record.seq, False)
        if suffix in self._refused_since_s:
            stream.parked.setdefault(suffix, deque()).append(record)
            return True
        if message and self._utc_ms() - utc_ms > HISTORICAL_AFTER_MS and record.kind != RecordKind.ACTIVE:
            message = mark_historical(message)
        retain = RecordKind(record.kind).is_retained
        mid = link.publish(f"{self._prefix}/{suffix}", message, qos=1, retain=retain)
        if mid is None:
            stream.ready.appendleft(record)
            return False
        self._under_way[mid] = _UnderWay(name, record, suffix, now_s)
        self.counters.sent += 1
        return True

    def _arrived(self, under_way: _UnderWay) -> None:
        stream = self._streams[under_way.stream]
        stream.unacked[under_way.record.seq] = True
        last = None
        while stream.unacked and stream.unacked[first := next(iter(stream.unacked))]:
            del stream.unacked[first]
            last = first
        if last is not None:
            self._journal.ack(under_way.stream, last)
        if under_way.suffix in self._refused_since_s:
            del self._refused_since_s[under_way.suffix]
            self._on_accepted(under_way.suffix)
            self._unpark(under_way.suffix)

    def _park(self, under_way: _UnderWay, reason: int, now_s: float) -> None:
        self.counters.refused += 1
        parked = self._streams[under_way.stream].parked.setdefault(under_way.suffix, deque())
        # several of one topic may have been under way: keep them in order of seq
        place = next((index for index, record in enumerate(parked) if record.seq > under_way.record.seq), len(parked))
        parked.insert(place, under_way.record)
        if under_way.suffix not in self._refused_since_s:
            self._on_refused(under_way.suffix, reason)
        self._refused_since_s[under_way.suffix] = now_s

    def _retry_refused(self, now_s: float) -> None:
        """Once a minute one record of each refused topic shows whether it is allowed now."""
        for suffix, since_s in list(self._refused_since_s.items()):
            if now_s - since_s < _RETRY_REFUSED_S or self._link is None:
                continue
            self._refused_since_s[suffix] = now_s
            name, stream = next(((name, stream) for name, stream in self._streams.items() if stream.parked.get(suffix)), ("", None))
            if stream is None:
                continue
            record = stream.parked[suffix].popleft()
            _, _, message = split_record(record.payload)
            mid = self._link.publish(f"{self._prefix}/{suffix}", message, qos=1, retain=RecordKind(record.kind).is_retained)
            if mid is None:
                stream.parked[suffix].appendleft(record)
            else:
                self._under_way[mid] = _UnderWay(name, record, suffix, now_s)

    def _unpark(self, suffix: str) -> None:
        for stream in self._streams.values():
            parked = stream.parked.pop(suffix, None)
            if parked:
                # older than all that is ready, since nothing of this topic has passed them
                stream.ready.extendleft(reversed(parked))

    def _may_replay(self, stream: _Stream, now_s: float) -> bool:
        """The ramp of a backlog: ``replay_start_per_s``, doubled every five seconds; over as soon as the backlog is small."""
        if self._replay_from_s is None:
            return True
        behind = self._journal.committed("r") - stream.next_seq + len(stream.ready)
        if behind <= self._window:
            self._replay_from_s = None
            return True
        rate_per_s = self._settings.replay_start_per_s * 2.0 ** min((now_s - self._replay_from_s) / _RAMP_DOUBLES_S, 12.0)
        self._tokens = min(self._tokens + rate_per_s * (now_s - self._tokens_at_s), max(1.0, rate_per_s * 0.1))
        self._tokens_at_s = now_s
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
