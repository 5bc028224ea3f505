"""Outages that only the meters themselves remember: told after they are over, and said to be so."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from edge_agent.model import Archive, AreaFrame, Evidence, Finding, Outage, Place, Stage

_MOST_WAITING = 2000
_MOST_TOLD = 2000
_CONFIDENCE = 0.98          # a meter's own record of its supply: wrong only where its clock is


class Known(Protocol):
    def covers(self, index: int, from_ms: int, until_ms: int) -> bool:
        """Whether an outage of that meter at that time has been told."""
        ...

    def discarded(self, index: int, from_ms: int, until_ms: int) -> str:
        """Id of a suspicion about it that was taken back too soon; "" = there was none."""
        ...


class PowerRecords:
    """Records of power-down that were read and not looked at yet; ``tell`` once a tick."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._waiting: deque[tuple[int, int, int]] = deque(maxlen=_MOST_WAITING)
        self._told: deque[tuple[int, int]] = deque(maxlen=_MOST_TOLD)       # a meter is read again, its last record is the same
        self._serial = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, evidence: Evidence) -> None:
        for index in evidence.meters:
            self._waiting.append((index, evidence.at_utc_ms, evidence.until_utc_ms))

    def tell(self, frame: AreaFrame, known: Known) -> list[Finding]:
        """Begin, restoration and close at once, for each that no outage covers that was told."""
        findings: list[Finding] = []
        while self._waiting:
            index, from_ms, until_ms = self._waiting.popleft()
            if (index, from_ms) in self._told or not from_ms <= until_ms <= frame.now_utc_ms:
                continue
            self._told.append((index, from_ms))
            if known.covers(index, from_ms, until_ms):
                continue
            self._serial += 1
            incident = known.discarded(index, from_ms, until_ms) or f"{from_ms:x}-{index}-r{self._serial}"
            for stage, state, at_ms in (
                (Stage.BEGIN, "confirmed", from_ms), (Stage.END, "restored", until_ms), (Stage.END, "closed", until_ms),
            ):
                name = self._archive.meters[index].id
                findings.append(Finding(
                    kind="supply.lost", stage=stage, place=Place(kind="meter", id=name), at_utc_ms=at_ms, evidence_from_utc_ms=from_ms,
                    evidence_to_utc_ms=frame.now_utc_ms, score=1.0, confidence=_CONFIDENCE, severity="info", meters=(name,),
                    outage=Outage(incident=incident, state=state, cause="unknown", original=(name,), is_retroactive=True),  # type: ignore[arg-type]
                ))
        return findings

    def save(self) -> list[Any]:
        return [self._serial, [list(record) for record in self._waiting], [list(record) for record in self._told]]

    def load(self, saved: list[Any]) -> None:
        """Raises ValueError or TypeError for what ``save`` did not give for these meters; nothing is changed then."""
        serial, waiting, told = saved
        found = [(int(index), int(from_ms), int(until_ms)) for index, from_ms, until_ms in waiting]
        before = [(int(index), int(from_ms)) for index, from_ms in told]
        if any(not 0 <= index < len(self._archive.meters) for index, *_ in (*found, *before)):
            raise ValueError("of other meters")
        self._serial, self._waiting = int(serial), deque(found, maxlen=_MOST_WAITING)
        self._told = deque(before, maxlen=_MOST_TOLD)
