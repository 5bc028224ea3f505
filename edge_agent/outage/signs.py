"""What meters, modules and failed polls have said about supply, meter by meter, until an answer says otherwise."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model import AreaFrame, Evidence, EvidenceKind
from edge_agent.outage.observed import UNKNOWN

NEVER = -1
_IN_FLIGHT_MS = 25_000      # so long a coordinator tries to read a meter that it does not hear
_SAVED = ("gasped_ms", "back_ms", "carried", "carried_ms", "via", "relay_open", "unplugged", "reached", "heard_ms")


class Signs:
    """Arrays of shape (n,) in archive order. ``behind_coordinator``: whose failed reads were sent long before; None = nobody's.

    Attributes:
        gasped_ms: when a last gasp was reported that no answer and no report of power has contradicted since; NEVER.
        back_ms: when its module last said that its supply is back; NEVER.
        carried, carried_ms: polls without answer that the frame no longer knows of since the agent was restarted, and the first of them.
        via: archive index of the relay, UNKNOWN = none or not known.
        relay_open: cut off by command. unplugged: its module was pulled out.
        reached, heard_ms: whether its bus was up at the last look, and when anybody on that bus had answered before it went down.
        version: grows with every change that may alter a judgement.
    """

    def __init__(self, n_meters: int, behind_coordinator: npt.NDArray[np.bool_] | None = None) -> None:
        self.gasped_ms = np.full(n_meters, NEVER, np.int64)
        self.back_ms = np.full(n_meters, NEVER, np.int64)
        self.carried = np.zeros(n_meters, np.int32)
        self.carried_ms = np.full(n_meters, NEVER, np.int64)
        self.via = np.full(n_meters, UNKNOWN, np.int32)
        self.relay_open = np.zeros(n_meters, np.bool_)
        self.unplugged = np.zeros(n_meters, np.bool_)
        self.reached = np.ones(n_meters, np.bool_)
        self.heard_ms = np.full(n_meters, NEVER, np.int64)
        self.version = 0
        # polls that had failed when it said that its supply is back, or when the way to it was found to be mended; and when that was
        self._passed_failed = np.zeros(n_meters, np.int32)
        self._passed_ms = np.full(n_meters, NEVER, np.int64)
        self._is_slow = np.zeros(n_meters, np.bool_) if behind_coordinator is None else behind_coordinator
        self._mended_ms = np.full(n_meters, NEVER, np.int64)
        self._seen_failed = np.zeros(n_meters, np.int32)
        self._seen_answered = np.full(n_meters, NEVER, np.int64)

    def take(self, evidence: Evidence) -> None:
        """One piece of evidence that the filters admitted."""
        meters = list(evidence.meters)
        if evidence.kind is EvidenceKind.LAST_GASP:
            self.gasped_ms[meters] = evidence.at_utc_ms
            self.back_ms[meters] = NEVER
        elif evidence.kind is EvidenceKind.POWER_BACK:
            self.back_ms[meters] = evidence.at_utc_ms
            self._lives(meters)
            self._pass_over(meters, evidence.at_utc_ms)
        elif evidence.kind in (EvidenceKind.ROUTES_KNOWN, EvidenceKind.ROUTING_CHANGED) and len(evidence.relays) == len(meters):
            self.via[meters] = evidence.relays
        elif evidence.kind in (EvidenceKind.RELAY_OPENED, EvidenceKind.RELAY_CLOSED):
            self.relay_open[meters] = evidence.kind is EvidenceKind.RELAY_OPENED
        elif evidence.kind is EvidenceKind.UNPLUGGED:
            self.unplugged[meters] = True
        self.version += 1

    def look(self, frame: AreaFrame) -> None:
        """Drop what an answer has contradicted."""
        if np.array_equal(frame.polls_failed, self._seen_failed) and np.array_equal(frame.answered_utc_ms, self._seen_answered):
            return
        is_old = self._is_slow & (self._mended_ms != NEVER) & (frame.polls_failed > self._seen_failed)
        is_old &= (frame.now_utc_ms - self._mended_ms < _IN_FLIGHT_MS) & (frame.now_utc_ms >= self._mended_ms)
        if is_old.any():
            np.copyto(self._seen_failed, frame.polls_failed, where=is_old)
            self._pass_over(np.flatnonzero(is_old).tolist(), frame.now_utc_ms)
        fresh = frame.answered_utc_ms != self._seen_answered
        has_news = (frame.polls_failed != self._seen_failed) & ((frame.polls_failed > 0) | (self._seen_failed > 0))
        answered = np.flatnonzero(fresh & (frame.answered_utc_ms > np.maximum(self.gasped_ms, self.carried_ms)))
        if has_news.any() or (self.gasped_ms[answered] != NEVER).any() or self.carried[answered].any():
            self.version += 1
        self._lives(answered.tolist())
        np.copyto(self._seen_failed, frame.polls_failed)
        np.copyto(self._seen_answered, frame.answered_utc_ms)

    def way_is_mended(self, meters: Iterable[int], now_ms: int) -> None:
        """Polls that were sent while the way to these meters was broken say nothing of them: only later ones count."""
        found = list(meters)
        self._pass_over(found, now_ms)
        self._mended_ms[found] = now_ms
        self.carried[found], self.carried_ms[found] = 0, NEVER
        self.version += 1

    def follow_buses(self, frame: AreaFrame, firm: npt.NDArray[np.bool_]) -> None:
        """When a bus is back, drop what had failed since anybody on it answered last: it may have been down from then on.

        ``firm``: shape (n,), meters of outages that are proven; their signs stay.
        """
        went, came = self.reached & ~frame.reachable, frame.reachable & ~self.reached
        if went.any():
            self.heard_ms[went] = frame.answered_utc_ms[went].max()
        np.copyto(self.reached, frame.reachable)
        doubtful = came & ~firm & (self.polls_failed(frame) > 0) & (self.first_failed_ms(frame) > self.heard_ms)
        if doubtful.any():
            self.pass_over_failed(doubtful, frame)
            self._mended_ms[doubtful] = NEVER          # who reads that bus has given up what was under way

    def pass_over_failed(self, doubtful: npt.NDArray[np.bool_], frame: AreaFrame) -> None:
        """Polls of these meters, shape (n,), that have failed by now say nothing of them."""
        np.copyto(self._seen_failed, frame.polls_failed)
        self.way_is_mended(np.flatnonzero(doubtful).tolist(), frame.now_utc_ms)

    def forget_the_future(self, now_ms: int) -> None:
        """After the clock was set back nothing has been said later than now."""
        for times in (self.gasped_ms, self.back_ms, self.carried_ms, self._passed_ms, self._mended_ms, self.heard_ms):
            np.minimum(times, now_ms, out=times)

    @property
    def has_any(self) -> bool:
        """Whether any meter has sent a last gasp, is cut off or has no module."""
        return bool((self.gasped_ms != NEVER).any() or self.relay_open.any() or self.unplugged.any())

    @property
    def gasped(self) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self.gasped_ms != NEVER
        return found

    def is_back(self, frame: AreaFrame) -> npt.NDArray[np.bool_]:
        """Shape (n,): its module says that its supply is back, and no poll has failed since."""
        found: npt.NDArray[np.bool_] = (self.back_ms != NEVER) & ~self.gasped & (self.polls_failed(frame) == 0)
        return found

    def polls_failed(self, frame: AreaFrame) -> npt.NDArray[np.int32]:
        """Since the last answer or report that its supply is back, over a restart."""
        failed: npt.NDArray[np.int32] = np.maximum(frame.polls_failed - self._passed_failed, 0) + self.carried
        return failed

    def first_failed_ms(self, frame: AreaFrame) -> npt.NDArray[np.int64]:
        """The first of these; NEVER."""
        first = np.where(self.carried > 0, self.carried_ms, frame.first_failed_utc_ms)
        later: npt.NDArray[np.int64] = np.where(self._passed_failed > 0, np.maximum(first, self._passed_ms), first)
        return later

    def save(self, frame: AreaFrame | None) -> dict[str, Any]:
        """``frame``: as last seen; its unanswered polls are carried over."""
        carried, carried_ms = self.carried, self.carried_ms
        if frame is not None:
            carried, carried_ms = self.polls_failed(frame), self.first_failed_ms(frame)
        arrays = {name: getattr(self, name) for name in _SAVED} | {"carried": carried, "carried_ms": carried_ms}
        return {name: [array.dtype.str, base64.b64encode(array.tobytes()).decode()] for name, array in arrays.items()}

    def load(self, saved: Mapping[str, Any]) -> None:
        """Raises ValueError, TypeError or KeyError for what ``save`` did not give for as many meters; nothing is changed then."""
        found = {}
        for name in _SAVED:
            dtype, text = saved[name]
            mine, raw = getattr(self, name), base64.b64decode(text)
            if dtype != mine.dtype.str or len(raw) != mine.nbytes:
                raise ValueError(f"{name} is of other meters")
            found[name] = np.frombuffer(raw, dtype=dtype)
        via = found["via"]
        if via.size and not (int(via.min()) >= UNKNOWN and int(via.max()) < via.size):
            raise ValueError("relays are of other meters")
        for name, array in found.items():
            getattr(self, name)[:] = array
        self.version += 1

    def _pass_over(self, meters: list[int], at_ms: int) -> None:
        self._passed_failed[meters], self._passed_ms[meters] = self._seen_failed[meters], at_ms

    def _lives(self, meters: list[int]) -> None:
        self.gasped_ms[meters] = NEVER
        self._passed_failed[meters] = self.carried[meters] = 0
        self.carried_ms[meters] = NEVER
        self.unplugged[meters] = False
