"""What of charging counts as a session, and how what was told is set against it."""

import numpy as np

from benchmarks.detection.session_areas import TrueCharge, make_session_area
from benchmarks.detection.sessions import Case, Score, cases_of, plain_sessions, rows_of
from edge_agent.model import COLUMN_INDEX
from simulator.load.charging import Charge
from simulator.scoring.matching import Session

WEEK = 10_080.0


def charge(begin_min, end_min, power_w=3300.0, kind="ev", meter="m1"):
    return TrueCharge(
        kind=kind, meter=meter, charge=Charge(begin_s=60.0 * begin_min, end_s=60.0 * end_min, power_w=power_w), has_panels=False
    )


def counted(kind, *charges):
    return [(case.session.begin, case.session.end, case.counts) for case in cases_of(kind, charges, WEEK)]


def test_what_is_shorter_smaller_or_cut_by_the_end_is_no_case():
    assert counted("ev", charge(100, 200)) == [(100.0, 200.0, True)]
    assert counted("ev", charge(100, 140)) == [(100.0, 140.0, False)]
    assert counted("ev", charge(100, 200, power_w=900.0)) == [(100.0, 200.0, False)]
    assert counted("ev", charge(10_000, 10_090)) == [(10_000.0, 10_090.0, False)]
    assert counted("e_bike", charge(100, 180, power_w=150.0, kind="e_bike")) == [(100.0, 180.0, False)]


def test_charges_of_one_meter_that_overlap_are_one_session():
    bikes = [charge(100, 300, 150.0, "e_bike"), charge(250, 400, 200.0, "e_bike"), charge(250, 400, 200.0, "e_bike", "m2")]
    assert sorted(counted("e_bike", *bikes)) == [(100.0, 400.0, True), (250.0, 400.0, True)]


def test_one_that_was_told_finds_one_case_and_what_does_not_count_is_not_false():
    score = Score()
    cases = [
        Case(session=Session(meter="m1", begin=begin, end=begin + 90.0), counts=counts)
        for begin, counts in ((100.0, True), (300.0, True), (500.0, False))
    ]
    told = [Session(meter="m1", begin=begin, end=end) for begin, end in ((102.0, 400.0), (510.0, 560.0), (900.0, 990.0))]
    missed, wrong = score.add(cases, told)
    assert (score.cases, score.hits, score.right, score.false) == (2, 1, 1, 1)
    assert score.begin_errors == [2.0]
    assert [case.session.begin for case in missed] == [300.0]
    assert [session.begin for session in wrong] == [900.0]


def test_a_goal_that_is_missed_makes_its_row_fail():
    scores = {"ev": Score(cases=10, hits=9, right=9, begin_errors=[0.5] * 9), "e_bike": Score(cases=10, hits=8, right=8)}
    rows = {row.name: row.ok for row in rows_of(scores, {kind: Score() for kind in scores}, 700.0)}
    assert rows["ev: recall"] is False
    assert rows["ev: precision"] is True
    assert rows["e_bike: recall"] is True


def test_the_plain_rule_tells_what_is_level_for_long():
    power_w = np.full((600, 2), 100.0)
    power_w[100:300, 0] = 3100.0
    assert [(session.meter, session.begin) for session in plain_sessions("ev", power_w, ["m1", "m2"])] == [("m1", 94.0)]
    power_w[100:300, 1] = 250.0
    assert [session.meter for session in plain_sessions("e_bike", power_w, ["m1", "m2"])] == ["m2"]


def test_an_area_has_charges_of_both_kinds_that_its_meters_show():
    made = make_session_area(3, style="urban_cable", meters=50, first_day=100, days=1)
    assert {true.kind for true in made.charges} == {"ev", "e_bike"}
    places = {meter.id: place for place, meter in enumerate(made.metering.world.area.meters)}
    for true in made.charges:
        charge = true.charge
        if true.kind == "ev" and charge.end_s < 86_400.0:
            middle = int((charge.begin_s + 0.4 * (charge.end_s - charge.begin_s)) / 60.0)
            shown_w = made.metering.at(middle).values[places[true.meter]][COLUMN_INDEX["active_power_w"]]
            assert true.has_panels or shown_w > 0.9 * charge.phases * charge.power_w
