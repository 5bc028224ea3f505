"""The engine from polls and mains alone: one meter is silent, a branch lost supply, the area only with the mains as proof."""

import pytest

from edge_agent.model import Evidence, EvidenceKind, Stage
from tests.detect.areas import at, sample
from tests.outage.day import ALL, B1, DEAD, F1, LIVE, Day, N


def test_one_silent_meter_is_silent_and_no_outage():
    day = Day().run(60).run(120, dark=(3,)).run(60)
    assert day.told() == [("meter.silent", "begin", "meter", "m3"), ("meter.silent", "end", "meter", "m3")]
    assert day.findings[0].at_utc_ms == at(70)
    assert "loss of supply of this customer" in day.findings[0].alternatives


def test_one_missed_poll_is_nothing():
    assert Day().run(60).run(10, dark=(3,)).run(60).told() == []


def test_a_branch_that_falls_silent_together_is_one_outage_from_suspicion_to_close():
    day = Day().run(60).run(200, dark=B1).run(260)
    assert day.told() == [("supply.lost", "begin", "node", "f1/b1"), ("supply.lost", "end", "node", "f1/b1")]
    assert day.states() == ["suspected", "localised", "restored", "closed"]
    assert {finding.outage.incident for finding in day.findings} == {day.findings[0].outage.incident}
    begin = day.findings[0]
    assert set(begin.meters) == {"m0", "m3", "m6", "m9"}
    assert at(60) <= begin.at_utc_ms <= at(70)
    assert begin.outage.uncertainty_s == pytest.approx(5.0)
    assert begin.outage.runner_up


def test_a_feeder_that_falls_silent_is_told_as_the_feeder():
    assert Day().run(60).run(200, dark=F1).told() == [("supply.lost", "begin", "node", "f1")]


def test_all_silent_with_unknown_mains_may_be_either_and_is_told_once_with_both():
    day = Day().run(60).run(200, dark=ALL)
    assert day.told() == [("comm.lost", "begin", "bus", "b")]
    assert day.findings[0].confidence < 0.95
    assert day.findings[0].alternatives == ("outage at area-1",)


def test_all_silent_with_dead_mains_is_proven_at_once():
    day = Day().run(60, supply=LIVE).run(200, dark=ALL, supply=DEAD).run(60, supply=LIVE)
    assert [told[:2] for told in day.told()] == [("supply.lost", "begin"), ("supply.lost", "end")]
    assert day.findings[0].confidence >= 0.95
    assert day.findings[0].outage.state == "localised"
    assert day.findings[0].outage.ambiguous_with == ("upstream",)
    assert day.findings[0].at_utc_ms <= at(80)  # the mains said so before the polls could


def test_the_hint_of_a_neighbour_says_that_it_is_upstream():
    day = Day().run(60, supply=LIVE).hear(EvidenceKind.NEIGHBOUR_OUT).run(200, dark=ALL, supply=DEAD)
    assert day.findings[0].outage.ambiguous_with == ()


def test_all_silent_with_live_mains_is_a_fault_of_communication():
    day = Day().run(60, supply=LIVE).run(200, dark=ALL, supply=LIVE)
    assert day.told() == [("comm.lost", "begin", "bus", "b")]


@pytest.mark.parametrize("supply", [(0, 230, 230), (140, 140, 140), (float("nan"), 230, float("nan"))])
def test_mains_that_are_not_dead_on_all_measured_phases_are_no_outage_of_the_area(supply):
    assert Day().run(60).run(60, supply=supply).told() == []


def test_a_single_phase_concentrator_is_judged_by_the_phase_it_has():
    nan = float("nan")
    day = Day().run(60, supply=(230, nan, nan)).run(60, dark=ALL, supply=(0, nan, nan))
    assert day.told()[0] == ("supply.lost", "begin", "area", "area-1")
    assert day.findings[0].confidence >= 0.95


def test_dead_mains_with_meters_that_go_on_answering_are_a_fault_of_the_concentrator_and_no_outage():
    assert Day().run(60, supply=LIVE).run(100, supply=DEAD).told() == []


def test_meters_behind_a_bus_that_is_down_are_neither_silent_nor_dark():
    assert Day().run(60).run(300, down=ALL).run(60).told() == []


