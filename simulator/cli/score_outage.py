"""``hplc-edge score outage``: what the agent makes of outages that are drawn from a seed; there is no folder."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from edge_agent.errors import ConfigError
from simulator.cli.rows import Row
from simulator.grid.areas import STYLES

SUMMARY = "outages drawn from a seed (no DIR): recall, precision, exact sets, delays, false alarms, beside simpler rules"
CURVE = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)


def configure(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("score outage", "evidence comes over a channel fitted to the simulated power-line path")
    group.add_argument("--area", type=Path, metavar="FILE",
                       help="a scenario file (docs/simulator.md): its area, homes, consumers and time are used, its changes are not; none: "
                            "an area is generated")
    group.add_argument("--meters", type=int, default=273, help="of the generated area (default: 273)")
    group.add_argument("--style", choices=sorted(STYLES), default="urban_cable", help="of the generated area")
    group.add_argument("--seed", type=int, default=1, help="of the generated area and of all draws (default: 1)")
    group.add_argument("--draws", type=int, default=2000, help="as many of each class of fault (default: 2000 in all)")
    group.add_argument("--delivery", type=float, metavar="P",
                       help="share of last gasps that arrive, correlated within a box; none: as the path delivers")
    group.add_argument("--wrong-archive", type=float, default=0.0, metavar="S", help="share of meters in a wrong box, and on a wrong phase")
    asked = group.add_mutually_exclusive_group()
    asked.add_argument("--sweep", action="store_true", help="every meter is asked once within two minutes of the fault")
    asked.add_argument("--polls", type=int, metavar="N", help="the agent may ask at most N meters; nobody is read in turn meanwhile")
    group.add_argument("--curve", action="store_true", help=f"a table over deliveries {', '.join(map(str, CURVE))}")


def run(arguments: argparse.Namespace) -> list[Row]:
    """Raises ConfigError for what cannot be drawn."""
    from simulator.scenario.scenario_file import load_scenario
    from simulator.scoring.outage.course import CourseSettings
    from simulator.scoring.outage.rows import curve_rows, rows_of
    from simulator.scoring.outage.score import DrawSettings, area_of, score_draws

    _check(arguments)
    logging.getLogger("hplc_edge").setLevel(logging.ERROR)      # each draw is an agent of its own: what each says once is no news
    course = CourseSettings(delivery=arguments.delivery, sweep=arguments.sweep, most_polls=arguments.polls)
    settings = DrawSettings(
        meters=arguments.meters, style=arguments.style, seed=arguments.seed, draws=arguments.draws, course=course,
        wrong_archive=arguments.wrong_archive,
    )
    scenario = area_of(settings) if arguments.area is None else load_scenario(str(arguments.area))
    settings = replace(settings, meters=len(scenario.area.meters))
    played = partial(score_draws, scenario, say=_say, processes=os.cpu_count() or 1)
    if not arguments.curve:
        return rows_of(played(settings), settings)
    rows: list[Row] = []
    for delivery in CURVE:
        rows += curve_rows(delivery, played(replace(settings, course=replace(course, delivery=delivery))), course)
    return rows


def _check(arguments: argparse.Namespace) -> None:
    problems = []
    if arguments.draws < 1:
        problems.append(f"--draws {arguments.draws}: at least 1")
    if arguments.seed < 0:
        problems.append(f"--seed {arguments.seed}: at least 0")
    if arguments.delivery is not None and not 0.0 <= arguments.delivery <= 1.0:
        problems.append(f"--delivery {arguments.delivery:g}: a share, 0 to 1")
    if not 0.0 <= arguments.wrong_archive <= 1.0:
        problems.append(f"--wrong-archive {arguments.wrong_archive:g}: a share, 0 to 1")
    if arguments.polls is not None and arguments.polls < 0:
        problems.append(f"--polls {arguments.polls}: at least 0")
    if arguments.area is not None and not arguments.area.is_file():
        problems.append(f"--area {arguments.area}: no such file")
    if problems:
        raise ConfigError(problems)


def _say(what: str, share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{what} {share:5.0%}", end="" if share < 1.0 else "\n", file=sys.stderr, flush=True)
