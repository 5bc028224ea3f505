"""From the fault to the broker through the whole simulated path: meters, modules, power-line network, coordinator, UART, agent, sender.

    python -m benchmarks.outage.full_path [--draws 200] [--meters 273] [--style urban_cable] [--seed 1] [--cache DIR] [--json]
        [--without-modbus] [--without-storm]

Virtual time, faster than real time; the network is formed once and kept in DIR. One draw in ten goes on until supply is back, one in
twenty with a box that stays dark. Then an area of polled meters that are read once a second, and a storm: an area of 1000 meters over the
fitted channel. Abstracted PHY, not calibrated against silicon.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.model import EvidenceKind
from simulator.cli.rows import Row, print_rows
from simulator.grid.areas import STYLES
from simulator.load.streams import Streams
from simulator.run.closed_loop import run_closed_loop
from simulator.run.outage_hplc import Course, HplcSite, HplcTrial, Trial, reports
from simulator.run.outage_rig import RigJournal, shifted_draws
from simulator.scenario.scenario_file import Scenario
from simulator.scenario.timeline import Change, Timeline
from simulator.scenario.truth import truth_of
from simulator.scenario.world import World
from simulator.scoring.outage.baselines import first_call_s
from simulator.scoring.outage.course import CourseSettings
from simulator.scoring.outage.faults import Fault, OutageClass, draw_fault, draw_relays
from simulator.scoring.outage.rows import counted, quantile_row, share_row, told_by
from simulator.scoring.outage.score import DrawSettings, area_of, score_draws
from simulator.scoring.outage.told import Verdict, told_at, verdict_of

CLASSES = (
    OutageClass.METER, OutageClass.BOX, OutageClass.BOX_PHASE, OutageClass.BRANCH, OutageClass.BRANCH_PHASE, OutageClass.FEEDER,
    OutageClass.TRANSFORMER_PHASE, OutageClass.AREA,
)
WATCH_S, BACK_S, AFTER_S = 330.0, 300.0, 900.0
RESTORED_EVERY, NESTED_EVERY = 10, 20
MODBUS_DRAWS, MODBUS_BEFORE_S, MODBUS_WATCH_S = 24, 60, 40
STORM_METERS, STORM_DRAWS = 1000, 3
OWN_GOAL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One draw."""

    fault: Fault
    verdict: Verdict
    trial: Trial
    is_restored: bool
    cpu_s: float
    call_s: float


def run_draws(site: HplcSite, draws: int, seed: int) -> list[Done]:
    """Classes in turn; a class that darkens nobody in its place is drawn again."""
    area, streams = site.scenario.area, Streams(seed)
    relays = draw_relays(area, streams.named("full_path/relays"))
    calls, found = streams.named("full_path/calls"), list[Done]()
    with RigJournal() as journal:
        for number in range(draws):
            is_restored, is_nested = number % RESTORED_EVERY == 0, number % NESTED_EVERY == 0
            fault_class = OutageClass.NESTED if is_nested else CLASSES[number % len(CLASSES)]
            chance, trial, call_s = streams.named(f"full_path/{number}"), None, first_call_s(calls)
            began_s = time.process_time()
            while trial is None or not trial.dark:
                fault = draw_fault(area, fault_class, relays, chance)
                course = Course(
                    edits=fault.edits, edits_left=fault.edits_left, back_s=BACK_S if is_restored else float("inf"),
                    watch_s=BACK_S + AFTER_S if is_restored else WATCH_S,
                )
                trial = HplcTrial(site, course, journal, seed=seed * 10_007 + number).run()
            verdict = _verdict(site, trial, BACK_S if is_restored else WATCH_S)
            # a later round of reads may find it before the call
            if verdict.suspected_s is None and not is_restored and call_s > WATCH_S:
                course = Course(edits=fault.edits, watch_s=call_s)
                trial = HplcTrial(site, course, journal, seed=seed * 10_007 + number).run()
                verdict = _verdict(site, trial, call_s)
            found.append(Done(
                fault=fault, verdict=verdict, trial=trial, is_restored=is_restored, cpu_s=time.process_time() - began_s, call_s=call_s,
            ))
            _say(f"whole path {number + 1} of {draws}: {fault_class} {fault.place or 'area'}, suspected {verdict.suspected_s}, "
                 f"firm {verdict.firm_s}, {found[-1].cpu_s:.1f} s of CPU")
    return found