def test_a_meter_that_was_dead_before_neither_hides_nor_joins_the_outage_of_its_branch():
    day = Day().run(60).run(4000, dark=(0,)).run(200, dark=B1).run(60, dark=(0,))
    assert day.told() == [
        ("meter.silent", "begin", "meter", "m0"), ("supply.lost", "begin", "node", "f1/b1"), ("supply.lost", "end", "node", "f1/b1"),
    ]
    assert day.begun("supply.lost").meters == ("m3", "m6", "m9")


def test_a_dead_meter_does_not_keep_an_outage_of_the_area_from_being_told_and_ended():
    day = Day().run(60, supply=LIVE).run(1000, dark=(0,), supply=LIVE).run(300, dark=ALL, supply=DEAD).run(60, dark=(0,), supply=LIVE)
    assert day.told()[1:] == [("supply.lost", "begin", "area", "area-1"), ("supply.lost", "end", "area", "area-1")]
    assert "m0" not in day.begun("supply.lost").meters


def test_meters_that_die_one_after_the_other_are_no_outage():
    day = Day().run(60).run(200, dark=(0,)).run(200, dark=(0, 3)).run(200, dark=(0, 3, 6)).run(200, dark=B1)
    assert day.told() == [("meter.silent", "begin", "meter", name) for name in ("m0", "m3", "m6", "m9")]


def test_polls_that_are_spread_over_minutes_end_in_one_outage_and_no_single_meters():
    """A slow bus: each meter is asked once in 4 minutes, 20 s after the one before; the feeder goes at 1000 s."""
    day = Day()
    for second in range(20, 4000, 20):
        index, day.frame.now_utc_ms = second // 20 % N, at(second)
        if second > 1000 and index in F1:
            day.frame.poll_failed(index, at(second))
        else:
            day.frame.take(sample(index, second, voltage_v__a=220.0))
        day.findings += day.engine.update(day.frame)
    assert (day.findings[-1].kind, day.findings[-1].place.id) == ("supply.lost", "f1")
    assert len({finding.outage.incident for finding in day.findings if finding.outage and not finding.superseded_by}) == 1


def test_a_fault_of_communication_does_not_hide_that_the_mains_die():
    day = Day().run(60, supply=LIVE).run(200, dark=ALL, supply=LIVE).run(60, dark=ALL, supply=DEAD)
    assert [told[:2] for told in day.told()] == [("comm.lost", "begin"), ("comm.lost", "end"), ("supply.lost", "begin")]
    assert day.findings[1].superseded_by == "area-1"
    assert day.findings[-1].confidence >= 0.95


def test_silence_of_all_becomes_an_outage_by_the_mains():
    day = Day().run(60).run(200, dark=ALL).run(60, dark=ALL, supply=DEAD)
    assert [told[:2] for told in day.told()] == [("comm.lost", "begin"), ("comm.lost", "end"), ("supply.lost", "begin")]
    assert day.findings[0].confidence < 0.95 <= day.findings[-1].confidence


def test_an_area_that_stays_silent_long_after_the_mains_are_back_is_a_fault_of_communication():
    day = Day().run(60, supply=LIVE).run(200, dark=ALL, supply=DEAD).run(500, dark=ALL, supply=LIVE)
    assert [told[:2] for told in day.told()] == [("supply.lost", "begin")]  # meters and modules may still be starting up
    day.run(200, dark=ALL, supply=LIVE)
    assert [told[:2] for told in day.told()[1:]] == [("supply.lost", "end"), ("comm.lost", "begin")]


def test_polls_that_failed_while_a_bus_was_mute_say_nothing_of_who_is_read_last_when_it_is_back():
    day = Day().run(60).run(200, dark=ALL, supply=LIVE).run(900, supply=LIVE, unread=B1).run(60, supply=LIVE)
    assert [found[:2] for found in day.told()] == [("comm.lost", "begin"), ("comm.lost", "end")]


def test_who_stays_silent_when_a_mute_bus_is_back_is_told_from_polls_of_after_that():
    day = Day().run(60).run(200, dark=ALL, supply=LIVE).run(120, supply=LIVE, unread=B1).run(900, supply=LIVE, dark=B1)
    lost = day.begun("supply.lost")
    assert (lost.place.id, set(lost.meters)) == ("f1/b1", {"m0", "m3", "m6", "m9"})


