"""Last gasps over simulated wires: who is heard of and how late, by class of outage. Abstracted PHY, not calibrated against silicon.

    python -m benchmarks.simulator.last_gasp [--json] [--seeds 200] [--meters 100] [--module family-a] [--cache DIR]

One area of each style; each seed is another outage, with its own places, capacitors and chances on the air. Who is dark follows from the
solved grid, links from the channel after the same edit; the concentrator has a backup supply. Networks that have formed are kept in DIR.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from firmware_profiles.modules import MODULES, ModuleProfile, load_module
from simulator.cli.rows import Row, print_rows
from simulator.grid.areas import STYLES, Area, make_area
from simulator.hplc.gasp import FaultClass, dark_meters, draw_fault, draw_hold_s
from simulator.hplc.gasp.transmit import raised
from simulator.hplc.gasp.trial import Formed, Outcome, Way, form, run_outage
from simulator.hplc.gasp.windows import Window, direct_window, relay_window
from simulator.hplc.link_model import LinkModel
from simulator.load.streams import Streams

AREA_SEED = 1
FIRST_MAC = 100_000_000_000
CHUNK = 10                  # outages a process does before it reports
FEW = 4                     # of the seeds, this part for rows that compare
MEDIUM_S = 5.0              # waiting for the medium: the beacons of a period and contention, on top of timers
CHANGED = 1.0 / 3.0         # of the gathering of relays, or of the CCO, in a copied module file
CUT_GOAL = 0.02             # what a box or branch without any conductor left may still deliver
CUTTABLE = (FaultClass.METER, FaultClass.BOX, FaultClass.BRANCH, FaultClass.PHASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Some outages of one class in one area. ``is_relay_removed``: whoever hears the dead ones is taken away before, but for the CCO."""

    style: str
    meters: int
    module_file: Path
    cache_directory: Path
    fault_class: FaultClass
    seeds: tuple[int, ...]
    how: str = "contact"
    is_relay_removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    area: Area
    model: LinkModel
    formed: Formed


@cache
def site(style: str, meters: int, module_file: Path, cache_directory: Path) -> Site:
    area = make_area(style, meters, seed=AREA_SEED)
    model = LinkModel(area, seed=AREA_SEED)
    phases = [0, *("abc".index(meter.phases) + 1 if len(meter.phases) == 1 else 0 for meter in area.meters)]
    formed = form(
        model.table(), load_module(module_file), macs=FIRST_MAC + np.arange(meters + 1), phases=np.array(phases, np.int8), seed=AREA_SEED,
        directory=cache_directory,
    )
    return Site(area=area, model=model, formed=formed)


def outages(job: Job) -> list[Outcome]:
    at = site(job.style, job.meters, job.module_file, job.cache_directory)
    module = at.formed.module
    return [_outage(job, at, module, seed) for seed in job.seeds]


def _outage(job: Job, at: Site, module: ModuleProfile, seed: int) -> Outcome:
    edits = draw_fault(at.area, job.fault_class, Streams(seed).named(f"last_gasp/{job.fault_class}"), how=job.how)
    dark = (np.flatnonzero(dark_meters(at.area, edits)) + 1).tolist()
    links = at.model.table(edits=edits)
    loud = raised(links, dark, module.dying.transmit_gain_db)
    hearers = set(np.flatnonzero(loud.hears[dark].any(axis=0)).tolist()) - {0, *dark}
    watch_s = relay_window(module).most_s + module.relay.tries * module.relay.retry_s + 20.0
    return run_outage(
        at.formed, dark=dark, links=links, hold_s=draw_hold_s(at.area, module.dying, seed=seed), seed=seed, watch_s=watch_s,
        without=sorted(hearers) if job.is_relay_removed else (),
    )


class Study:
    """All outages of a class over all styles, on every processor."""

    def __init__(self, pool: ProcessPoolExecutor, meters: int, cache_directory: Path) -> None:
        self._pool, self._meters, self._cache_directory = pool, meters, cache_directory

    def of(
        self, fault_class: FaultClass, module_file: Path, seeds: int, *, how: str = "contact", is_relay_removed: bool = False,
    ) -> list[Outcome]:
        jobs = [
            Job(style=style, meters=self._meters, module_file=module_file, cache_directory=self._cache_directory, fault_class=fault_class,
                seeds=tuple(chunk), how=how, is_relay_removed=is_relay_removed)
            for number, style in enumerate(STYLES)
            for chunk in _chunks(range(number + 1, seeds + 1, len(STYLES)))
        ]
        found: list[Outcome] = []
        for done in self._pool.map(outages, jobs):
            found += done
            print(f"  {fault_class} ({how}{', relays removed' if is_relay_removed else ''}): {len(found)} of {seeds}", file=sys.stderr)
        return found