def _verdict(site: HplcSite, trial: Trial, back_s: float) -> Verdict:
    return verdict_of(told_at(trial.events, site.archive), frozenset(trial.dark), frozenset(trial.dark_left), back_s=back_s)


def path_rows(found: Sequence[Done]) -> list[Row]:
    """Times of all draws, and of each class."""
    each = [one.verdict for one in found]
    whole = [one.verdict for one in found if one.fault.fault_class is not OutageClass.METER]
    gasped = [one for one in found if reports(one.trial, EvidenceKind.LAST_GASP) or one.fault.place == ""]
    own_s = [seconds for one in found for seconds in one.trial.own_s]
    rows = [
        quantile_row("fault to MQTT: suspected, p50", (one.suspected_s for one in each), 0.5, most=60.0),
        # what is never told is late: a percentile of the told alone would not count it
        share_row("fault to MQTT: suspected within 120 s", (told_by(one.suspected_s, 120.0) for one in each), least=0.95),
        share_row("fault to MQTT: confirmed within 240 s", (told_by(one.firm_s, 240.0) for one in each), least=0.95),
        share_row("fault to MQTT: localised within 240 s", (told_by(one.localised_s, 240.0) for one in each), least=0.95),
        share_row("the same, whole box and larger: suspected within 120 s", (told_by(one.suspected_s, 120.0) for one in whole)),
        share_row("the same, whole box and larger: localised within 240 s", (told_by(one.localised_s, 240.0) for one in whole)),
        quantile_row("of those told: suspected, p95", (one.suspected_s for one in each), 0.95),
        quantile_row("of those told: localised, p95", (one.localised_s for one in each), 0.95),
        share_row(f"outages told within {WATCH_S:.0f} s", (told_by(one.suspected_s, WATCH_S) for one in each)),
        share_row("outages told of which anything reached the agent by itself", (one.verdict.suspected_s is not None for one in gasped)),
        share_row("outages confirmed", (one.firm_s is not None for one in each)),
        share_row("outages localised", (one.localised_s is not None for one in each)),
        share_row("exact set, given confirmed", (one.exact for one in each if one.firm_s is not None)),
        share_row("told before the first call", (one.verdict.suspected_s is not None and one.verdict.suspected_s < one.call_s
                                                 for one in found), least=0.95),
        quantile_row("restoration told after supply is back, p95", (one.verdict.restored_s for one in found if one.is_restored), 0.95,
                     most=720.0),
        share_row("restorations told", (one.verdict.restored_s is not None for one in found if one.is_restored)),
        share_row("nested outages found", (one.verdict.nested for one in found if len(one.trial.dark_left) >= 2), least=1.0),
        quantile_row("messages of one outage, p95", (float(one.messages) for one in each), 0.95, unit="messages", most=20.0),
        quantile_row("CPU of one look that tells something, with the sender, p99", own_s, 0.99, most=OWN_GOAL_S),
        quantile_row("cost of one draw, p50", (one.cpu_s for one in found), 0.5, unit="s of CPU"),
    ]
    for fault_class in (*CLASSES, OutageClass.NESTED):
        own = [one.verdict for one in found if one.fault.fault_class is fault_class]
        if own:
            rows += [
                share_row(f"{fault_class}: told", (one.suspected_s is not None for one in own)),
                quantile_row(f"{fault_class}: suspected, p50", (one.suspected_s for one in own), 0.5),
                quantile_row(f"{fault_class}: suspected, p95", (one.suspected_s for one in own), 0.95),
                quantile_row(f"{fault_class}: confirmed, p95", (one.firm_s for one in own), 0.95),
                quantile_row(f"{fault_class}: localised, p95", (one.localised_s for one in own), 0.95),
                share_row(f"{fault_class}: exact set, given confirmed", (one.exact for one in own if one.firm_s is not None)),
            ]
    return counted(rows)