def test_meters_that_start_up_slowly_after_an_outage_are_no_fault_of_communication():
    day = Day().run(60, supply=LIVE).run(20, dark=ALL, supply=DEAD).run(60, dark=ALL, supply=LIVE).run(60, supply=LIVE)
    assert [told[:2] for told in day.told()] == [("supply.lost", "begin"), ("supply.lost", "end")]
    assert day.last("supply.lost").at_utc_ms == at(150)


def test_an_area_of_which_some_meters_are_back_with_the_mains_is_no_fault_of_communication():
    day = Day().run(60, supply=LIVE).run(200, dark=ALL, supply=DEAD).run(60, dark=ALL, supply=LIVE)
    day.run(700, dark=(0, 1, 2), supply=LIVE)
    assert [told[:2] for told in day.told()[:2]] == [("supply.lost", "begin"), ("supply.lost", "end")]
    assert sorted(told[3] for told in day.told()[2:]) == ["m0", "m1", "m2"]


def test_an_outage_between_two_polls_begins_and_ends_with_the_mains_alone():
    day = Day().run(60, supply=LIVE)
    for second, volts in ((61, 0), (63, 0), (65, 230)):
        day.frame.now_utc_ms, day.frame.supply_v[:] = at(second), volts
        day.findings += day.engine.update(day.frame)
    assert [(finding.stage, finding.at_utc_ms) for finding in day.findings] == [(Stage.BEGIN, at(61)), (Stage.END, at(65))]


def test_mains_that_are_measured_no_more_restore_nothing():
    day = Day().run(60, supply=LIVE).run(20, dark=ALL, supply=DEAD).run(100, dark=ALL)
    assert [told[:2] for told in day.told()] == [("supply.lost", "begin")]
    assert dict(day.findings[0].evidence)["meters_answering"] == 0.0


def test_meters_that_cannot_be_asked_are_not_claimed():
    """Three of the four meters of a box are silent, the other nine meters of the area are behind a bus that is down."""
    asked = (0, 3, 6)
    day = Day().run(60).run(200, dark=asked, down=tuple(set(ALL) - set(asked)))
    assert {name for finding in day.findings for name in finding.meters} == {"m0", "m3", "m6"}


def test_a_bus_that_goes_down_takes_no_suspicion_back():
    day = Day(hold_polled_s=600.0).run(60).run(40, dark=B1).run(200, down=ALL)
    assert day.states() == ["suspected"]
    day.run(60)
    assert day.states()[-1] == "restored"


def test_a_bus_that_comes_and_goes_hides_no_outage():
    day = Day().run(60)
    for _ in range(12):
        day.run(10, dark=B1).run(10, dark=B1, down=ALL)
    assert day.states()[-1] == "localised"
    assert set(day.last("supply.lost").meters) == {"m0", "m3", "m6", "m9"}


def test_a_bus_that_comes_back_restores_no_outage_that_is_on():
    day = Day().run(60).run(100, dark=B1)
    assert day.states()[-1] == "localised"
    day.run(20, down=ALL).run(40, unread=ALL).run(100, dark=B1)
    assert day.states()[-1] == "localised"
    area = Day().run(60, supply=LIVE).run(100, dark=ALL, supply=DEAD, down=()).run(30, supply=DEAD, down=ALL)
    area.run(60, dark=F1, supply=LIVE)
    assert area.states()[-1] == "partial"
    assert set(area.last("supply.lost").meters) == {f"m{index}" for index in F1}


def test_a_meter_found_silent_later_below_a_node_that_is_out_joins_it():
    day = Day().run(60).run(200, dark=B1, down=(9,)).run(100, dark=B1)
    assert day.told() == [("supply.lost", "begin", "node", "f1/b1")]
    assert set(day.last("supply.lost").meters) == {"m0", "m3", "m6", "m9"}


