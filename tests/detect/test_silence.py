"""Silence: one meter is silent, a branch has probably lost supply, the area only with the mains as proof."""

import pytest

from edge_agent.detect.quality.silence import SilenceDetector, SilenceSettings
from edge_agent.model import Stage
from tests.detect.areas import archive, at, frame, sample

N = 12  # m0 m3 m6 m9 on f1/b1, m1 m4 m7 m10 on f1/b2, m2 m5 m8 m11 on f2/b1


class Day:
    """Polls every 10 s; who is dark does not answer."""

    def __init__(self, **settings):
        self.detector = SilenceDetector(archive(N), SilenceSettings(**settings))
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


def test_a_meter_that_falls_silent_much_later_is_not_part_of_the_group():
    day = Day().run(60).run(200, dark=(0,)).run(200, dark=B1)
    assert ("supply.lost", Stage.BEGIN, "node", "f1/b1") not in day.told()
    assert {told[3] for told in day.told()} == {"m0", "m3", "m6", "m9"}


def test_a_branch_inside_a_larger_outage_is_merged_into_it():
    day = Day(together_s=600.0, hold_s=0.0).run(60).run(200, dark=B1).run(200, dark=F1)
    merged = [finding for finding in day.findings if finding.superseded_by]
    assert [(finding.place.id, finding.superseded_by) for finding in merged if finding.place.kind == "node"] == [("f1/b1", "f1")]
    assert day.told()[-1] == ("supply.lost", Stage.BEGIN, "node", "f1")


def test_an_outage_ends_when_nearly_all_answer_and_the_rest_is_told_by_name():
    day = Day(restored_share=0.75).run(60).run(200, dark=B1).run(100, dark=(9,))
    assert day.told()[1:] == [("supply.lost", Stage.END, "node", "f1/b1"), ("meter.silent", Stage.BEGIN, "meter", "m9")]
