"""Told events and sessions against true ones: one to one within a tolerance, or by what of them overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """``hits`` of ``true`` things that were found, by ``told`` findings."""

    hits: int
    true: int
    told: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(hits=self.hits + other.hits, true=self.true + other.true, told=self.told + other.told)

    @property
    def f1(self) -> float:
        """1 where there was nothing and nothing was told."""
        return 2.0 * self.hits / (self.true + self.told) if self.true + self.told else 1.0


def match_events(true_s: Iterable[float], told_s: Iterable[float], tolerance_s: float) -> Counts:
    """The most pairs that are possible: both in their order, each true one takes the first told one that is not too early for it."""
    true, told = sorted(true_s), sorted(told_s)
    place, hits = 0, 0
    for at_s in true:
        while place < len(told) and told[place] < at_s - tolerance_s:
            place += 1
        if place < len(told) and told[place] <= at_s + tolerance_s:
            hits += 1
            place += 1
    return Counts(hits=hits, true=len(true), told=len(told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """``meter`` from ``begin`` to before ``end``, in whatever unit both sides use."""

    meter: str
    begin: float
    end: float

    def overlaps(self, other: Session) -> bool:
        return self.meter == other.meter and self.begin < other.end and other.begin < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionScore:
    """``begin_errors``: of each session found, the distance of the nearest begin that was told."""

    recall: float
    precision: float
    begin_errors: tuple[float, ...]


def score_sessions(true: Sequence[Session], told: Sequence[Session]) -> SessionScore:
    """A session is found when one that was told overlaps it; one that overlaps none is false. NaN where there is nothing to count."""
    near = [[other for other in told if other.overlaps(session)] for session in true]
    right = sum(any(session.overlaps(other) for other in true) for session in told)
    return SessionScore(
        recall=sum(map(bool, near)) / len(true) if true else float("nan"),
        precision=right / len(told) if told else float("nan"),
        begin_errors=tuple(
            min(abs(other.begin - session.begin) for other in others) for session, others in zip(true, near, strict=True) if others
        ),
    )