def _chunks(seeds: Sequence[int]) -> list[Sequence[int]]:
    return [seeds[at:at + CHUNK] for at in range(0, len(seeds), CHUNK)]


def delivery(outcomes: list[Outcome]) -> float:
    """Share of the dark meters that were reported, all outages together."""
    return sum(len(one.delays_s) for one in outcomes) / max(sum(len(one.dark) for one in outcomes), 1)


def delays(outcomes: list[Outcome], way: Way | None = None) -> npt.NDArray[np.float64]:
    return np.array([
        delay_s for one in outcomes for node, delay_s in one.delays_s.items() if way is None or one.heard[node] is way
    ])


def of_class(fault_class: FaultClass, outcomes: list[Outcome]) -> list[Row]:
    delays_s = delays(outcomes)
    rows = [
        _plain(f"{fault_class}: meters reported", delivery(outcomes), f"share of {sum(len(one.dark) for one in outcomes)}"),
        _plain(f"{fault_class}: outages heard of at all", sum(bool(one.delays_s) for one in outcomes) / len(outcomes), "share"),
    ]
    if len(delays_s):
        for share in (0.05, 0.5, 0.95):
            rows.append(_plain(f"{fault_class}: fault to report, {share:.0%}", float(np.quantile(delays_s, share)), "s"))
        rows.append(_plain(f"{fault_class}: heard by the CCO itself", len(delays(outcomes, Way.DIRECT)) / len(delays_s), "share"))
    return rows


def of_way(name: str, delays_s: npt.NDArray[np.float64], window: Window) -> list[Row]:
    """Delays on one way against what the timers imply."""
    if not len(delays_s):
        return [Row(name=f"{name}: none", figure=0, unit="meters", goal=">= 1", ok=False)]
    inside = float(np.mean([delay_s in window for delay_s in delays_s]))
    least_s, most_s = float(delays_s.min()), float(delays_s.max())
    return [
        Row(name=f"{name}: in {window.least_s:g} to {window.most_s:g} s", figure=inside, unit=f"share of {len(delays_s)}", goal=">= 0.95",
            ok=inside >= 0.95),
        Row(name=f"{name}: earliest", figure=least_s, unit="s", goal=f">= {window.least_s:g}", ok=least_s >= window.least_s),
        Row(name=f"{name}: latest", figure=most_s, unit="s", goal=f"<= {window.most_s:g} + {MEDIUM_S:g}",
            ok=most_s <= window.most_s + MEDIUM_S),
    ]


def copied(module_file: Path, table: str, gather_s: float, directory: Path) -> Path:
    """The module file with another gathering time in one of its tables."""
    head, begin, rest = module_file.read_text(encoding="utf-8").partition(f"[{table}]\n")
    file = directory / f"{table}.toml"
    file.write_text(f"{head}{begin}gather_s = {gather_s}\n" + rest.partition("\n")[2], encoding="utf-8")
    return file


def changed_timers(study: Study, module_file: Path, found: dict[FaultClass, list[Outcome]], few: int, directory: Path) -> list[Row]:
    """Relays or the CCO gather for another time: each way moves by what it has of it."""
    module = load_module(module_file)
    relay_s, cco_s = (gather_s * CHANGED for gather_s in (module.relay.gather_s, module.coordinator.gather_s))
    relay_file, cco_file = copied(module_file, "relay", relay_s, directory), copied(module_file, "coordinator", cco_s, directory)
    relays, cco = f"relays gather {relay_s:.3g} s instead of {module.relay.gather_s:g}", f"the CCO gathers {cco_s:.3g} s"
    by_relay_s, by_cco_s = relay_s - module.relay.gather_s, cco_s - module.coordinator.gather_s
    return [
        _moved(study, f"{relays}: single meters over one relay, median", FaultClass.METER, Way.RELAYED, found, relay_file, few, by_relay_s),
        _moved(study, f"{relays}: boxes heard by the CCO itself, median", FaultClass.BOX, Way.DIRECT, found, relay_file, few, 0.0),
        _moved(study, f"{cco} instead of {module.coordinator.gather_s:g}: boxes heard by itself, median", FaultClass.BOX, Way.DIRECT, found,
               cco_file, few, by_cco_s),
    ]


