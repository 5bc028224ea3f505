"""Outages: which faults that darken meters were told, where, how late, and what was told that was none."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.scenario.truth import Fault

_SLACK_S = 600.0            # an event may be told this long after its fault has ended: short ones are found late
_KINDS = ("supply.lost", "comm.lost", "meter.silent")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageScore:
    """``faults``: those that darken meters. ``found``: with an event on at least one of them. ``exact``: one event with just these meters.

    ``false``: outages told (not silent meters) without any dark meter. ``median_delay_s``: from the fault to its first event, NaN if none.
    """

    faults: int
    found: int
    exact: int
    false: int
    outages: int
    median_delay_s: float


def score_outages(
    faults: Sequence[Fault], events: Sequence[Mapping[str, Any]], published_s: Callable[[Mapping[str, Any]], float]
) -> OutageScore:
    """``published_s`` gives the seconds since the scenario began at which an event was published."""
    darkening = [fault for fault in faults if fault.dark]
    told = [(published_s(event), event["data"]) for event in events if event["type"].endswith((".start", ".change"))]
    told = [(at_s, body) for at_s, body in told if body["kind"] in _KINDS]
    delays, exact = [], 0
    for fault in darkening:
        dark = set(fault.dark)
        in_time = [(at_s, set(body["meters"])) for at_s, body in told if fault.begin_s <= at_s <= fault.end_s + _SLACK_S]
        mine = [(at_s, meters) for at_s, meters in in_time if dark & meters]
        if mine:
            delays.append(min(at_s for at_s, _ in mine) - fault.begin_s)
            exact += any(meters == dark for _, meters in mine)
    outages = [(at_s, set(body["meters"])) for at_s, body in told if body["kind"] == "supply.lost"]
    false = sum(
        not any(fault.begin_s <= at_s <= fault.end_s + _SLACK_S and set(fault.dark) & meters for fault in darkening)
        for at_s, meters in outages
    )
    return OutageScore(
        faults=len(darkening), found=len(delays), exact=exact, false=false, outages=len(outages),
        median_delay_s=statistics.median(delays) if delays else float("nan"),
    )