def modbus_rows(scenario: Scenario, seed: int) -> list[Row]:
    """Every meter read once a second on wires that always work; a poll without answer is known at once (a reader waits up to 1 s)."""
    area, streams, found = scenario.area, Streams(seed), list[Verdict]()
    for number in range(MODBUS_DRAWS):
        dark: tuple[str, ...] = ()
        chance = streams.named(f"full_path/modbus/{number}")
        while not dark:
            fault = draw_fault(area, CLASSES[number % len(CLASSES)], (-1,) * len(area.meters), chance)
            change = Change(id="fault", fault_class=fault.fault_class, place=fault.place, at_s=float(MODBUS_BEFORE_S), edits=fault.edits)
            world = World(area, shifted_draws(scenario), Timeline((change,)), step_s=1.0)
            dark = truth_of(world)[0].dark
        result = run_closed_loop(world, duration_s=float(MODBUS_BEFORE_S + MODBUS_WATCH_S), poll_s=1.0)
        known = {meter.id: meter.index for meter in result.archive.meters}
        told = told_at([(result.published_s(event) - MODBUS_BEFORE_S, event) for event in result.events], result.archive)
        found.append(verdict_of(told, frozenset(known[name] for name in dark), frozenset(), back_s=float(MODBUS_WATCH_S)))
        _say(f"polled at 1 s {number + 1} of {MODBUS_DRAWS}: {fault.fault_class} {fault.place or 'area'}, firm {found[-1].firm_s}")
    return [
        quantile_row("polled at 1 s: fault to suspected, p95", (one.suspected_s for one in found), 0.95),
        quantile_row("polled at 1 s: fault to confirmed, p95", (one.firm_s for one in found), 0.95, most=10.0),
        share_row("polled at 1 s: outages confirmed", (one.firm_s is not None for one in found)),
        share_row("polled at 1 s: exact set, given confirmed", (one.exact for one in found if one.firm_s is not None)),
    ]


def storm_rows(style: str, seed: int) -> list[Row]:
    """Every meter of a large area dies: one event, few messages."""
    settings = DrawSettings(
        meters=STORM_METERS, style=style, seed=seed, draws=STORM_DRAWS, classes=(OutageClass.AREA,), course=CourseSettings(delivery=0.95),
    )
    found = score_draws(area_of(settings), settings)
    events = max(one.verdict.outage_events for one in found)
    messages = max(one.verdict.messages for one in found)
    unit = f"most of {len(found)}"
    return [
        Row(name=f"storm of {STORM_METERS} meters: root events", figure=events, unit=unit, goal="1", ok=events == 1),
        Row(name=f"storm of {STORM_METERS} meters: messages", figure=messages, unit=unit, goal="<= 20", ok=messages <= 20),
    ]


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--meters", type=int, default=273)
    parser.add_argument("--style", choices=sorted(STYLES), default="urban_cable")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hplc-edge-formed")
    parser.add_argument("--without-modbus", action="store_true")
    parser.add_argument("--without-storm", action="store_true")
    arguments = parser.parse_args()
    logging.getLogger("hplc_edge").setLevel(logging.ERROR)      # each dark meter is put into quarantine: no news here
    scenario = area_of(DrawSettings(meters=arguments.meters, style=arguments.style, seed=arguments.seed))
    parts: list[Callable[[], list[Row]]] = [
        lambda: path_rows(run_draws(HplcSite(scenario, arguments.cache), arguments.draws, arguments.seed)),
    ]
    if not arguments.without_modbus:
        parts.append(lambda: modbus_rows(scenario, arguments.seed))
    if not arguments.without_storm:
        parts.append(lambda: storm_rows(arguments.style, arguments.seed))
    rows: list[Row] = []
    for part in parts:
        rows += part()
    return print_rows(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
