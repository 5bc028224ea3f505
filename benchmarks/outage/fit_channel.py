"""Fits the evidence channel of ``hplc-edge score outage`` to the power-line path, and shows how well it fits. Not calibrated to silicon.

    python -m benchmarks.outage.fit_channel [--path-only] [--outages 60] [--trials 6] [--meters 273] [--cache DIR] [--write] [--json]

Every class of fault on formed networks of each style: with half of the outages the channel is fitted, with the other half compared.
How long the agent waits for an answer, or for the news that there is none, comes from trials of the whole path, as do reports of power
that is back.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model import EvidenceKind
from edge_agent.outage import OutageSettings
from simulator.cli.rows import Row, print_rows
from simulator.grid.areas import STYLES
from simulator.hplc.gasp import draw_hold_s
from simulator.hplc.gasp.faults import dark_meters
from simulator.hplc.gasp.trial import Outcome, run_outage
from simulator.hplc.gasp.windows import relay_window
from simulator.load.streams import Streams
from simulator.run.outage_hplc import Course, HplcSite, HplcTrial, Trial, reports
from simulator.run.outage_rig import RigJournal
from simulator.scenario.scenario_file import Scenario, scenario_of
from simulator.scoring.outage.channel import FIT, LOST, ChannelFit, ClassFit, PathOutage, draw_gasps
from simulator.scoring.outage.faults import OutageClass, draw_fault, draw_relays

FITTED = (
    OutageClass.METER, OutageClass.BOX, OutageClass.BOX_PHASE, OutageClass.BRANCH, OutageClass.BRANCH_PHASE, OutageClass.FEEDER,
    OutageClass.FEEDER_PHASE, OutageClass.TRANSFORMER_PHASE, OutageClass.AREA,
)
AREA_SEED = 1
BATCH_S = 1.0               # reports this close together are one: the coordinator sends them in several frames
QUANTILES = 41
KAPPAS = np.geomspace(0.2, 100.0, 28)
ASK_S, BACK_S, TRIAL_S = 5.0, 420.0, 1020.0          # asked before the first last gasp can come: by then the agent asks nobody
CHECKS = 20                 # draws of the channel for each outage that it is compared with
AT_ONCE = OutageSettings().asked_at_once
DEAD_ASKED = {OutageClass.METER: 1, OutageClass.BOX: AT_ONCE // 2, OutageClass.BRANCH: AT_ONCE - 2}      # of those asked at once
FEW = 3                     # dead meters in a box from which it counts whether all of them were silent
Real = npt.NDArray[np.float64]


def scenario(style: str, meters: int) -> Scenario:
    """An evening in an area of households."""
    return scenario_of(f"{style}-{meters}", {
        "description": "an evening in an area of households", "seed": AREA_SEED, "area": {"style": style, "meters": meters},
        "time": {"day": 100, "begin_hour": 18, "hours": 2, "step_s": 10.0, "poll_s": 60.0},
    })


def outage(site: HplcSite, fault_class: OutageClass, seed: int) -> tuple[Outcome, list[str]]:
    """One on the formed network, and the boxes of its dark meters."""
    area, module = site.scenario.area, site.module
    relays = draw_relays(area, Streams(AREA_SEED).named("fit/relays"))
    dark: list[int] = []
    chance = Streams(seed).named(f"fit/{fault_class}")
    while not dark:         # one conductor may feed nobody alone
        fault = draw_fault(area, fault_class, relays, chance)
        dark = (np.flatnonzero(dark_meters(area, fault.edits)) + 1).tolist()
    watch_s = relay_window(module).most_s + module.relay.tries * module.relay.retry_s + 20.0
    found = run_outage(
        site.formed, dark=dark, links=site.model.table(edits=fault.edits), hold_s=draw_hold_s(area, module.dying, seed=seed), seed=seed,
        watch_s=watch_s,
    )
    return found, [area.meters[node - 1].node for node in dark]


def fit_class(found: Sequence[tuple[Outcome, list[str]]]) -> ClassFit:
    """Share and batches of each outage as they were; concentration within boxes by maximum likelihood."""
    whole = sum(len(one.delays_s) for one, _ in found) / sum(len(boxes) for _, boxes in found)
    shares = [(len(one.delays_s) + 0.5 * whole) / (len(boxes) + 0.5) for one, boxes in found]      # one silent meter is no proof of 0
    counts = [
        (share, boxes.count(name), sum(box == name and node in one.delays_s for node, box in zip(one.dark, boxes, strict=True)))
        for share, (one, boxes) in zip(shares, found, strict=True) for name in set(boxes)
    ]
    kappa = max(KAPPAS.tolist(), key=lambda wanted: _likelihood(counts, wanted))
    return ClassFit(kappa=kappa, outages=tuple(
        PathOutage(share=share, batches=_batches(list(one.delays_s.values()))) for share, (one, _) in zip(shares, found, strict=True)
    ))


def _likelihood(counts: Sequence[tuple[float, int, int]], kappa: float) -> float:
    """Log-likelihood of beta-binomial counts: mean, dead meters of a box, those that were heard."""
    total = 0.0
    for mean, dead, heard in counts:
        a, b = min(max(mean, 1e-3), 1.0 - 1e-3) * kappa, (1.0 - min(max(mean, 1e-3), 1.0 - 1e-3)) * kappa
        total += math.lgamma(a + heard) + math.lgamma(b + dead - heard) - math.lgamma(kappa + dead)
        total += math.lgamma(kappa) - math.lgamma(a) - math.lgamma(b)
    return total


def _batches(delays_s: list[float]) -> tuple[tuple[float, float], ...]:
    groups: list[list[float]] = []
    for delay_s in sorted(delays_s):
        if groups and delay_s - groups[-1][0] <= BATCH_S:
            groups[-1].append(delay_s)
        else:
            groups.append([delay_s])
    return tuple((round(float(np.mean(group)), 2), round(len(group) / len(delays_s), 4)) for group in groups)


def compare(name: str, fit: ClassFit, held_out: Sequence[tuple[Outcome, list[str]]]) -> list[Row]:
    """The channel beside outages that it was not fitted with."""
    chance = Streams(AREA_SEED).named(f"fit/check/{name}")
    path_s = np.array([delay_s for one, _ in held_out for delay_s in one.delays_s.values()])
    dark = sum(len(boxes) for _, boxes in held_out)
    silent, drawn_s, drawn_silent, wide = 0, list[float](), 0.0, 0
    for one, boxes in held_out:
        names = np.array(boxes)
        large = [box for box in set(boxes) if boxes.count(box) >= FEW]
        wide += len(large)
        silent += sum(not any(node in one.delays_s for node, at in zip(one.dark, boxes, strict=True) if at == box) for box in large)
        for _ in range(CHECKS):
            delays_s = draw_gasps(fit, boxes, chance)
            drawn_s += delays_s[delays_s < LOST].tolist()
            drawn_silent += sum(bool((delays_s[names == box] == LOST).all()) for box in large) / CHECKS
    channel_s = np.array(drawn_s)
    rows = [
        _plain(f"{name}: delivery, path (held out)", len(path_s) / max(dark, 1), f"share of {dark}"),
        _plain(f"{name}: delivery, channel", len(channel_s) / max(dark * CHECKS, 1), "share"),
    ]
    if wide:
        rows += [_plain(f"{name}: boxes of {FEW} or more all silent, path", silent / wide, f"share of {wide}"),
                 _plain(f"{name}: boxes of {FEW} or more all silent, channel", drawn_silent / wide, "share")]
    if len(path_s) and len(channel_s):
        rows += [
            _plain(f"{name}: mean delay, path", float(path_s.mean()), "s"),
            _plain(f"{name}: mean delay, channel", float(channel_s.mean()), "s"),
            _plain(f"{name}: KS distance of delays", _distance(path_s, channel_s), "1"),
        ]
    return rows


def _distance(one: Real, other: Real) -> float:
    """Largest difference of the two distribution functions."""
    at = np.sort(np.concatenate([one, other]))
    below, other_below = (np.searchsorted(np.sort(values), at, "right") / len(values) for values in (one, other))
    return float(np.abs(below - other_below).max())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A trial in which these dead and living meters were asked at ASK_S."""

    trial: Trial
    dead: tuple[int, ...]
    living: tuple[int, ...]