def _moved(
    study: Study, name: str, fault_class: FaultClass, way: Way, found: dict[FaultClass, list[Outcome]], module_file: Path, few: int,
    by_s: float,
) -> Row:
    """The same outages with another module file."""
    before = delays([one for one in found[fault_class] if one.seed <= few], way)
    after = delays(study.of(fault_class, module_file, few), way)
    if not len(before) or not len(after):
        return Row(name=f"{name} moves (nobody was heard so)", figure=0.0, unit="s", goal="", ok=True)
    moved_s = float(np.median(after) - np.median(before))
    return Row(name=f"{name} moves", figure=moved_s, unit="s", goal=f"{by_s:+.3g} within 2", ok=abs(moved_s - by_s) <= 2.0)


def relay_removed(study: Study, module_file: Path, single: list[Outcome], few: int) -> list[Row]:
    """What the CCO hears itself, late and by luck, may be left; the way over relays may not."""
    after = {one.seed: one for one in study.of(FaultClass.METER, module_file, few, is_relay_removed=True)}
    relayed = [one.seed for one in single if one.seed <= few and Way.RELAYED in one.heard.values()]
    left = sum(Way.RELAYED in after[seed].heard.values() for seed in relayed)
    name = f"relays removed: of {len(relayed)} single meters heard over one"
    return [
        Row(name=f"{name}, still heard over one", figure=left, unit="meters", goal="0", ok=left == 0),
        _plain(f"{name}, now heard by the CCO itself", sum(Way.DIRECT in after[seed].heard.values() for seed in relayed), "meters"),
    ]


def broken(fault_class: FaultClass, whole: list[Outcome], cut: list[Outcome]) -> Row:
    """Where all conductors are gone nothing gets through; one broken phase is carried on by coupling to the others, so it has no goal."""
    share, before = delivery(cut), delivery([one for one in whole if one.seed <= len(cut)])
    name = f"{fault_class}: broken instead of opened (the same outages opened: {before:.3f}), meters reported"
    if fault_class is FaultClass.PHASE:
        return _plain(name, share, "share")
    return Row(name=name, figure=share, unit="share", goal=f"<= {CUT_GOAL:g}", ok=share <= CUT_GOAL)


def _plain(name: str, figure: float, unit: str) -> Row:
    return Row(name=name, figure=figure, unit=unit, goal="", ok=True)


def all_rows(study: Study, module_file: Path, seeds: int, directory: Path) -> list[Row]:
    module, few = load_module(module_file), max(seeds // FEW, len(STYLES))
    rows: list[Row] = []
    found: dict[FaultClass, list[Outcome]] = {}
    for fault_class in FaultClass:
        found[fault_class] = study.of(fault_class, module_file, seeds)
        rows += of_class(fault_class, found[fault_class])
    single = found[FaultClass.METER]
    below_transformer = [one for fault_class in CUTTABLE for one in found[fault_class]]
    rows += of_way("heard by the CCO itself, but for area outages", delays(below_transformer, Way.DIRECT), direct_window(module))
    rows += of_way("single meters over one relay", delays(single, Way.RELAYED), relay_window(module))
    rows += changed_timers(study, module_file, found, few, directory)
    rows += relay_removed(study, module_file, single, few)
    rows += [broken(one, found[one], study.of(one, module_file, few, how="cut")) for one in CUTTABLE]
    every = [one for outcomes in found.values() for one in outcomes]
    twice, false = sum(one.given_twice for one in every), sum(one.false for one in every)
    absorbed = sum(one.absorbed for one in every) / max(sum(len(one.delays_s) for one in every), 1)
    return [
        *rows,
        _plain("doubled reports absorbed, of each meter", absorbed, "reports"),
        Row(name="meters given twice within the CCO's memory", figure=twice, unit="meters", goal="0", ok=twice == 0),
        Row(name="meters with supply that were reported", figure=false, unit="meters", goal="0", ok=false == 0),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--meters", type=int, default=100)
    parser.add_argument("--module", default="family-a")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hplc-edge-formed")
    arguments = parser.parse_args()
    with ProcessPoolExecutor() as pool, tempfile.TemporaryDirectory() as directory:
        study = Study(pool, arguments.meters, arguments.cache)
        rows = all_rows(study, MODULES / f"{arguments.module}.toml", arguments.seeds, Path(directory))
    return print_rows(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
