"""Customer-hours without supply of each event, of each area, of each cause: the parts of which the indices are the sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edge_agent.outage.indices import Interruption


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHours:
    """``customers``: who lost supply, each once; ``hours``: of sustained interruptions alone, as in the indices."""

    customers: int
    hours: float


def customer_hours_by(
    key: Callable[[Interruption], str], interruptions: Iterable[Interruption], *, momentary_max_s: float
) -> dict[str, CustomerHours]:
    """Of each group, in the order of their names."""
    groups: dict[str, list[Interruption]] = {}
    for one in interruptions:
        groups.setdefault(key(one), []).append(one)
    return {
        name: CustomerHours(
            customers=len({one.customer for one in group}),
            hours=sum(one.duration_s for one in group if one.duration_s > momentary_max_s) / 3600.0,
        )
        for name, group in sorted(groups.items())
    }