def test_a_meter_that_falls_silent_with_an_outage_where_the_archive_does_not_have_it_is_part_of_it():
    day = Day().run(60).run(300, dark=(*B1, 5))
    assert [found[0] for found in day.told()] == ["supply.lost"]
    lost = day.last("supply.lost")
    assert set(lost.meters) == {"m0", "m3", "m6", "m9", "m5"}
    assert lost.outage.disagreeing == ("m5",)
    assert lost.place.id == "f1/b1"


def test_a_meter_that_falls_silent_before_or_after_an_outage_is_no_error_of_the_archive():
    before = Day().run(60).run(100, dark=(5,)).run(300, dark=(*B1, 5))
    after = Day().run(60).run(100, dark=B1).run(300, dark=(*B1, 5))
    for day in (before, after):
        assert ("meter.silent", "begin", "meter", "m5") in day.told()
        assert set(day.last("supply.lost").meters) == {"m0", "m3", "m6", "m9"}


def test_a_meter_behind_a_relay_that_is_out_may_only_be_unheard():
    day = Day().run(60)
    day.engine.take(Evidence(kind=EvidenceKind.ROUTES_KNOWN, at_utc_ms=at(60), meters=(5,), relays=(0,)), at(60))
    assert "m5" not in day.run(300, dark=(*B1, 5)).last("supply.lost").meters


def test_a_meter_behind_a_dead_relay_is_dead_where_another_behind_it_has_found_a_way():
    day = Day().run(60)
    day.engine.take(Evidence(kind=EvidenceKind.ROUTES_KNOWN, at_utc_ms=at(60), meters=(5, 8), relays=(0, 0)), at(60))
    assert "m5" in day.run(300, dark=(*B1, 5)).last("supply.lost").meters


def test_an_outage_of_which_one_meter_never_returns_ends_and_names_it():
    day = Day().run(60).run(200, dark=B1).run(500, dark=(9,))
    assert len(day.told()) == 1  # it may still be starting up
    assert day.states()[-1] == "partial"
    assert day.findings[-1].meters == ("m9",)
    day.run(300, dark=(9,))
    assert day.told()[1:] == [("supply.lost", "end", "node", "f1/b1"), ("meter.silent", "begin", "meter", "m9")]
    assert day.begun("meter.silent").at_utc_ms == at(70)


def test_a_branch_that_stays_dark_when_its_feeder_returns_is_told_from_when_it_lost_supply():
    day = Day().run(60).run(200, dark=F1).run(700, dark=B1)
    assert day.told() == [
        ("supply.lost", "begin", "node", "f1"), ("supply.lost", "end", "node", "f1"), ("supply.lost", "begin", "node", "f1/b1"),
    ]  # fmt: skip
    parent, child = (finding for finding in day.findings if finding.stage is Stage.BEGIN)
    assert child.at_utc_ms == parent.at_utc_ms
    assert child.outage.parent == parent.outage.incident


def test_a_feeder_that_follows_its_branch_is_an_outage_of_its_own_for_the_rest():
    day = Day(nodes=("f1/b1", "f1/b2", "f1/b3", "f1/b4")).run(60).run(1000, dark=(0, 4, 8), supply=LIVE)
    day.run(200, dark=ALL, supply=DEAD)
    assert [told[:2] for told in day.told()] == [("supply.lost", "begin")] * 2
    assert (day.told()[0][3], day.findings[-1].place.id) == ("f1/b1", "area-1")
    first, second = (finding for finding in day.findings if finding.stage is Stage.BEGIN)
    assert not set(first.meters) & set(second.meters)
    assert len(second.meters) == N - 3


def test_a_fault_of_communication_does_not_take_up_an_outage_that_was_there_before():
    day = Day().run(60, supply=LIVE).run(300, dark=B1, supply=LIVE).run(200, dark=ALL, supply=LIVE)
    assert day.told() == [("supply.lost", "begin", "node", "f1/b1"), ("comm.lost", "begin", "bus", "b")]
    assert not set(day.begun("supply.lost").meters) & set(day.begun("comm.lost").meters)
    day.run(60, dark=B1, supply=LIVE).run(60, supply=LIVE)
    assert day.told()[2:] == [("comm.lost", "end", "bus", "b"), ("supply.lost", "end", "node", "f1/b1")]


