"""The locator: the odds of the sheet, the right place, several faults, what is no outage."""

import dataclasses

import numpy as np
import pytest

from edge_agent.model import Archive, Meter, Role
from edge_agent.outage.hypothesis import AREA, Rival
from edge_agent.outage.locate import Locator
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.observed import Observed

PLAIN = LocateSettings(wrong_place_share=1e-12, unheard_share=1e-12, least_real=1e-12)        # what the sheet assumes
FIRST = "f0/b0/x0"


def area(n=273, *, feeders=4, branches=4, boxes=2, three=(), unknown=False, wrong=None):
    """Meters in the order of the boxes, phases a, b, c in turn."""
    box = np.sort(np.arange(n) % (feeders * branches * boxes))
    meters = []
    for i in range(n):
        b = int((wrong or {}).get(i, box[i]))
        is_three = i in three
        meters.append(Meter(
            id=str(i), index=i, profile="any", bus="hplc", node=f"f{b // (branches * boxes)}/b{b // boxes}/x{b}",
            phases="abc" if is_three else "a", grid_phases="" if unknown else "abc" if is_three else "abc"[i % 3],
        ))
    return Archive("A", meters)


def seen(archive, *, dead=(), gasped=None, failed=(), answered=(), chance=0.8, tries=2, **changes):
    """Evidence; ``gasped`` defaults to all ``dead``."""
    observed = Observed.nothing(len(archive.meters))
    observed.gasp_chance[:] = chance
    observed.gasped[list(dead if gasped is None else gasped)] = True
    observed.polls_failed[list(failed)] = tries
    observed.answered[list(answered)] = True
    return dataclasses.replace(observed, **changes)


def odds(judgement):
    real = judgement.faults[0].is_real
    return real / (1.0 - real)


def test_nothing_seen_is_nothing_found():
    archive = area()
    judgement = Locator(archive).judge(seen(archive), concentration=5.0)
    assert judgement.faults == ()
    assert judgement.dead.max() < 1e-3


def test_one_last_gasp_is_no_outage():
    archive = area()
    for chance in (0.5, 0.95):
        judgement = Locator(archive, PLAIN).judge(seen(archive, dead=[5], chance=chance), concentration=np.inf)
        assert 0.0015 < odds(judgement) < 0.0035           # outage.md 1.4: 0.0017 to 0.0030
        assert Locator(archive).judge(seen(archive, dead=[5], chance=chance), concentration=5.0).faults == ()


@pytest.mark.parametrize(("tries", "low", "high"), [(1, 0.08, 0.17), (2, 3.6, 7.4)])
def test_one_last_gasp_and_failed_polls_have_the_odds_of_the_sheet(tries, low, high):
    archive = area()
    for chance in (0.6, 0.95):
        observed = seen(archive, dead=[5], failed=[5], tries=tries, chance=chance)
        judgement = Locator(archive, PLAIN).judge(observed, concentration=np.inf)
        assert low < odds(judgement) < high                # outage.md 1.4: 0.08 to 0.15, 4.1 to 7.4
        assert judgement.faults[0].best.meter == 5


@pytest.mark.parametrize(
    ("gasps", "chance", "sheet"), [(3, 0.7, 38.0), (3, 0.9, 0.33), (4, 0.7, 1.8e5), (4, 0.9, 5.9e3)],
)
def test_last_gasps_of_a_box_of_eight_have_the_odds_of_the_sheet(gasps, chance, sheet):
    archive = area(256)
    observed = seen(archive, dead=range(gasps), chance=chance)
    judgement = Locator(archive, PLAIN).judge(observed, concentration=np.inf)
    assert judgement.faults[0].best.node == FIRST
    assert sheet / 1.5 < odds(judgement) < 1.5 * sheet


def test_two_last_gasps_of_a_box_are_not_enough():
    archive = area(256)
    judgement = Locator(archive, PLAIN).judge(seen(archive, dead=range(2), chance=0.7), concentration=np.inf)
    assert 0.004 < odds(judgement) < 0.016


def test_correlated_delivery_makes_a_half_silent_box_likelier():
    archive = area(256)
    observed = seen(archive, dead=range(3), chance=0.9)
    alike = odds(Locator(archive, PLAIN).judge(observed, concentration=np.inf))
    apart = odds(Locator(archive, PLAIN).judge(observed, concentration=5.0))
    assert apart > 10 * alike


