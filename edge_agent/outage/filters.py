"""Which evidence is fit to be weighed: of meters that are ours, at times that can be, and not what has just been said.

The first two of the ordered filters of outage.md 1.5 and the limits on how often anybody is heard; momentary outages, planned work and
the verification by polls are weighed by the engine. Pure but for one line in the log for each kind of refusal.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edge_agent.model import Archive, Evidence, EvidenceKind

log = logging.getLogger("hplc_edge.outage")

# kinds that a network repeats, and what makes a repeat of one news again
_OPPOSITES = {
    EvidenceKind.LAST_GASP: EvidenceKind.POWER_BACK, EvidenceKind.POWER_BACK: EvidenceKind.LAST_GASP,
    EvidenceKind.RELAY_OPENED: EvidenceKind.RELAY_CLOSED, EvidenceKind.RELAY_CLOSED: EvidenceKind.RELAY_OPENED,
}
_REPEATED = (*_OPPOSITES, EvidenceKind.UNPLUGGED, EvidenceKind.AREA_MISMATCH, EvidenceKind.ROUTING_CHANGED, EvidenceKind.POWER_RECORD)
_OF_METERS = (*_REPEATED, EvidenceKind.POLL_FAILED)          # they say nothing where they name nobody
_COUNTERS = {
    "admitted": "", "meters_dropped": "",
    "unknown_meter": "names meters that are not in the archive",
    "nobody": "names nobody",
    "from_future": "is dated later than it came",
    "too_old": "is of a time long past",
    "ends_before_begin": "ends before it begins",
    "repeated": "was heard already",
    "flapping": "says that a meter dies and returns faster than any meter can",
    "too_many": "comes more often than anybody could act on",
}
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSettings:
    """Times in seconds; sources: outage.md 1.1 (de-duplication), 1.2 (longest valid outage, deviation of clocks), 1.5."""

    dedup_s: float = 80.0              # T_dedup: broadcast of the dying, gathering at the relay and at the coordinator
    dedup_cap_s: float = 240.0         # the coordinator forgets after 90 to 240 s: who says it still has something to say
    ahead_s: float = 300.0             # deviation allowed between clocks
    max_age_s: float = 72 * 3600.0     # longest valid outage of a terminal
    most_changes: int = 8              # of one meter within dedup_s: a module needs seconds to die and minutes to return
    most_unaddressed: int = 120        # within a minute, of each kind that names no meter

    def __post_init__(self) -> None:
        if not 0 <= self.dedup_s <= self.dedup_cap_s or self.ahead_s < 0 or self.max_age_s <= 0:
            raise ValueError("0 <= dedup_s <= dedup_cap_s, ahead_s >= 0 and max_age_s > 0 must hold")
        if self.most_changes < 2 or self.most_unaddressed < 1:
            raise ValueError("most_changes must be at least 2, most_unaddressed at least 1")


class Filters:
    """``counters``: by name; unknown_meter, repeated, flapping and meters_dropped (left out of what was admitted) count meters, the
    others evidence."""

    def __init__(self, archive: Archive, settings: FilterSettings) -> None:
        self._archive, self._settings, self._n = archive, settings, len(archive.meters)
        self._dedup_ms, self._cap_ms, self._ahead_ms, self._max_age_ms = (
            round(1000 * seconds) for seconds in (settings.dedup_s, settings.dedup_cap_s, settings.ahead_s, settings.max_age_s)
        )
        self.counters = dict.fromkeys(_COUNTERS, 0)
        self._told: set[str] = set()
        self._heard: dict[tuple[str, int], list[int]] = {}       # (kind, meter) -> when admitted, when last heard, what it said
        self._changes: dict[int, list[int]] = {}                 # meter -> since when, how many
        self._unaddressed: dict[str, list[int]] = {}             # kind -> since when, how many
        self._now_ms: int | None = None
        self._leap: tuple[int, int] | None = None                # the clock was set: what it showed before, and after

    def admit(self, evidence: Evidence, now_utc_ms: int) -> Evidence | None:
        """What of ``evidence`` is fit and new, None where nothing is. ``now_utc_ms``: when it was received, by the clock itself: that of
        the last tick lags behind a clock that was set since. Never raises, whatever the evidence says."""
        self._follow_clock(now_utc_ms)
        timed = self._timed(evidence, now_utc_ms)
        if timed is None:
            return None
        if not timed.meters:
            return self._admit_unaddressed(timed, now_utc_ms)
        places = list(self._known(timed.meters))
        if timed.kind in _REPEATED:
            places = [place for place in places if self._is_news(timed, place, now_utc_ms)]
        if not places:
            return None
        self.counters["admitted"] += 1
        self.counters["meters_dropped"] += len(timed.meters) - len(places)
        return _thinned(timed, places, self._n)

    def save(self) -> bytes:
        heard = [[kind, meter, *times] for (kind, meter), times in self._heard.items()]
        ids = [meter.id for meter in self._archive.meters]
        return json.dumps([_VERSION, ids, self.counters, heard, self._now_ms]).encode()

    def load(self, data: bytes) -> None:
        """Raises ValueError for what ``save`` of this version and this archive did not write; nothing is then changed."""
        try:
            version, ids, counters, heard, now_ms = json.loads(data)
            if version != _VERSION or ids != [meter.id for meter in self._archive.meters] or set(counters) != set(_COUNTERS):
                raise ValueError("of another version or of other meters")
            kinds = {kind.value for kind in _REPEATED}
            loaded = {(str(kind), int(meter)): [int(time) for time in times] for kind, meter, *times in heard}
            if any(kind not in kinds or not 0 <= meter < self._n or len(times) != 3 for (kind, meter), times in loaded.items()):
                raise ValueError("of another form")
            counted = {name: int(counters[name]) for name in _COUNTERS}
            now_utc_ms = None if now_ms is None else int(now_ms)
        except (ValueError, TypeError, AttributeError, OverflowError) as exc:
            raise ValueError(f"saved state cannot be used: {exc}") from exc
        self._heard, self.counters, self._now_ms = loaded, counted, now_utc_ms

    def _follow_clock(self, now_ms: int) -> None:
        """Remember a step of our clock: what was stamped just before it is as good as what is stamped after."""
        before_ms, self._now_ms = self._now_ms, now_ms
        if before_ms is not None and not -self._max_age_ms <= before_ms - now_ms <= self._ahead_ms:
            self._leap = before_ms, now_ms
        elif self._leap is not None and now_ms - self._leap[1] > self._ahead_ms:
            self._leap = None

    def _timed(self, evidence: Evidence, now_ms: int) -> Evidence | None:
        """With a time that can be; that of an outage which is over is judged by its end."""
        begin_ms, end_ms = evidence.at_utc_ms, evidence.until_utc_ms or evidence.at_utc_ms
        if self._leap is not None and abs(max(begin_ms, end_ms) - self._leap[0]) <= self._ahead_ms:
            set_by_ms = self._leap[1] - self._leap[0]
            begin_ms, end_ms = begin_ms + set_by_ms, end_ms + set_by_ms
            evidence = replace(
                evidence, at_utc_ms=begin_ms, until_utc_ms=evidence.until_utc_ms and evidence.until_utc_ms + set_by_ms
            )
        if max(begin_ms, end_ms) > now_ms + self._ahead_ms:
            wrong = "from_future"
        elif end_ms < now_ms - self._max_age_ms:
            wrong = "too_old"
        elif end_ms < begin_ms:
            wrong = "ends_before_begin"
        elif max(begin_ms, end_ms) > now_ms:           # a clock that is a little ahead
            return replace(evidence, at_utc_ms=min(begin_ms, now_ms), until_utc_ms=min(evidence.until_utc_ms, now_ms))
        else:
            return evidence
        self._note(wrong, evidence.kind.value)
        return None

    def _admit_unaddressed(self, evidence: Evidence, now_ms: int) -> Evidence | None:
        """A stranger at the network, a bus without meters, a neighbour area."""
        tally = self._unaddressed.setdefault(evidence.kind.value, [now_ms, 0])
        if evidence.kind in _OF_METERS or not _count(tally, now_ms, 60_000, self._settings.most_unaddressed):
            self._note("nobody" if evidence.kind in _OF_METERS else "too_many", evidence.kind.value)
            return None
        self.counters["admitted"] += 1
        return evidence

    def _known(self, meters: Sequence[int]) -> Iterator[int]:
        """Places in ``meters`` of those that are in the archive, each once."""
        seen: set[int] = set()
        for place, meter in enumerate(meters):
            if not 0 <= meter < self._n:
                self._note("unknown_meter", f"index {meter}")
            elif meter not in seen:
                seen.add(meter)
                yield place

    def _is_news(self, evidence: Evidence, place: int, now_ms: int) -> bool:
        kind, meter = evidence.kind, evidence.meters[place]
        said = _said(evidence, place)
        known = self._heard.get((kind.value, meter))
        if known is not None and said == known[2] and self._is_repeat(evidence, known, now_ms):
            known[1] = now_ms
            self._note("repeated", f"{kind.value} of {self._archive.meters[meter].id}")
            return False
        opposite = _OPPOSITES.get(kind)
        if opposite is not None:
            if not _count(self._changes.setdefault(meter, [now_ms, 0]), now_ms, self._dedup_ms, self._settings.most_changes):
                self._note("flapping", f"{kind.value} of {self._archive.meters[meter].id}")
                return False
            self._heard.pop((opposite.value, meter), None)       # in the order of arrival: after one the other is news
        self._heard[kind.value, meter] = [now_ms, now_ms, said]
        return True

    def _is_repeat(self, evidence: Evidence, known: Sequence[int], now_ms: int) -> bool:
        """By when it was received: a clock that was set back makes news of it, which costs less than to lose one."""
        if evidence.kind is EvidenceKind.POWER_RECORD:
            return True                                          # one entry of a meter's memory, however often it is read
        admitted_ms, heard_ms, _ = known
        return 0 <= now_ms - heard_ms <= self._dedup_ms and 0 <= now_ms - admitted_ms <= self._cap_ms

    def _note(self, counter: str, what: str) -> None:
        self.counters[counter] += 1
        if counter not in self._told:
            self._told.add(counter)
            log.warning("evidence that %s is passed over and counted as %s; first: %s", _COUNTERS[counter], counter, what)


def _said(evidence: Evidence, place: int) -> int:
    """What beside kind and meter tells one piece of evidence from another: the new proxy, or which outage the meter remembers."""
    if evidence.kind is EvidenceKind.ROUTING_CHANGED:
        return evidence.relays[place] if place < len(evidence.relays) else -1
    return evidence.at_utc_ms if evidence.kind is EvidenceKind.POWER_RECORD else 0


def _count(tally: list[int], now_ms: int, window_ms: int, most: int) -> bool:
    """One more in a window of fixed length; False when it is one too many."""
    if not 0 <= now_ms - tally[0] < window_ms:
        tally[:] = now_ms, 0
    tally[1] += 1
    return tally[1] <= most


def _thinned(evidence: Evidence, places: list[int], n_meters: int) -> Evidence:
    """Only what stands at ``places``; lists beside the meters that do not fit them are cut or filled as not known."""
    meters, addresses, relays = evidence.meters, evidence.addresses, evidence.relays
    whole = len(places) == len(meters)
    if whole and len(addresses) in (0, len(meters)) and not relays:
        return evidence
    return replace(
        evidence, meters=tuple(meters[place] for place in places),
        addresses=tuple(addresses[place] if place < len(addresses) else "" for place in places) if addresses else (),
        relays=tuple(_relay(relays, place, n_meters) for place in places) if relays else (),
    )


def _relay(relays: Sequence[int], place: int, n_meters: int) -> int:
    return relays[place] if place < len(relays) and 0 <= relays[place] < n_meters else -1
