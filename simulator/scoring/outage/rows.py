"""Tables of scored draws: shares with their 95 % intervals, goals of the outage sheet (section 8) where there are any."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from simulator.cli.rows import Row
from simulator.scoring.outage.course import CourseSettings
from simulator.scoring.outage.faults import COMM, NO_OUTAGE, OUTAGES, WHOLE, OutageClass
from simulator.scoring.outage.score import AT_ONCE_S, DrawSettings, Scored

_Z = 1.959964
_WINDOWS_A_QUARTER = 90 * 96          # quarters of an hour in 90 days
_RIVALS = {"B0": "any last gasp", "B1": "half of a subtree silent", "B2": "own supply only"}


def wilson(hits: int, cases: int) -> tuple[float, float]:
    """95 % interval of a share. Source: Wilson 1927."""
    if not cases:
        return 0.0, 1.0
    share, square = hits / cases, _Z * _Z
    middle = (share + square / (2 * cases)) / (1 + square / cases)
    half = _Z / (1 + square / cases) * math.sqrt(share * (1 - share) / cases + square / (4 * cases * cases))
    return max(0.0, middle - half), min(1.0, middle + half)


def share_row(name: str, hits: Iterable[bool], *, least: float | None = None, most: float | None = None) -> Row:
    """``least``, ``most``: the goal. Nothing to count misses no goal."""
    found = [bool(one) for one in hits]
    share = sum(found) / len(found) if found else float("nan")
    low, high = wilson(sum(found), len(found))
    goal = f">= {least:g}" if least is not None else f"<= {most:g}" if most is not None else "-"
    ok = not found or ((least is None or share >= least) and (most is None or share <= most))
    return Row(name=name, figure=share, unit=f"of {len(found)} [{low:.4f}, {high:.4f}]", goal=goal, ok=ok)


def quantile_row(name: str, values: Iterable[float | None], share: float, *, unit: str = "s", most: float | None = None) -> Row:
    """Of those that there are; none at all misses the goal."""
    found = [value for value in values if value is not None]
    figure = float(np.quantile(found, share)) if found else float("nan")
    return Row(
        name=name, figure=figure, unit=f"{unit} of {len(found)}", goal="-" if most is None else f"<= {most:g}",
        ok=most is None or (bool(found) and figure <= most),
    )


def rows_of(found: Sequence[Scored], settings: DrawSettings) -> list[Row]:
    rows = summary(found, settings)
    for fault_class in OutageClass:
        own = [one for one in found if one.fault_class is fault_class]
        if own:
            rows += class_rows(fault_class, own, settings.course) if fault_class in OUTAGES else quiet_rows(fault_class, own)
    return counted(rows)


def counted(rows: Iterable[Row]) -> list[Row]:
    """Without the rows that had nothing to count, but for those with a goal."""
    return [row for row in rows if row.goal != "-" or not math.isnan(row.figure)]


def summary(found: Sequence[Scored], settings: DrawSettings) -> list[Row]:
    """The figures that have goals."""
    delivery, course = settings.course.delivery, settings.course
    recall = None if delivery is None else 0.995 if delivery >= 0.9 else 0.96 if delivery >= 0.7 else None
    exact = 0.98 if course.sweep else 0.90 if course.most_polls is not None and (delivery or 0.0) >= 0.8 else None
    outages = [one for one in found if one.fault_class in OUTAGES]
    whole = [one for one in outages if one.fault_class in WHOLE]
    single = [one for one in outages if one.fault_class is OutageClass.METER]
    comm = [one for one in found if one.fault_class in COMM]
    nothing = [one for one in found if one.fault_class is OutageClass.NOTHING]
    firm = [is_true for one in found for is_true in [True] * one.verdict.true_firm + [False] * one.verdict.false_firm]
    declared = [one for one in outages if told_by(one.verdict.firm_s, course.watch_s)]
    rows = [
        share_row("whole box and larger: recall, firm at once", (told_by(one.verdict.firm_s) for one in whole), least=recall),
        share_row("all classes: precision of firm outages", firm, least=0.99),
        share_row("all classes: exact set, given firm", (one.verdict.exact for one in declared), least=exact),
        share_row("single meter: recall, firm while it is out", (told_by(one.verdict.firm_s, course.watch_s) for one in single),
                  least=None if delivery is None else max(0.0, delivery - 0.02)),
        share_row("single meter: recall, firm at once", (told_by(one.verdict.firm_s) for one in single)),
        share_row("single meter: recall in the end", (one.verdict.found_late for one in single), least=0.99),
        share_row("communication failures told as outage", (one.verdict.outage_events > 0 for one in comm), most=0.005),
    ]
    if nothing:
        # only windows with a false last gasp were drawn: of all windows this share has one
        drawn = 1.0 - (1.0 - course.false_gasps) ** settings.meters
        false = sum(one.verdict.false_firm for one in nothing) / len(nothing) * drawn * _WINDOWS_A_QUARTER
        rows.append(Row(name="nothing wrong: false firm outages per area and 90 days", figure=false,
                        unit=f"of {len(nothing)} windows", goal="<= 1", ok=false <= 1.0))
    rows += [
        quantile_row("all outages: fault to first message, p50", (one.verdict.suspected_s for one in outages), 0.5),
        quantile_row("all outages: fault to first message, p95", (one.verdict.suspected_s for one in outages), 0.95),
        share_row("all outages: told before the first call (B3)", (_before(one) for one in outages), least=0.95),
        quantile_row("restoration told after supply is back, p95", (one.verdict.restored_s for one in outages), 0.95, most=720.0),
        share_row("nested outages found", (one.verdict.nested for one in outages if one.fault_class is OutageClass.NESTED), least=1.0),
        quantile_row("messages of one outage, p95", (float(one.verdict.messages) for one in outages), 0.95, unit="messages", most=20.0),
        quantile_row("polls wanted for one outage, p50", (float(one.polls) for one in outages), 0.5, unit="polls"),
    ]
    for key, name in _RIVALS.items():
        rows += [
            share_row(f"{key} {name}: recall at once, whole box and larger", (one.rivals[key].told for one in whole)),
            share_row(f"{key} {name}: exact set, all outages", (one.rivals[key].exact for one in outages)),
            share_row(f"{key} {name}: false, communication failures", (one.rivals[key].is_false for one in comm)),
            share_row(f"{key} {name}: false, windows with a false last gasp", (one.rivals[key].is_false for one in nothing)),
        ]
    return rows


def class_rows(fault_class: OutageClass, own: Sequence[Scored], course: CourseSettings) -> list[Row]:
    firm = [one for one in own if told_by(one.verdict.firm_s, course.watch_s)]
    return [
        share_row(f"{fault_class}: told at once", (told_by(one.verdict.suspected_s) for one in own)),
        share_row(f"{fault_class}: firm at once", (told_by(one.verdict.firm_s) for one in own)),
        share_row(f"{fault_class}: told in the end", (one.verdict.found_late for one in own)),
        share_row(f"{fault_class}: exact set, given firm", (one.verdict.exact for one in firm)),
        share_row(f"{fault_class}: one event", (one.verdict.outage_events == 1 for one in own if one.verdict.outage_events)),
        quantile_row(f"{fault_class}: suspected, p95", (one.verdict.suspected_s for one in own), 0.95),
        quantile_row(f"{fault_class}: firm, p95", (one.verdict.firm_s for one in own), 0.95),
        quantile_row(f"{fault_class}: localised, p95", (one.verdict.localised_s for one in own), 0.95),
        share_row(f"{fault_class}: B0 told", (one.rivals["B0"].told for one in own)),
        share_row(f"{fault_class}: B1 told", (one.rivals["B1"].told for one in own)),
        share_row(f"{fault_class}: B2 told", (one.rivals["B2"].told for one in own)),
    ]


def quiet_rows(fault_class: OutageClass, own: Sequence[Scored]) -> list[Row]:
    """Of what is no outage."""
    return [
        share_row(f"{fault_class}: told as outage", (one.verdict.outage_events > 0 for one in own)),
        share_row(f"{fault_class}: told as firm outage", (one.verdict.false_firm > 0 for one in own)),
    ]


def curve_rows(delivery: float, found: Sequence[Scored], course: CourseSettings) -> list[Row]:
    """One delivery of a curve. A single meter counts while it is out: what comes later is from its own memory (outage.md 8)."""
    rows = []
    for name, classes in (("whole box and larger", WHOLE), ("single meter", (OutageClass.METER,)), ("every outage", OUTAGES)):
        own = [one for one in found if one.fault_class in classes]
        declared = [one for one in own if told_by(one.verdict.firm_s, course.watch_s)]
        least = (0.995 if delivery >= 0.9 else 0.96 if delivery >= 0.7 else None) if name == "whole box and larger" else None
        if name == "single meter":
            rows.append(share_row(
                f"delivery {delivery:g}: {name}, firm while it is out", (told_by(one.verdict.firm_s, course.watch_s) for one in own),
                least=max(0.0, delivery - 0.02),
            ))
        rows += [
            share_row(f"delivery {delivery:g}: {name}, firm at once", (told_by(one.verdict.firm_s) for one in own), least=least),
            share_row(f"delivery {delivery:g}: {name}, told in the end", (one.verdict.found_late for one in own)),
            share_row(f"delivery {delivery:g}: {name}, exact given firm", (one.verdict.exact for one in declared)),
            share_row(f"delivery {delivery:g}: {name}, B0 told", (one.rivals["B0"].told for one in own)),
            share_row(f"delivery {delivery:g}: {name}, B1 told", (one.rivals["B1"].told for one in own)),
        ]
    firm = [is_true for one in found for is_true in [True] * one.verdict.true_firm + [False] * one.verdict.false_firm]
    quiet = [one for one in found if one.fault_class in NO_OUTAGE]
    return [
        *rows, share_row(f"delivery {delivery:g}: precision of firm outages", firm, least=0.99),
        share_row(f"delivery {delivery:g}: no outage, told as firm outage", (one.verdict.false_firm > 0 for one in quiet)),
    ]


def told_by(at_s: float | None, until_s: float = AT_ONCE_S) -> bool:
    """What was never told was not told by then."""
    return at_s is not None and at_s <= until_s


def _before(one: Scored) -> bool:
    return one.verdict.suspected_s is not None and one.verdict.suspected_s < one.call_s
