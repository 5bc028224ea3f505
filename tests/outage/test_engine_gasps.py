"""The engine on a power-line network: last gasps, polls, storms, hostile evidence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.model import Archive, AreaFrame, Evidence, EvidenceKind, Meter, Stage
from edge_agent.outage import OutageEngine, OutageSettings
from tests.detect.areas import at, sample

BOXES, IN_BOX = 6, 8


def archive(boxes=BOXES, in_box=IN_BOX):
    """Two branches with three boxes each; m0 to m7 in the first box."""
    return Archive("area-1", tuple(
        Meter(id=f"m{box * in_box + place}", index=box * in_box + place, profile="p", bus="cco", node=f"f1/b{1 + box % 2}/x{box}",
              grid_phases="abc"[place % 3])
        for box in range(boxes) for place in range(in_box)
    ))


class Night:
    """Nobody is read but who is asked for: the living answer after 5 s, the dead fail after 25 s."""

    def __init__(self, area=None, **changes):
        self.archive = area or archive()
        n = len(self.archive.meters)
        self.engine = OutageEngine(self.archive, OutageSettings(**changes), gasping_buses=["cco"])
        self.frame = AreaFrame.empty(n, at(0))
        self.frame.answered_utc_ms[:] = at(-60)
        self.dark, self.second, self.findings, self.asked, self._due = set(), 0, [], [], []

    def run(self, seconds):
        for _ in range(seconds):
            self.second += 1
            self.frame.tick(at(self.second))
            for due_s, meter in [entry for entry in self._due if entry[0] <= self.second]:
                self._due.remove((due_s, meter))
                if meter in self.dark:
                    self.frame.poll_failed(meter, at(self.second))
                else:
                    self.frame.take(sample(meter, self.second, voltage_v__a=220.0))
            self.findings += self.engine.update(self.frame)
            for meter in self.engine.to_ask():
                self.asked.append(meter)
                self._due.append((self.second + (25 if meter in self.dark else 5), meter))
        return self

    def hear(self, *meters, kind=EvidenceKind.LAST_GASP):
        self.engine.take(Evidence(kind=kind, at_utc_ms=at(self.second), meters=meters, bus="cco"), at(self.second))
        return self

    def states(self, kind="supply.lost"):
        return [(finding.outage.state, finding.place.id, finding.place.phases) for finding in self.findings if finding.kind == kind]


def test_one_last_gasp_alone_is_no_outage_and_its_meter_is_asked_first():
    night = Night().hear(3).run(60)
    assert night.findings == []
    assert night.asked[0] == 3


def test_one_last_gasp_and_two_failed_polls_are_the_outage_of_one_customer():
    night = Night()
    night.dark = {3}
    night.hear(3).run(100)
    assert ("confirmed", "m3", "") in night.states() or ("localised", "m3", "") in night.states()
    assert {finding.meters for finding in night.findings} == {("m3",)}
    assert night.engine.conditions()


def test_half_of_a_box_by_last_gasps_is_the_box():
    night = Night()
    night.dark = set(range(8))
    night.run(40).hear(0, 1, 2, 4, 6).run(70)
    assert night.states()[-1] == ("localised", "f1/b1/x0", "")
    assert set(night.findings[-1].meters) == {f"m{index}" for index in range(8)}
    begin = next(finding for finding in night.findings if finding.stage is Stage.BEGIN)
    assert at(0) - 50_000 <= begin.at_utc_ms <= at(40)
    assert dict(night.findings[-1].evidence)["last_gasps"] == 5.0


def test_one_phase_of_a_branch_is_told_as_that():
    night = Night()
    night.dark = {meter.index for meter in night.archive.meters if meter.node.startswith("f1/b2/") and meter.grid_phases == "b"}
    night.run(40).hear(*sorted(night.dark)[:-1]).run(120)
    assert night.states()[-1] == ("localised", "f1/b2", "b")
    assert {int(name[1:]) for name in night.findings[-1].meters} == night.dark


def test_power_back_ends_it_and_a_few_questions_prove_it():
    night = Night()
    night.dark = set(range(8))
    night.run(40).hear(*range(8)).run(150)
    night.dark = set()
    night.hear(*range(7), kind=EvidenceKind.POWER_BACK).run(60)
    assert night.states()[-1][0] == "restored"
    assert night.run(200).states()[-1][0] == "closed"


def test_meters_behind_one_relay_that_fall_mute_are_a_broken_way():
    night = Night()
    relays = tuple([-1] + [0] * 10 + [-1] * (len(night.archive.meters) - 11))
    night.engine.take(Evidence(kind=EvidenceKind.ROUTES_KNOWN, at_utc_ms=at(0), meters=tuple(range(len(relays))), relays=relays), at(0))
    night.dark = set(range(11))          # to the agent: mute
    for meter in (1, 4, 9):
        night.frame.poll_failed(meter, at(0))
    night.run(240)
    assert {finding.kind for finding in night.findings} == {"comm.lost"}
    assert night.findings[-1].place.id == "m0"


def test_a_storm_of_a_thousand_last_gasps_is_one_outage_in_few_findings():
    area = archive(boxes=125, in_box=8)
    night = Night(area)
    night.dark = set(range(1000))
    night.frame.supply_v[:] = 0.0
    night.run(30)
    for meter in range(1000):
        night.hear(meter)
    night.run(90)
    assert len({finding.outage.incident for finding in night.findings}) == 1
    assert night.findings[-1].place.kind == "area"
    assert len(night.findings[-1].meters) == 1000
    assert len(night.findings) <= 10


def test_no_more_is_asked_than_may_be():
    night = Night(most_asked=6, witness_s=0.0)
    night.dark = set(range(8))
    night.run(40).hear(0, 1, 2).run(120)
    assert len(night.asked) <= 6


def test_what_is_learned_about_delivery_outlives_a_restart():
    night = Night()
    night.dark = set(range(8))
    night.run(40).hear(0, 1).run(400)
    other = Night()
    other.engine.load(night.engine.save())
    assert other.engine.save() == night.engine.save()
    assert other.engine.conditions() == night.engine.conditions() != set()


KINDS = list(EvidenceKind)
HOSTILE = st.builds(
    Evidence, kind=st.sampled_from(KINDS), at_utc_ms=st.integers(-10**15, 10**15) | st.just(at(5)),
    meters=st.lists(st.integers(-5, 60), max_size=6).map(tuple), bus=st.sampled_from(["cco", "", "x"]),
    addresses=st.lists(st.text(max_size=3), max_size=3).map(tuple), relays=st.lists(st.integers(-3, 70), max_size=6).map(tuple),
    until_utc_ms=st.integers(-10**15, 10**15),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, max_size=40), st.lists(st.integers(-4000, 4000), min_size=1, max_size=12))
def test_no_evidence_and_no_clock_brings_it_down_and_its_state_can_always_be_saved(evidence, steps):
    engine = OutageEngine(archive(), OutageSettings(), gasping_buses=["cco"])
    frame = AreaFrame.empty(BOXES * IN_BOX, at(0))
    second = 0
    for number, step in enumerate(steps):
        second += step
        frame.now_utc_ms = at(second)
        for one in evidence[number::len(steps)]:
            engine.take(one, at(second))
        if number % 2:
            frame.poll_failed(number % 48, at(second))
        frame.supply_v[:] = [np.nan, 0.0, 230.0][number % 3]
        for finding in engine.update(frame):
            assert finding.evidence_from_utc_ms <= finding.evidence_to_utc_ms
            assert 0.0 <= finding.confidence <= 1.0
        assert all(0 <= meter < 48 for meter in engine.to_ask())
    again = OutageEngine(archive(), OutageSettings(), gasping_buses=["cco"])
    again.load(engine.save())
    assert again.conditions() == engine.conditions()


@pytest.mark.parametrize("wrong", [
    {"suspect_from": 0.99}, {"localise_odds": 0.5}, {"restored_share": 0.0}, {"hold_s": -1.0}, {"gasp_within_s": 1.0},
    {"silent_polls": 0}, {"out_ratio": 0.9}, {"most_asked": -1},
])  # fmt: skip
def test_settings_outside_what_can_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must|1 or more"):
        OutageSettings(**wrong)


@pytest.mark.parametrize("dark", [range(3 * IN_BOX), range(IN_BOX), range(IN_BOX - 2)], ids=["more", "the same", "fewer"])
def test_an_outage_soon_after_one_of_the_same_meters_was_closed_is_an_event_of_its_own(dark):
    night = Night(witness_s=0.0)
    night.dark = set(range(IN_BOX))
    night.hear(*range(IN_BOX)).run(3)
    night.dark = set()
    night.hear(*range(IN_BOX), kind=EvidenceKind.POWER_BACK).run(250)
    for meter in range(len(night.archive.meters)):
        night.frame.take(sample(meter, night.second, voltage_v__a=220.0))
    assert night.states()[-1][0] == "closed"
    before = {finding.outage.incident for finding in night.findings}
    night.findings = []
    night.dark = set(dark)
    night.run(35).hear(*dark).run(3)
    (lost,) = [finding for finding in night.findings if finding.stage is Stage.BEGIN]
    assert (lost.outage.state, lost.outage.parent) == ("suspected", "")
    assert lost.outage.incident not in before
    assert at(night.second) - 90_000 <= lost.at_utc_ms <= at(night.second)


def test_while_last_gasps_come_in_one_by_one_an_outage_is_revised_once_a_second():
    night = Night()
    night.dark = set(range(20))
    night.hear(0, 1, 2).run(1)
    for meter in range(3, 20):
        night.hear(meter)
        night.frame.now_utc_ms += 30
        night.findings += night.engine.update(night.frame)
    assert len(night.findings) == 1
    assert len(night.run(1).findings) == 2


def test_the_last_to_start_up_are_no_outage_of_their_own_and_are_asked_no_more_once_they_answer():
    night, everybody = Night(witness_s=0.0), range(BOXES * IN_BOX)
    night.dark = set(everybody)
    night.hear(*everybody).run(200)
    night.dark = {45, 46}
    for first in range(0, 45, 5):
        night.hear(*range(first, first + 5), kind=EvidenceKind.POWER_BACK).run(1)
    night.run(60)
    night.dark = set()
    night.run(300)
    assert len({finding.outage.incident for finding in night.findings}) == 1
    assert night.states()[-1][0] == "closed"
    night.asked.clear()
    night.run(200)
    assert night.asked == []


def test_a_box_of_which_nobody_is_heard_is_found_by_asking_one_of_it():
    night = Night(witness_s=120.0)
    for second in range(0, 600, 10):
        if second == 300:
            night.dark = {meter.index for meter in night.archive.meters if meter.node == "f1/b1/x0"}
        night.run(10)
    asked = len(night.asked)
    assert night.states()[-1][0] in ("confirmed", "localised")
    assert set(night.findings[-1].meters) == {f"m{index}" for index in night.dark}
    first = next(finding for finding in night.findings if finding.kind == "supply.lost")
    assert first.outage.state == "suspected"
    assert asked < 100
    quiet = Night(witness_s=120.0).run(600)
    assert quiet.findings == []
    assert BOXES * 4 <= len(quiet.asked) <= BOXES * 6
    assert len(set(quiet.asked)) > BOXES * 3                    # in turn
    assert Night(witness_s=0.0).run(600).asked == []


def test_a_false_last_gasp_on_a_bus_that_fails_without_a_sign_is_no_outage():
    night = Night(most_asked=10, witness_s=0.0).run(120)
    night.dark = set(range(48))                          # mute: the mains and everybody else say nothing
    night.hear(3).run(300)
    assert 8 <= len(night.asked) <= 10
    night.dark = set()
    for meter in (20, 30, 40):                           # read in their turn when the bus is back
        night.frame.take(sample(meter, night.second, voltage_v__a=220.0))
        night.run(20)
    assert night.states() == []
    assert night.engine.conditions() == set()


@pytest.mark.parametrize("apart_s", [0, 2])
def test_of_two_boxes_first_taken_for_one_feeder_nobody_is_in_both_events(apart_s):
    night = Night().run(300)
    night.dark = set(range(8)) | set(range(24, 32))
    night.run(40).hear(0, 2, 3, 5).run(apart_s).hear(24, 26, 27, 30).run(300)
    last = {finding.outage.incident: finding for finding in night.findings}
    assert sorted((finding.outage.state, len(finding.meters)) for finding in last.values()) == [("localised", 8), ("localised", 8)]
    assert len({name for finding in last.values() for name in finding.meters}) == 16


def test_who_was_asked_while_the_bus_was_silent_is_asked_anew():
    night = Night(most_asked=10, witness_s=0.0).run(120)
    night.dark = set(range(48))
    night.hear(3).run(300)
    asked, night.dark = set(night.asked), set(range(8))              # one box is really dark
    night.asked.clear()
    night.frame.take(sample(40, night.second, voltage_v__a=220.0))
    night.run(20)
    assert asked - {40} <= set(night.asked)
    night.run(100)
    assert ("f1/b1/x0", "") in {state[1:] for state in night.states()}


def test_a_lost_phase_that_is_told_makes_no_outage_of_a_false_last_gasp_later():
    """The mains go on showing the loss: that it is explained already must be known."""
    night = Night().run(300)
    night.frame.supply_v[:] = 0, 230, 230
    night.dark = {index for index in range(48) if index % 8 % 3 == 0} - {3}      # phase a; of m3 the archive is wrong
    night.run(40).hear(*sorted(night.dark)[:12]).run(200)
    assert night.states()[-1] == ("localised", "area-1", "a")
    night.hear(3).run(2)
    assert len({finding.outage.incident for finding in night.findings}) == 1
    assert "m3" not in night.findings[-1].meters


def test_a_phase_that_two_outages_at_the_transformer_name_is_told_once():
    """As bits the letters are added up: one that came twice would be another phase."""
    night = Night().run(300)
    night.frame.supply_v[:] = 0, 230, 230
    night.dark = {index for index in range(48) if index % 8 % 3 == 0}
    night.run(40).hear(*sorted(night.dark)[:12]).run(200)
    incidents = night.engine._incidents
    assert incidents.phases_told() == "a"
    incidents._all += incidents._all
    assert incidents.phases_told() == "a"