def test_a_clock_that_is_set_back_leaves_no_silence_on_for_ever():
    day = Day().run(60).run(200, dark=B1).run(200, dark=(*B1, 1))
    before = len(day.told())
    assert before == 2
    day.seconds -= 3600
    day.run(20, dark=(*B1, 1))  # the clock was corrected by an hour
    assert len(day.told()) == before
    day.run(20)
    assert {told[1] for told in day.told()[before:]} == {"end"}
    assert day.engine.conditions() == set()
    assert all(finding.evidence_from_utc_ms <= finding.at_utc_ms for finding in day.findings)


def test_an_outage_ends_when_nearly_all_answer_and_the_rest_is_told_by_name():
    day = Day(restored_share=0.75).run(60).run(200, dark=B1).run(500, dark=(9,))
    assert len(day.told()) == 2
    day.run(300, dark=(9,))
    assert day.told()[1:] == [("supply.lost", "end", "node", "f1/b1"), ("meter.silent", "begin", "meter", "m9")]


def test_the_last_meters_of_a_restored_node_are_not_told_when_they_answer_a_moment_later():
    day = Day(restored_share=0.75).run(60).run(200, dark=B1).run(10, dark=(9,)).run(60)
    assert day.told() == [("supply.lost", "begin", "node", "f1/b1"), ("supply.lost", "end", "node", "f1/b1")]


def test_an_outage_that_comes_back_before_it_is_closed_is_the_same_one():
    day = Day().run(60).run(200, dark=B1).run(60).run(200, dark=B1)
    assert [told[1] for told in day.told()] == ["begin", "end", "begin"]
    assert len({finding.outage.incident for finding in day.findings}) == 1


def test_what_only_the_meter_remembers_is_told_afterwards_and_said_to_be_so():
    day = Day().run(600)
    day.engine.take(Evidence(kind=EvidenceKind.POWER_RECORD, at_utc_ms=at(100), until_utc_ms=at(400), meters=(3,)), at(600))
    day.run(10)
    assert [(finding.stage, finding.outage.state, finding.at_utc_ms) for finding in day.findings] == [
        (Stage.BEGIN, "confirmed", at(100)), (Stage.END, "restored", at(400)), (Stage.END, "closed", at(400)),
    ]
    assert all(finding.outage.is_retroactive for finding in day.findings)


def test_the_record_of_an_outage_that_was_told_tells_nothing_new():
    day = Day().run(60).run(200, dark=B1).run(60)
    before = len(day.findings)
    day.engine.take(Evidence(kind=EvidenceKind.POWER_RECORD, at_utc_ms=at(65), until_utc_ms=at(262), meters=(3,)), at(320))
    day.run(10)
    assert len(day.findings) == before


def test_the_record_of_an_outage_that_was_told_and_closed_long_ago_tells_nothing_new():
    day = Day().run(60).run(200, dark=B1).run(4000)
    before = len(day.findings)
    again = Day()
    again.engine.load(day.engine.save())
    for engine in (day.engine, again.engine):       # the meter's clock is four minutes slow
        record = Evidence(kind=EvidenceKind.POWER_RECORD, at_utc_ms=at(65 - 240), until_utc_ms=at(262 - 240), meters=(3,))
        engine.take(record, at(day.seconds))
        assert engine.update(day.frame) == []
    assert len(day.findings) == before


def test_what_the_filters_refuse_is_counted_for_the_health_message():
    day = Day().run(60)
    day.hear(EvidenceKind.LAST_GASP, 99)
    assert day.engine.counters["unknown_meter"] == 1


def test_a_meter_behind_a_relay_that_is_out_has_died_with_it_where_its_last_gasp_says_so():
    joined = {}
    for gasp_after_s in (30, 200):
        day = Day(gasping_buses=("b",)).run(60)
        day.engine.take(Evidence(kind=EvidenceKind.ROUTES_KNOWN, at_utc_ms=at(60), meters=(5,), relays=(0,)), at(60))
        day.run(gasp_after_s, dark=(*B1, 5)).hear(EvidenceKind.LAST_GASP, 5).run(300, dark=(*B1, 5))
        joined[gasp_after_s] = any({"m0", "m5"} <= set(finding.meters) for finding in day.findings)
    assert joined == {30: True, 200: False}
