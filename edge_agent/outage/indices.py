"""Reliability indices from interruptions of single customers.

Source: IEEE 1366 (definitions), DL/T 836 (Chinese names: RS-1 = ASAI, AIHC = SAIDI in hours, AITC = SAIFI); outage.md 1.6, 1.7.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """One customer without supply from ``begin_s`` for ``duration_s``. A fault (``event_id``) may bring customers back in steps.

    ``area``: where that was.
    """

    customer: str
    event_id: str
    begin_s: float
    duration_s: float
    cause: str = "unknown"
    area: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """``momentary_max_s``: IEEE 1366 counts longer ones as sustained; EN 50160 and DL/T 836 use 180 s.

    ``cemi_counts_more``: the 2003 edition counts customers with more than n, later ones and utility practice those with n or more.
    """

    momentary_max_s: float = 300.0
    cemi_n: tuple[int, ...] = (1, 2, 4)
    cemi_counts_more: bool = False
    celid_h: float = 4.0

    def __post_init__(self) -> None:
        if self.momentary_max_s < 0 or self.celid_h <= 0:
            raise ValueError("momentary_max_s must not be negative, celid_h must be above 0")
        if not self.cemi_n or min(self.cemi_n) < 1:
            raise ValueError("cemi_n: one or more counts of at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indices:
    """Of one period. Frequencies are per customer served, hours likewise; None where nobody was interrupted.

    ``maifi`` counts every momentary interruption, ``maifi_e`` only one for each fault. ``cemsmi`` counts momentary ones as well.
    ``celid_s``: share of customers with one interruption of at least the setting, ``celid_t``: whose interruptions add up to it.
    """

    customers: int
    period_h: float
    saifi: float
    saidi_h: float
    caidi_h: float | None
    caifi: float | None
    asai: float
    maifi: float
    maifi_e: float
    customer_hours: float
    cemi: dict[int, float] = field(default_factory=dict)
    cemsmi: dict[int, float] = field(default_factory=dict)
    celid_s: float = 0.0
    celid_t: float = 0.0


def indices_of(
    interruptions: Iterable[Interruption], *, customers: int, period_s: float, settings: IndexSettings = IndexSettings()
) -> Indices:
    """Of ``customers`` served during ``period_s``.

    Raises:
        ValueError: no customers, no time, more customers interrupted than served, or a duration that is negative.
    """
    if customers < 1 or period_s <= 0:
        raise ValueError(f"{customers} customers in {period_s:g} s: both must be above 0")
    found = list(interruptions)
    if any(one.duration_s < 0 for one in found):
        raise ValueError("an interruption with a negative duration")
    if len({one.customer for one in found}) > customers:
        raise ValueError(f"{len({one.customer for one in found})} customers were interrupted, but only {customers} are served")
    sustained = [one for one in found if one.duration_s > settings.momentary_max_s]
    momentary = [one for one in found if one.duration_s <= settings.momentary_max_s]
    hours = sum(one.duration_s for one in sustained) / 3600.0
    counts, every = _counts(sustained), _counts(found)
    longest, total = _hours(sustained, max), _hours(sustained, sum)
    period_h = period_s / 3600.0
    return Indices(
        customers=customers, period_h=period_h, saifi=len(sustained) / customers, saidi_h=hours / customers,
        caidi_h=hours / len(sustained) if sustained else None, caifi=len(sustained) / len(counts) if counts else None,
        asai=1.0 - hours / customers / period_h, maifi=len(momentary) / customers,
        maifi_e=len({(one.customer, one.event_id) for one in momentary}) / customers, customer_hours=hours,
        cemi=_shares(counts, customers, settings), cemsmi=_shares(every, customers, settings),
        celid_s=sum(value >= settings.celid_h for value in longest.values()) / customers,
        celid_t=sum(value >= settings.celid_h for value in total.values()) / customers,
    )


def _counts(interruptions: Iterable[Interruption]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in interruptions:
        found[one.customer] = found.get(one.customer, 0) + 1
    return found


def _hours(interruptions: Iterable[Interruption], how: object) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for one in interruptions:
        found.setdefault(one.customer, []).append(one.duration_s / 3600.0)
    return {customer: float(how(values)) for customer, values in found.items()}  # type: ignore[operator]


def _shares(counts: dict[str, int], customers: int, settings: IndexSettings) -> dict[int, float]:
    least = 1 if settings.cemi_counts_more else 0
    return {n: sum(count >= n + least for count in counts.values()) / customers for n in settings.cemi_n}
