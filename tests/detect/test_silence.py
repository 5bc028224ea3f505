"""Silence: one meter is silent, a branch has probably lost supply, the area only with the mains as proof."""

import json

import pytest

from edge_agent.detect.quality.silence import SilenceDetector, SilenceSettings
from edge_agent.model import Stage
from tests.detect.areas import archive, at, frame, sample

N = 12  # m0 m3 m6 m9 on f1/b1, m1 m4 m7 m10 on f1/b2, m2 m5 m8 m11 on f2/b1


class Day:
    """Polls every 10 s; who is dark does not answer."""

    def __init__(self, *, nodes=("f1/b1", "f1/b2", "f2/b1"), **settings):
        self.detector = SilenceDetector(archive(N, nodes=nodes), SilenceSettings(**settings))
        self.frame = frame(N)
        self.seconds = 0
        self.findings = []

    def run(self, seconds, dark=(), supply=None, down=()):
        for _ in range(seconds // 10):
            self.seconds += 10
            now_ms = self.frame.now_utc_ms = at(self.seconds)
            self.frame.supply_v[:] = float("nan") if supply is None else supply
            for index in range(N):
                self.frame.reachable[index] = index not in down
                if index in down:
                    continue
                if index in dark:
                    self.frame.poll_failed(index, now_ms)
                else:
                    self.frame.take(sample(index, self.seconds, voltage_v__a=220.0))
            self.findings += self.detector.update(self.frame)
        return self

    def told(self):
        return [(finding.kind, finding.stage, finding.place.kind, finding.place.id) for finding in self.findings]


B1 = (0, 3, 6, 9)
F1 = (0, 1, 3, 4, 6, 7, 9, 10)
ALL = tuple(range(N))


def test_one_silent_meter_is_silent_and_no_outage():
    day = Day().run(60).run(120, dark=(3,)).run(60)
    assert day.told() == [("meter.silent", Stage.BEGIN, "meter", "m3"), ("meter.silent", Stage.END, "meter", "m3")]
    assert day.findings[0].at_utc_ms == at(70)
    assert "supply lost at this meter" in day.findings[0].alternatives


def test_two_missed_polls_are_nothing():
    assert Day().run(60).run(20, dark=(3,)).run(60).told() == []


def test_a_branch_that_falls_silent_together_is_one_finding():
    day = Day().run(60).run(200, dark=B1).run(60)
    assert day.told() == [("supply.lost", Stage.BEGIN, "node", "f1/b1"), ("supply.lost", Stage.END, "node", "f1/b1")]
    begin = day.findings[0]
    assert set(begin.meters) == {"m0", "m3", "m6", "m9"}
    assert begin.confidence < 0.95
    assert "communication failure" in begin.alternatives


def test_a_feeder_that_falls_silent_is_told_as_the_feeder():
    assert Day().run(60).run(200, dark=F1).told() == [("supply.lost", Stage.BEGIN, "node", "f1")]


def test_all_silent_with_unknown_mains_is_suspected_for_the_area():
    day = Day().run(60).run(200, dark=ALL)
    assert day.told() == [("supply.lost", Stage.BEGIN, "area", "area-1")]
    assert day.findings[0].confidence < 0.95


def test_all_silent_with_dead_mains_is_proven():
    day = Day().run(60, supply=(230, 230, 230)).run(200, dark=ALL, supply=(0, 0, 0)).run(60, supply=(230, 230, 230))
    assert [told[:2] for told in day.told()] == [("supply.lost", Stage.BEGIN), ("supply.lost", Stage.END)]
    assert day.findings[0].confidence >= 0.95
    assert day.findings[0].at_utc_ms <= at(80)  # the mains said so before the polls could


def test_all_silent_with_live_mains_is_a_fault_of_communication():
    assert Day().run(60, supply=(230, 230, 230)).run(200, dark=ALL, supply=(230, 230, 230)).told() == [
        ("comm.lost", Stage.BEGIN, "area", "area-1")
    ]


@pytest.mark.parametrize("supply", [(0, 230, 230), (140, 140, 140), (float("nan"), 230, float("nan"))])
def test_mains_that_are_not_dead_on_all_measured_phases_prove_nothing(supply):
    assert Day().run(60).run(60, supply=supply).told() == []


def test_a_single_phase_concentrator_is_judged_by_the_phase_it_has():
    nan = float("nan")
    assert Day().run(60, supply=(230, nan, nan)).run(60, supply=(0, nan, nan)).told()[0][:1] == ("supply.lost",)


def test_meters_behind_a_bus_that_is_down_are_neither_silent_nor_dark():
    assert Day().run(60).run(300, down=ALL).run(60).told() == []


def test_a_meter_that_was_dead_before_neither_hides_nor_joins_the_outage_of_its_branch():
    day = Day().run(60).run(4000, dark=(0,)).run(200, dark=B1).run(60, dark=(0,))
    assert day.told() == [
        ("meter.silent", Stage.BEGIN, "meter", "m0"),
        ("supply.lost", Stage.BEGIN, "node", "f1/b1"),
        ("supply.lost", Stage.END, "node", "f1/b1"),
    ]
    assert day.findings[1].meters == ("m3", "m6", "m9")


def test_a_dead_meter_does_not_keep_an_outage_of_the_area_from_being_told_and_ended():
    live, dead = (230, 230, 230), (0, 0, 0)
    day = Day().run(60, supply=live).run(1000, dark=(0,), supply=live).run(300, dark=ALL, supply=dead).run(60, dark=(0,), supply=live)
    assert day.told()[1:] == [("supply.lost", Stage.BEGIN, "area", "area-1"), ("supply.lost", Stage.END, "area", "area-1")]
    assert "m0" not in day.findings[1].meters


def test_meters_that_die_one_after_the_other_are_no_outage():
    day = Day().run(60).run(200, dark=(0,)).run(200, dark=(0, 3)).run(200, dark=(0, 3, 6)).run(200, dark=B1)
    assert day.told() == [("meter.silent", Stage.BEGIN, "meter", name) for name in ("m0", "m3", "m6", "m9")]


@pytest.mark.parametrize(("hold_s", "singles"), [(600.0, []), (60.0, ["m3", "m4", "m6", "m7"])])
def test_polls_that_are_spread_over_minutes_still_end_in_one_outage(hold_s, singles):
    """A slow bus: each meter is asked once in 4 minutes, 20 s after the one before; the feeder goes at 1000 s."""
    detector, area, found = SilenceDetector(archive(N), SilenceSettings(hold_s=hold_s)), frame(N), []
    for second in range(20, 4000, 20):
        index, area.now_utc_ms = second // 20 % N, at(second)
        if second > 1000 and index in F1:
            area.poll_failed(index, at(second))
        else:
            area.take(sample(index, second, voltage_v__a=220.0))
        found += detector.update(area)
    assert (found[-1].kind, found[-1].place.id) == ("supply.lost", "f1")
    assert [finding.place.id for finding in found if finding.kind == "meter.silent" and finding.stage is Stage.BEGIN] == singles
    assert [finding.place.id for finding in found if finding.superseded_by == "f1"] == singles


def test_an_agent_that_restarts_in_an_outage_does_not_call_it_restored_before_meters_answer():
    before = Day().run(60).run(200, dark=B1).run(200, dark=(*B1, 1))
    after = Day()
    after.detector.load(before.detector.save())
    after.seconds = before.seconds
    after.frame.now_utc_ms = at(after.seconds)
    assert after.detector.update(after.frame) == []  # nobody has been asked yet
    after.run(100, dark=(*B1, 1))
    assert after.told() == []
    after.run(20)
    assert {(kind, stage, place) for kind, stage, _, place in after.told()} == {
        ("supply.lost", Stage.END, "f1/b1"), ("meter.silent", Stage.END, "m1"),
    }  # fmt: skip


def test_an_agent_that_restarts_still_knows_who_was_dead_before():
    before = Day().run(60).run(1000, dark=(0,))
    after = Day()
    after.detector.load(before.detector.save())
    after.seconds = before.seconds
    after.run(30, dark=(0,)).run(200, dark=B1)
    assert [(finding.place.id, finding.meters) for finding in after.findings] == [("f1/b1", ("m3", "m6", "m9"))]


def test_a_fault_of_communication_does_not_hide_that_the_mains_die():
    day = Day().run(60, supply=(230, 230, 230)).run(200, dark=ALL, supply=(230, 230, 230)).run(60, dark=ALL, supply=(0, 0, 0))
    assert [told[:2] for told in day.told()] == [
        ("comm.lost", Stage.BEGIN), ("comm.lost", Stage.END), ("supply.lost", Stage.BEGIN),
    ]  # fmt: skip
    assert day.findings[1].superseded_by == "area-1"
    assert day.findings[2].confidence >= 0.95


def test_a_suspected_outage_is_confirmed_by_the_mains():
    day = Day().run(60).run(200, dark=ALL).run(60, dark=ALL, supply=(0, 0, 0))
    assert [told[:2] for told in day.told()] == [("supply.lost", Stage.BEGIN), ("supply.lost", Stage.CHANGE)]
    assert day.findings[0].confidence < 0.95 <= day.findings[1].confidence


def test_an_area_that_stays_silent_long_after_the_mains_are_back_is_a_fault_of_communication():
    live = (230, 230, 230)
    day = Day().run(60, supply=live).run(200, dark=ALL, supply=(0, 0, 0)).run(500, dark=ALL, supply=live)
    assert [told[:2] for told in day.told()] == [("supply.lost", Stage.BEGIN)]  # meters and modules may still be starting up
    day.run(200, dark=ALL, supply=live)
    assert [told[:2] for told in day.told()[1:]] == [("supply.lost", Stage.END), ("comm.lost", Stage.BEGIN)]


def test_meters_that_start_up_slowly_after_an_outage_are_no_fault_of_communication():
    live = (230, 230, 230)
    day = Day().run(60, supply=live).run(20, dark=ALL, supply=(0, 0, 0)).run(60, dark=ALL, supply=live).run(60, supply=live)
    assert [told[:2] for told in day.told()] == [("supply.lost", Stage.BEGIN), ("supply.lost", Stage.END)]
    assert day.findings[1].at_utc_ms == at(150)


def test_mains_first_measured_after_all_fell_silent_do_not_say_that_there_was_no_outage():
    live = (230, 230, 230)
    day = Day().run(60).run(20, dark=ALL).run(200, dark=ALL, supply=live)
    assert [told[:2] for told in day.told()] == [("supply.lost", Stage.BEGIN)]
    assert day.findings[0].confidence < 0.95


def test_an_area_of_which_some_meters_are_back_with_the_mains_is_no_fault_of_communication():
    live = (230, 230, 230)
    day = Day().run(60, supply=live).run(200, dark=ALL, supply=(0, 0, 0)).run(60, dark=ALL, supply=live)
    day.run(700, dark=(0, 1, 2), supply=live)
    assert [told[:2] for told in day.told()[:2]] == [("supply.lost", Stage.BEGIN), ("supply.lost", Stage.END)]
    assert [told[3] for told in day.told()[2:]] == ["m0", "m1", "m2"]


def test_meters_that_answer_do_not_end_an_outage_while_the_mains_say_it_is_on():
    assert [told[:2] for told in Day().run(60).run(100, supply=(0, 0, 0)).told()] == [("supply.lost", Stage.BEGIN)]


def test_an_outage_between_two_polls_ends_with_the_mains_alone():
    day = Day().run(60, supply=(230, 230, 230))
    for second, volts in ((61, 0), (63, 0), (65, 230)):
        day.frame.now_utc_ms, day.frame.supply_v[:] = at(second), volts
        day.findings += day.detector.update(day.frame)
    assert [(finding.stage, finding.at_utc_ms) for finding in day.findings] == [(Stage.BEGIN, at(61)), (Stage.END, at(65))]


def test_mains_that_are_measured_no_more_restore_nothing():
    day = Day().run(60, supply=(230, 230, 230)).run(20, dark=ALL, supply=(0, 0, 0)).run(100, dark=ALL)
    assert [told[:2] for told in day.told()] == [("supply.lost", Stage.BEGIN)]
    assert dict(day.findings[0].evidence)["meters_answering"] == 0.0


def test_dead_mains_that_return_before_a_poll_was_missed_begin_and_end():
    live = (230, 230, 230)
    day = Day().run(60, supply=live).run(20, supply=(0, 0, 0)).run(10, supply=live)
    assert [told[:2] for told in day.told()] == [("supply.lost", Stage.BEGIN), ("supply.lost", Stage.END)]


def test_meters_that_cannot_be_asked_are_not_claimed():
    """Three of the four meters of a box are silent, the other nine meters of the area are behind a bus that is down."""
    asked = (0, 3, 6)
    day = Day().run(60).run(200, dark=asked, down=tuple(set(ALL) - set(asked)))
    assert day.told() == [("supply.lost", Stage.BEGIN, "node", "f1/b1")]
    assert day.findings[0].meters == ("m0", "m3", "m6")


def test_a_meter_found_silent_later_below_a_node_that_is_out_joins_it():
    day = Day().run(60).run(200, dark=B1, down=(9,)).run(100, dark=B1)
    assert day.told() == [("supply.lost", Stage.BEGIN, "node", "f1/b1"), ("supply.lost", Stage.CHANGE, "node", "f1/b1")]
    assert set(day.findings[1].meters) == {"m0", "m3", "m6", "m9"}


def test_an_outage_of_which_one_meter_never_returns_ends_and_names_it():
    day = Day().run(60).run(200, dark=B1).run(500, dark=(9,))
    assert len(day.told()) == 1  # it may still be starting up
    day.run(200, dark=(9,))
    assert day.told()[1:] == [("supply.lost", Stage.END, "node", "f1/b1"), ("meter.silent", Stage.BEGIN, "meter", "m9")]
    assert day.findings[2].at_utc_ms == at(70)


def test_a_branch_that_stays_dark_when_its_feeder_returns_is_told_from_when_it_lost_supply():
    day = Day().run(60).run(200, dark=F1).run(700, dark=B1)
    assert day.told() == [
        ("supply.lost", Stage.BEGIN, "node", "f1"), ("supply.lost", Stage.END, "node", "f1"), ("supply.lost", Stage.BEGIN, "node", "f1/b1"),
    ]  # fmt: skip
    assert day.findings[2].at_utc_ms == at(70)


def test_a_feeder_that_follows_its_branch_covers_the_meters_of_both():
    day = Day(nodes=("f1/b1", "f1/b2", "f1/b3", "f1/b4")).run(60).run(1000, dark=(0, 4, 8)).run(200, dark=ALL)
    assert day.told() == [
        ("supply.lost", Stage.BEGIN, "node", "f1/b1"), ("supply.lost", Stage.END, "node", "f1/b1"),
        ("supply.lost", Stage.BEGIN, "area", "area-1"),
    ]  # fmt: skip
    assert len(day.findings[2].meters) == N


@pytest.mark.parametrize("together_s", [60.0, 600.0])
def test_a_fault_of_communication_does_not_take_up_an_outage_that_was_there_before(together_s):
    live = (230, 230, 230)
    day = Day(together_s=together_s).run(60, supply=live).run(300, dark=B1, supply=live).run(200, dark=ALL, supply=live)
    assert day.told() == [("supply.lost", Stage.BEGIN, "node", "f1/b1"), ("comm.lost", Stage.BEGIN, "area", "area-1")]
    assert not set(day.findings[0].meters) & set(day.findings[1].meters)
    day.run(60, dark=B1, supply=live).run(60, supply=live)
    assert day.told()[2:] == [("comm.lost", Stage.END, "area", "area-1"), ("supply.lost", Stage.END, "node", "f1/b1")]


def test_an_area_too_small_for_a_group_does_not_wait_for_one():
    detector, area, found = SilenceDetector(archive(2), SilenceSettings()), frame(2), []
    area.take(sample(1, 0, voltage_v__a=220.0))  # and is not asked again
    for second in range(0, 50, 10):
        area.now_utc_ms = at(second)
        area.poll_failed(0, at(second))
        found += detector.update(area)
    assert [finding.place.id for finding in found] == ["m0"]


def test_silent_meters_told_singly_go_on_as_part_of_the_group_once_it_is_whole():
    day = Day(hold_s=0.0, silent_polls=1, silent_s=20.0)
    day.run(60).run(30, dark=(0, 3, 6)).run(30, dark=B1)
    begun = [told[3] for told in day.told() if told[:2] == ("meter.silent", Stage.BEGIN)]
    merged = [finding.place.id for finding in day.findings if finding.superseded_by == "f1/b1"]
    assert begun == merged == ["m0", "m3", "m6"]
    assert day.told()[-1] == ("supply.lost", Stage.BEGIN, "node", "f1/b1")


def test_a_clock_that_is_set_back_leaves_no_silence_on_for_ever():
    day = Day().run(60).run(200, dark=(*B1, 1))
    assert len(day.findings) == 2
    day.seconds -= 3600
    day.run(20, dark=(*B1, 1))  # the clock was corrected by an hour
    assert len(day.findings) == 2
    day.run(20)
    assert {finding.stage for finding in day.findings[2:]} == {Stage.END}
    assert all(finding.evidence_from_utc_ms <= finding.at_utc_ms for finding in day.findings)


@pytest.mark.parametrize("meters", [99, -1])
def test_saved_state_that_names_unknown_meters_is_refused(meters):
    detector = SilenceDetector(archive(N), SilenceSettings())
    version, ids, (groups, _, held, spared), mains = json.loads(detector.save())
    with pytest.raises(ValueError, match="saved state"):
        detector.load(json.dumps([version, ids, [groups, [[meters, 5]], held, spared], mains]).encode())


def test_a_branch_inside_a_larger_outage_is_merged_into_it():
    day = Day(together_s=600.0, hold_s=0.0).run(60).run(200, dark=B1).run(200, dark=F1)
    merged = [finding for finding in day.findings if finding.superseded_by]
    assert [(finding.place.id, finding.superseded_by) for finding in merged if finding.place.kind == "node"] == [("f1/b1", "f1")]
    assert day.told()[-1] == ("supply.lost", Stage.BEGIN, "node", "f1")


def test_an_outage_ends_when_nearly_all_answer_and_the_rest_is_told_by_name():
    day = Day(restored_share=0.75).run(60).run(200, dark=B1).run(100, dark=(9,))
    assert day.told()[1:] == [("supply.lost", Stage.END, "node", "f1/b1"), ("meter.silent", Stage.BEGIN, "meter", "m9")]


def test_the_last_meters_of_a_restored_node_are_not_told_when_they_answer_a_moment_later():
    day = Day(restored_share=0.75).run(60).run(200, dark=B1).run(30, dark=(9,)).run(60)
    assert day.told() == [("supply.lost", Stage.BEGIN, "node", "f1/b1"), ("supply.lost", Stage.END, "node", "f1/b1")]


def test_a_meter_that_stays_dark_after_its_node_is_back_is_told_once_the_hold_is_over():
    day = Day(restored_share=0.75, hold_s=60.0).run(60).run(200, dark=B1).run(50, dark=(9,))
    assert len(day.told()) == 2
    day.run(60, dark=(9,))
    assert day.told()[2:] == [("meter.silent", Stage.BEGIN, "meter", "m9")]