@pytest.mark.parametrize("node", [FIRST, "f0/b0", "f0", AREA])
@pytest.mark.parametrize("phase", ["", "b"])
def test_each_place_of_the_tree_is_named_whole_or_on_one_phase(node, phase):
    archive = area(three=(3, 50))
    dead = [m for m in archive.members(node) if not phase or archive.meters[m].grid_phases == phase]
    alive = [m for m in range(273) if m not in dead]
    gasped = [m for number, m in enumerate(dead) if number % 4 != 3]
    judgement = Locator(archive).judge(seen(archive, gasped=gasped, failed=dead, answered=alive), concentration=5.0)
    fault, = judgement.faults
    assert (fault.best.node, fault.best.phases, fault.best.rival) == (node, phase, Rival.OUTAGE)
    assert fault.members == tuple(dead)
    assert fault.is_real > 0.999
    assert judgement.dead[dead].min() > 0.9
    assert judgement.dead[alive].max(initial=0.0) < 0.1


def test_a_parent_wins_over_all_its_children_and_not_over_two_of_ten():
    archive = area(160, feeders=1, branches=2, boxes=10)
    branch, both = archive.members("f0/b0"), (*archive.members("f0/b0/x0"), *archive.members("f0/b0/x3"))
    whole = Locator(archive).judge(seen(archive, dead=branch), concentration=5.0)
    two = Locator(archive).judge(seen(archive, dead=both), concentration=5.0)
    assert [fault.best.node for fault in whole.faults] == ["f0/b0"]
    assert sorted(fault.best.node for fault in two.faults) == ["f0/b0/x0", "f0/b0/x3"]
    assert all(fault.is_real > 0.99 for fault in two.faults)


@pytest.mark.parametrize("is_polled", [True, False])
def test_two_phases_of_a_branch_are_two_faults(is_polled):
    archive = area(540, feeders=2, branches=3, boxes=3)
    dead = [m for m in archive.members("f0/b0") if archive.meters[m].grid_phases in "ab"]
    alive = [m for m in archive.members("f0/b0") if archive.meters[m].grid_phases == "c"]
    observed = seen(archive, dead=dead, failed=dead if is_polled else (), answered=alive if is_polled else ())
    judgement = Locator(archive).judge(observed, concentration=5.0)
    assert sorted((fault.best.node, fault.best.phases) for fault in judgement.faults) == [("f0/b0", "a"), ("f0/b0", "b")]
    assert sorted(m for fault in judgement.faults for m in fault.members) == dead


def test_one_answering_meter_does_not_veto_a_box_but_is_named():
    archive = area()
    box = archive.members(FIRST)
    judgement = Locator(archive).judge(seen(archive, dead=box[:-1], answered=[box[-1]]), concentration=5.0)
    fault, = judgement.faults
    assert (fault.best.node, fault.members, fault.disagreeing) == (FIRST, box[:-1], (box[-1],))


def test_a_meter_that_the_archive_has_elsewhere_joins_the_outage_it_died_with():
    archive = area(wrong={4: 20})
    dead = [*archive.members(FIRST), 4]
    observed = seen(archive, dead=dead, failed=dead, answered=[m for m in range(273) if m not in dead])
    fault, = Locator(archive).judge(observed, concentration=5.0).faults
    assert fault.best.node == FIRST
    assert set(fault.members) == set(dead)
    assert fault.disagreeing == (4,)


def test_a_meter_on_a_wrong_phase_joins_the_fault_of_that_phase():
    archive = area(540, feeders=2, branches=3, boxes=3)
    dead = [m for m in archive.members("f0/b0") if archive.meters[m].grid_phases == "a"]
    wrong = next(m for m in archive.members("f0/b0") if archive.meters[m].grid_phases == "b")
    alive = [m for m in range(540) if m not in (*dead, wrong)]
    observed = seen(archive, dead=[*dead, wrong], failed=[*dead, wrong], answered=alive)
    fault, = Locator(archive).judge(observed, concentration=5.0).faults
    assert (fault.best.node, fault.best.phases) == ("f0/b0", "a")
    assert set(fault.members) == {*dead, wrong}
    assert wrong in fault.disagreeing


