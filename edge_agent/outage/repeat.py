"""Who loses supply again and again: customers and places with several interruptions in two months, and their counts of a year.

Source: needs.md 1.15 (three in 60 days); counts as in ``indices``: each interruption of a customer is one, what is not longer than
``momentary_max_s`` is momentary.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edge_agent.outage.indices import Interruption

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatSettings:
    """``counts_momentary``: short ones count for the alert, too. ``node_share``: of its customers, makes a fault one of the place."""

    alert_days: float = 60.0
    alert_at: int = 3
    counts_momentary: bool = True
    year_days: float = 365.0
    momentary_max_s: float = 300.0
    node_share: float = 0.5

    def __post_init__(self) -> None:
        if self.alert_at < 1 or not 0 < self.alert_days <= self.year_days:
            raise ValueError("alert_at must be at least 1, and alert_days above 0 and not more than year_days")
        if self.momentary_max_s < 0 or not 0 < self.node_share <= 1:
            raise ValueError("momentary_max_s must not be negative, node_share above 0 and not above 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Of one customer (``node`` false) or of one place. ``recent``: within ``alert_days``."""

    name: str
    is_node: bool
    recent_sustained: int
    recent_momentary: int
    year_sustained: int
    year_momentary: int
    is_alert: bool


def repeats_of(
    interruptions: Iterable[Interruption], *, until_s: float, members: Mapping[str, Iterable[str]] | None = None,
    settings: RepeatSettings = RepeatSettings(),
) -> list[Repeats]:
    """Everybody who was interrupted in the year before ``until_s``, alerts first and those with most of them first.

    ``members``: place -> its customers. A place was interrupted by a fault that took at least ``node_share`` of them, and for long if as
    many were out for long. Interruptions count by their begin.
    """
    found = [one for one in interruptions if until_s - _DAY_S * settings.year_days <= one.begin_s < until_s]
    result = _counted(((one.customer, one) for one in found), until_s, settings, is_node=False)
    result += _counted(_of_nodes(found, members or {}, settings), until_s, settings, is_node=True)
    result.sort(key=lambda one: (-one.is_alert, -(one.recent_sustained + one.recent_momentary), -one.year_sustained, one.is_node, one.name))
    return result


def _counted(named: Iterable[tuple[str, Interruption]], until_s: float, settings: RepeatSettings, *, is_node: bool) -> list[Repeats]:
    counts: dict[str, Counter[tuple[bool, bool]]] = {}
    for name, one in named:
        is_recent = one.begin_s >= until_s - _DAY_S * settings.alert_days
        counts.setdefault(name, Counter())[is_recent, one.duration_s > settings.momentary_max_s] += 1
    result = []
    for name, count in counts.items():
        recent_sustained, recent_momentary = count[True, True], count[True, False]
        counted = recent_sustained + (recent_momentary if settings.counts_momentary else 0)
        result.append(Repeats(
            name=name, is_node=is_node, recent_sustained=recent_sustained, recent_momentary=recent_momentary,
            year_sustained=recent_sustained + count[False, True], year_momentary=recent_momentary + count[False, False],
            is_alert=counted >= settings.alert_at,
        ))
    return result


def _of_nodes(
    interruptions: list[Interruption], members: Mapping[str, Iterable[str]], settings: RepeatSettings
) -> Iterable[tuple[str, Interruption]]:
    """One for each place and fault: from the first customer out, as long as at least the share of them was out."""
    faults: dict[str, dict[str, list[Interruption]]] = {}
    for one in interruptions:
        faults.setdefault(one.event_id, {}).setdefault(one.customer, []).append(one)
    for node, names in members.items():
        customers = set(names)
        needed = max(1.0, settings.node_share * len(customers))
        for event_id, taken in faults.items():
            inside = [max(spells, key=lambda one: one.duration_s) for name, spells in taken.items() if name in customers]
            if customers and len(inside) >= needed:
                inside.sort(key=lambda one: -one.duration_s)
                shared_s = inside[math.ceil(needed) - 1].duration_s       # so long at least were as many out as it takes
                first_s = min(one.begin_s for one in inside)
                yield node, Interruption(customer=node, event_id=event_id, begin_s=first_s, duration_s=shared_s)
