"""An outage through the whole simulated power-line path: what the agent hears, whom it asks, and what it tells when."""

import numpy as np
import pytest

from edge_agent.model import EvidenceKind
from simulator.hplc.gasp.faults import dark_meters
from simulator.load.streams import Streams
from simulator.run.outage_hplc import Course, HplcSite, HplcTrial, reports
from simulator.run.outage_rig import RigJournal
from simulator.scenario.scenario_file import scenario_of
from simulator.scoring.outage.faults import OutageClass, draw_fault
from simulator.scoring.outage.told import told_at


@pytest.fixture(scope="module")
def branch(tmp_path_factory):
    """A branch of a small area that loses its supply and gets it back: site, dark meters, trial."""
    site = HplcSite(scenario_of("small", {
        "description": "an evening in a small area", "seed": 1, "area": {"style": "urban_cable", "meters": 50},
        "time": {"day": 100, "begin_hour": 18, "hours": 2, "step_s": 10.0, "poll_s": 60.0},
    }), tmp_path_factory.mktemp("formed"))
    area = site.scenario.area
    fault = draw_fault(area, OutageClass.BRANCH, (-1,) * len(area.meters), Streams(3).named("test"))
    dark = np.flatnonzero(dark_meters(area, fault.edits)).tolist()
    course = Course(edits=fault.edits, watch_s=420.0, back_s=150.0)
    with RigJournal() as journal:
        trial = HplcTrial(site, course, journal, seed=2).run()
    return site, dark, trial


def test_a_branch_is_told_from_its_last_gasps_and_confirmed_by_polls(branch):
    site, dark, trial = branch
    assert sorted(trial.dark) == dark
    assert set(reports(trial, EvidenceKind.LAST_GASP)) <= set(dark)
    told = [one for one in told_at(trial.events, site.archive) if one.kind == "supply.lost"]
    firm = [one for one in told if one.is_firm and one.at_s < 150.0]
    assert firm[-1].meters == frozenset(dark)
    assert firm[-1].at_s < 100.0
    assert len({one.event_id for one in told}) == 1
    assert told[-1].state in ("restored", "closed")


def test_what_is_heard_is_told_at_once_and_not_with_the_next_tick(branch):
    site, _, trial = branch
    heard_s = min(at_s for at_s, evidence in trial.evidence if evidence.kind is EvidenceKind.LAST_GASP)
    first_s = next(one.at_s for one in told_at(trial.events, site.archive) if one.kind == "supply.lost")
    assert heard_s <= first_s <= heard_s + 0.05
    assert first_s % 1.0 > 0.05           # no tick falls there


def test_the_dead_are_asked_and_answer_no_more_before_supply_is_back(branch):
    _, dark, trial = branch
    assert {meter for at_s, meter in trial.asked if 0.0 < at_s < 150.0} & set(dark)
    assert {meter for at_s, meter in trial.answers if 1.0 < at_s < 150.0}.isdisjoint(dark)
    assert {meter for at_s, meter in trial.answers if at_s > 150.0} >= set(dark)
