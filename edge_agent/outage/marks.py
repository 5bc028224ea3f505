"""What is no outage though a meter is dark or not heard: cut off by command, pulled out, replaced, moved to another area."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edge_agent.model import Archive, Finding, Place, Stage

DISCONNECTED, UNPLUGGED, SWAPPED, TRANSFERRED = "supply.disconnected", "module.unplugged", "meter.swapped", "area.transferred"
KINDS = (DISCONNECTED, UNPLUGGED, SWAPPED, TRANSFERRED)


class Marks:
    """One condition for each kind and meter, told when it begins and when it ends."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._since_ms: dict[tuple[str, int], int] = {}

    def __bool__(self) -> bool:
        return bool(self._since_ms)

    def follow(self, kind: str, meters: Iterable[int], now_ms: int, *, sure: bool) -> list[Finding]:
        """``meters`` are those for which ``kind`` holds now. ``sure``: said by module or ticket, not concluded."""
        wanted = set(meters)
        on = {meter for other, meter in self._since_ms if other == kind}
        findings = []
        for meter in sorted(wanted - on):
            self._since_ms[kind, meter] = now_ms
            findings.append(self._finding(kind, meter, Stage.BEGIN, now_ms, now_ms, sure))
        for meter in sorted(on - wanted):
            findings.append(self._finding(kind, meter, Stage.END, self._since_ms.pop((kind, meter)), now_ms, sure))
        return findings

    def of(self, kind: str) -> set[int]:
        return {meter for other, meter in self._since_ms if other == kind}

    def conditions(self) -> set[tuple[str, Place]]:
        return {(kind, Place(kind="meter", id=self._archive.meters[meter].id)) for kind, meter in self._since_ms}

    def forget_the_future(self, now_ms: int) -> None:
        self._since_ms = {key: min(since_ms, now_ms) for key, since_ms in self._since_ms.items()}

    def save(self) -> list[Any]:
        return [[kind, meter, since_ms] for (kind, meter), since_ms in self._since_ms.items()]

    def load(self, saved: list[Any]) -> None:
        """Raises ValueError or TypeError for what ``save`` did not give for these meters; nothing is changed then."""
        found = {(str(kind), int(meter)): int(since_ms) for kind, meter, since_ms in saved}
        if any(kind not in KINDS or not 0 <= meter < len(self._archive.meters) for kind, meter in found):
            raise ValueError("of other kinds or meters")
        self._since_ms = found

    def _finding(self, kind: str, meter: int, stage: Stage, since_ms: int, now_ms: int, sure: bool) -> Finding:
        name = self._archive.meters[meter].id
        return Finding(
            kind=kind, stage=stage, place=Place(kind="meter", id=name), at_utc_ms=now_ms, evidence_from_utc_ms=min(since_ms, now_ms),
            evidence_to_utc_ms=now_ms, score=1.0, confidence=0.98 if sure else 0.8, severity="info", meters=(name,),
        )
