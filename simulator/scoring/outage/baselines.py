"""What simpler rules make of the same evidence: B0 any last gasp, B1 half of a subtree silent, B2 own supply only, B3 customers' calls."""

from __future__ import annotations

import math

import numpy as np

from edge_agent.model import Archive, EvidenceKind, Role
from edge_agent.model.archive import node_and_parents
from simulator.scoring.outage.course import Played

_OUT_V = 0.6 * 220.0           # DL/T 698.45 object 3106
_FEWEST_SILENT = 2
CALL_MEDIAN_S = 600.0          # needs.md 1.1
CALL_SIGMA = 0.8               # of its logarithm; ours: nine of ten first calls come after 3 to 37 minutes


def any_gasp(played: Played, until_s: float) -> frozenset[int]:
    """B0: whoever was heard of is out."""
    found = {meter for at_s, one in played.evidence if at_s <= until_s and one.kind is EvidenceKind.LAST_GASP for meter in one.meters}
    return frozenset(found)


def half_silent(played: Played, archive: Archive, until_s: float) -> frozenset[int]:
    """B1: below the highest node of whose meters half are silent (a last gasp, or a poll without answer and none answered since)."""
    silent: dict[int, float] = {}
    for at_s, one in played.evidence:
        if at_s <= until_s and one.kind in (EvidenceKind.LAST_GASP, EvidenceKind.POLL_FAILED):
            silent.update(dict.fromkeys(one.meters, at_s))
    for at_s, meter in played.answers:
        if at_s <= until_s and silent.get(meter, math.inf) < at_s:
            del silent[meter]
    members: dict[str, list[int]] = {"": []}
    for entry in archive.meters:
        if entry.role is Role.CUSTOMER:
            for node in ("", *node_and_parents(entry.node)):
                members.setdefault(node, []).append(entry.index)
    for node in sorted(members, key=lambda name: (name.count("/") + bool(name), name)):
        count = sum(meter in silent for meter in members[node])
        if count >= _FEWEST_SILENT and 2 * count >= len(members[node]):
            return frozenset(members[node])
    return frozenset()


def own_supply(played: Played, archive: Archive, until_s: float) -> frozenset[int]:
    """B2: the concentrator's phases that are out, and whoever hangs on them alone."""
    out: set[str] = set()
    for at_s, volts in played.mains:
        if at_s <= until_s:
            out = {phase for phase, size_v in zip("abc", volts, strict=True) if size_v < _OUT_V}
    return frozenset(
        meter.index for meter in archive.meters if out and meter.role is Role.CUSTOMER and set(meter.grid_phases or "abc") <= out
    )


def first_call_s(chance: np.random.Generator) -> float:
    """B3: when the first customer calls, in seconds after the fault."""
    return float(chance.lognormal(math.log(CALL_MEDIAN_S), CALL_SIGMA))