def test_without_phases_in_the_archive_a_phase_fault_names_those_that_say_so():
    archive = area(540, feeders=2, branches=3, boxes=3, unknown=True)
    dead = list(archive.members("f0/b0"))[::3]
    observed = seen(archive, dead=dead, failed=dead, answered=[m for m in range(540) if m not in dead])
    fault = Locator(archive).judge(observed, concentration=5.0).faults[0]
    assert fault.is_real > 0.999
    assert set(fault.members) == set(dead)


def test_a_feeder_with_one_branch_is_told_by_the_branch_and_names_the_other():
    archive = area(60, feeders=3, branches=1, boxes=4)
    fault, = Locator(archive).judge(seen(archive, dead=archive.members("f1")), concentration=5.0).faults
    assert fault.best.node == "f1/b1"
    assert fault.runner_up.node == "f1"
    assert fault.odds == pytest.approx((0.10 / 3) / (0.05 / 3), rel=1e-6)
    assert fault.probability > 0.99


def test_the_only_meter_of_a_box_is_told_as_a_meter():
    archive = area(32, three=())
    fault, = Locator(archive).judge(seen(archive, dead=[7], failed=[7], tries=3), concentration=5.0).faults
    assert fault.best.meter == 7
    assert fault.runner_up.node == archive.meters[7].node


def test_the_marginal_asks_for_the_neighbours_of_a_last_gasp():
    archive = area()
    dead = Locator(archive).judge(seen(archive, dead=[0, 1]), concentration=5.0).dead
    box = list(archive.members(FIRST))
    assert dead[box].min() > 10 * np.delete(dead, box).max()


def test_masked_meters_count_neither_way():
    archive = area()
    box = archive.members(FIRST)
    observed = seen(archive, dead=box, masked=np.isin(np.arange(273), box))
    assert Locator(archive).judge(observed, concentration=5.0).faults == ()


def test_the_same_evidence_gives_the_same_judgement_and_is_not_changed():
    archive = area()
    observed = seen(archive, dead=archive.members("f0/b0"), failed=[0, 200])
    before = {name: getattr(observed, name).copy() for name in Observed.__slots__}
    locator = Locator(archive)
    first = locator.judge(observed, concentration=5.0)
    locator.judge(seen(archive, dead=[3]), concentration=2.0)
    second = locator.judge(observed, concentration=5.0)
    assert first.faults == second.faults
    np.testing.assert_array_equal(first.dead, second.dead)
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(observed, name), array)


def test_a_storm_of_faults_ends():
    archive = area(1000, feeders=6, branches=6, boxes=3)
    chance = np.random.default_rng(1)
    observed = seen(archive, gasped=np.flatnonzero(chance.random(1000) < 0.3), failed=np.flatnonzero(chance.random(1000) < 0.5))
    judgement = Locator(archive).judge(observed, concentration=5.0)
    assert len(judgement.faults) >= 1
    assert ((judgement.dead >= 0) & (judgement.dead <= 1)).all()


def test_evidence_that_does_not_fit_is_refused():
    archive = area()
    with pytest.raises(ValueError, match="gasped"):
        Locator(archive).judge(dataclasses.replace(seen(archive), gasped=np.zeros(5, bool)), concentration=5.0)
    with pytest.raises(ValueError, match="via"):
        Locator(archive).judge(seen(archive, via=np.full(273, 273, np.int32)), concentration=5.0)
    with pytest.raises(ValueError, match="concentration"):
        Locator(archive).judge(seen(archive), concentration=0.0)
    with pytest.raises(ValueError, match="outage_chance"):
        LocateSettings(outage_chance=0.0)


def test_an_area_without_customers_or_without_nodes_is_judged():
    none = Archive("A", [Meter(id="t", index=0, profile="any", bus="b", role=Role.AREA)])
    assert Locator(none).judge(seen(none), concentration=5.0).faults == ()
    flat = Archive("A", [Meter(id=str(i), index=i, profile="any", bus="b") for i in range(12)])
    fault, = Locator(flat).judge(seen(flat, dead=range(12)), concentration=5.0).faults
    assert fault.best.node == AREA