def trials(site: HplcSite, fault_class: OutageClass, count: int) -> list[Asked]:
    """A place goes dark, some of it and living meters beside it are asked, supply comes back: on the whole path."""
    area, found = site.scenario.area, list[Asked]()
    with RigJournal() as journal:
        for seed in range(1, count + 1):
            chance, dark, wanted = Streams(seed).named(f"fit/trial/{fault_class}"), list[int](), DEAD_ASKED[fault_class]
            while len(dark) < wanted:
                fault = draw_fault(area, fault_class, (-1,) * len(area.meters), chance)
                dark = np.flatnonzero(dark_meters(area, fault.edits)).tolist()
            dead = tuple(chance.permutation(dark).tolist()[:wanted])
            living = tuple(index for index in chance.permutation(len(area.meters)).tolist() if index not in dark)[: AT_ONCE - wanted]
            course = Course(edits=fault.edits, watch_s=TRIAL_S, back_s=BACK_S, asks=((ASK_S, dead + living),))
            found.append(Asked(trial=HplcTrial(site, course, journal, seed=seed).run(), dead=dead, living=living))
            print(f"  whole path, {site.scenario.area.style}, {fault_class}: {seed} of {count}", file=sys.stderr)
    return found


def fit_path(found: Mapping[OutageClass, Sequence[Asked]]) -> dict[str, Any]:
    """Waiting for answers and failures by how many dead are asked at once, and reports of power that is back."""
    polls = []
    for fault_class, asked in found.items():
        failed = [wait_s for one in asked for wait_s in _waits(one.dead, _failures(one.trial), BACK_S)]
        answered = [wait_s for one in asked for wait_s in _waits(one.living, one.trial.answers, BACK_S)]
        polls.append({"dead": DEAD_ASKED[fault_class], "answered_s": _quantiles(answered), "failed_s": _quantiles(failed)})
    every = [one.trial for asked in found.values() for one in asked]
    back = [at_s - BACK_S for one in every for at_s in reports(one, EvidenceKind.POWER_BACK).values() if at_s > BACK_S]
    dark = sum(len(one.dark) for one in every)
    return {"polls": polls, "power_back": {"share": round(len(back) / max(dark, 1), 4), "delay_s": _quantiles(back)}}


