"""Outages of a whole area: the grid says who is dark, the channel what still gets through, the network carries it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.grid.areas import Area, make_area
from simulator.hplc.gasp import FaultClass, dark_meters, draw_fault
from simulator.hplc.gasp.trial import Formed, Outcome, form, run_outage
from simulator.hplc.link_model import LinkModel
from tests.simulator.hplc.gasp.stations import FAMILY_A
from tests.simulator.hplc.network.networks import macs_of

METERS = 60
SEEDS = range(3)


class Site:
    def __init__(self, area: Area, directory: Path) -> None:
        self.area = area
        self.model = LinkModel(area, seed=1)
        phases = [0, *("abc".index(meter.phases) + 1 if len(meter.phases) == 1 else 0 for meter in area.meters)]
        self.formed: Formed = form(self.model.table(), FAMILY_A, macs=macs_of(METERS + 1), phases=np.array(phases, np.int8), seed=1,
                                   directory=directory)

    def outages(self, fault_class: FaultClass, *, how: str = "contact", without: tuple[int, ...] = ()) -> list[Outcome]:
        print(f"seeds {SEEDS}")
        found = []
        for seed in SEEDS:
            edits = draw_fault(self.area, fault_class, np.random.default_rng(seed), how=how)
            dark = (np.flatnonzero(dark_meters(self.area, edits)) + 1).tolist()
            links = self.model.table(edits=edits)
            found.append(run_outage(self.formed, dark=dark, links=links, hold_s=np.full(METERS + 1, 60.0), seed=seed, watch_s=130.0,
                                    without=without))
        return found


def share(found: list[Outcome]) -> float:
    return sum(len(one.delays_s) for one in found) / sum(len(one.dark) for one in found)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(make_area("urban_cable", METERS, seed=2), tmp_path_factory.mktemp("formed"))


def test_an_area_that_lost_its_high_voltage_is_reported_over_whole_wires(site: Site) -> None:
    assert share(site.outages(FaultClass.TRANSFORMER)) > 0.95


def test_it_is_silent_when_the_concentrator_has_no_backup(site: Site) -> None:
    assert share(site.outages(FaultClass.TRANSFORMER, without=(0,))) == 0.0


def test_a_phase_is_reported_through_its_neighbours(site: Site) -> None:
    assert share(site.outages(FaultClass.PHASE)) > 0.5


@pytest.mark.parametrize("fault_class", [FaultClass.METER, FaultClass.BOX, FaultClass.BRANCH])
def test_signals_leak_over_an_open_contact_but_not_over_a_gap(site: Site, fault_class: FaultClass) -> None:
    opened, broken = site.outages(fault_class), site.outages(fault_class, how="cut")
    assert [one.dark for one in opened] == [one.dark for one in broken]
    assert share(broken) == 0.0
    assert share(opened) > 0.0


def test_nobody_with_supply_is_reported_and_nobody_twice(site: Site) -> None:
    for fault_class in FaultClass:
        assert all((one.false, one.given_twice) == (0, 0) for one in site.outages(fault_class))