def _failures(trial: Trial) -> list[tuple[float, int]]:
    return [(at_s, meter) for at_s, evidence in trial.evidence if evidence.kind is EvidenceKind.POLL_FAILED for meter in evidence.meters]


def _waits(asked: Sequence[int], known: Sequence[tuple[float, int]], until_s: float) -> list[float]:
    """From the wish to read each of these meters to the first that is known of it; the agent has asked nobody by then."""
    found = []
    for meter in asked:
        found += [at_s - ASK_S for at_s, one in known if one == meter and ASK_S < at_s < until_s][:1]
    return found


def _quantiles(values: Sequence[float]) -> list[float]:
    return [round(float(value), 2) for value in np.quantile(np.array(values), np.linspace(0.0, 1.0, QUANTILES))]


def _plain(name: str, figure: float, unit: str) -> Row:
    return Row(name=name, figure=figure, unit=unit, goal="-", ok=True)


def _command(arguments: argparse.Namespace) -> str:
    only = "--path-only" if arguments.path_only else f"--outages {arguments.outages}"
    return f"python -m benchmarks.outage.fit_channel {only} --trials {arguments.trials} --meters {arguments.meters} --write"


def _as_data(fits: dict[str, ClassFit], path: dict[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "made_by": _command(arguments),
        "label": "abstracted PHY, not calibrated against silicon",
        "classes": {
            name: {"kappa": round(fit.kappa, 4),
                   "outages": [{"share": round(one.share, 4), "batches": one.batches} for one in fit.outages]}
            for name, fit in fits.items()
        },
        **path,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--outages", type=int, default=60, help="of each class, over all styles")
    parser.add_argument("--path-only", action="store_true", help="fit only the waiting for polls and power back; last gasps as stored")
    parser.add_argument("--trials", type=int, default=6, help="of the whole path and each number of dead that are asked, over all styles")
    parser.add_argument("--meters", type=int, default=273)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hplc-edge-formed")
    parser.add_argument("--write", action="store_true", help="put the fit where 'hplc-edge score outage' reads it")
    arguments = parser.parse_args()
    sites = [HplcSite(scenario(style, arguments.meters), arguments.cache) for style in STYLES]
    fits: dict[str, ClassFit] = {}
    rows: list[Row] = []
    for fault_class in () if arguments.path_only else FITTED:
        found = []
        for seed in range(1, arguments.outages + 1):
            found.append(outage(sites[seed % len(sites)], fault_class, seed))
        half = len(found) // 2
        fits[fault_class] = fit_class(found[:half])
        rows += compare(fault_class, fits[fault_class], found[half:])
        print(f"  {fault_class}: {len(found)} outages", file=sys.stderr)
    each = max(1, arguments.trials // len(sites))
    path = fit_path({fault_class: [one for site in sites for one in trials(site, fault_class, each)] for fault_class in DEAD_ASKED})
    for fit in path["polls"]:
        for name in ("answered_s", "failed_s"):
            said = f"{fit['dead']} dead of {AT_ONCE} asked: a read until it has {name[:-2]}"
            rows += [_plain(f"{said}, median", fit[name][QUANTILES // 2], "s"), _plain(f"{said}, latest", fit[name][-1], "s")]
    rows.append(_plain("power back: reported", path["power_back"]["share"], "share"))
    rows.append(_plain("power back: report after, median", path["power_back"]["delay_s"][QUANTILES // 2], "s"))
    if arguments.write:
        stored = json.loads(FIT.read_text(encoding="utf-8")) if arguments.path_only else {}
        data = stored | path | {"path_made_by": _command(arguments)} if arguments.path_only else _as_data(fits, path, arguments)
        FIT.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        ChannelFit.read()
    return print_rows(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
