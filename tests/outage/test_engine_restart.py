"""The engine over a restart: what is on stays on, what was counted stays counted, damaged state changes nothing."""

import json

import pytest

from edge_agent.model import Stage
from tests.detect.areas import at
from tests.outage.day import B1, F1, LIVE, Day


def test_an_agent_that_restarts_in_an_outage_does_not_call_it_restored_before_meters_answer():
    before = Day().run(60).run(200, dark=B1).run(200, dark=(*B1, 1))
    after = Day()
    after.engine.load(before.engine.save())
    after.seconds = before.seconds
    after.frame.now_utc_ms = at(after.seconds)
    assert after.engine.update(after.frame) == []  # nobody has been asked yet
    assert after.engine.conditions() == before.engine.conditions() != set()
    after.run(100, dark=(*B1, 1))
    assert after.told() == []
    after.run(20)
    assert {(kind, stage, place) for kind, stage, _, place in after.told()} == {
        ("supply.lost", "end", "f1/b1"), ("meter.silent", "end", "m1"),
    }  # fmt: skip


def test_an_agent_that_restarts_goes_on_counting_failed_polls():
    before = Day().run(60).run(20, dark=B1)
    after = Day()
    after.engine.load(before.engine.save())
    after.seconds = before.seconds
    assert after.engine.conditions() == before.engine.conditions() != set()
    after.run(60, dark=B1)
    assert after.engine.conditions() == before.engine.conditions()
    assert dict(after.run(100).findings[0].evidence)["polls_failed"] == 4 * 2


def test_an_agent_that_restarts_still_knows_who_was_dead_before():
    before = Day().run(60).run(1000, dark=(0,))
    after = Day()
    after.engine.load(before.engine.save())
    after.seconds = before.seconds
    after.run(30, dark=(0,)).run(200, dark=B1)
    assert [(finding.place.id, finding.meters) for finding in after.findings if finding.stage is Stage.BEGIN] == [
        ("f1/b1", ("m3", "m6", "m9"))
    ]


@pytest.mark.parametrize("spoil", [
    lambda text: text[:-20], lambda text: text.replace('"m11"', '"m99"'),
    lambda text: text.replace('"members": [0, 3, 6, 9]', '"members": [0, 3, 6, 99]'), lambda text: "[]", lambda text: "5",
    lambda text: text.replace('"unheard": {"b": ', '"unheard": {"b": 99999999999'),
])  # fmt: skip
def test_saved_state_that_is_damaged_or_of_another_area_is_refused(spoil):
    saved = Day().run(60).run(200, dark=B1).engine.save().decode()
    spoiled = spoil(saved)
    assert spoiled != saved
    with pytest.raises(ValueError, match="saved state"):
        Day().engine.load(spoiled.encode())


def test_a_suspicion_from_before_a_restart_is_ended_when_its_meters_answer():
    before = Day(hold_polled_s=600.0).run(60).run(20, dark=(0, 3))
    assert before.states() == ["suspected"]
    after = Day(hold_polled_s=600.0)
    after.engine.load(before.engine.save())
    after.seconds = before.seconds
    after.run(30)
    assert after.engine.conditions() == set()
    assert [(finding.stage, finding.outage.incident) for finding in after.findings] == [
        (Stage.END, before.findings[0].outage.incident)
    ]


def test_state_that_is_damaged_late_in_it_changes_nothing():
    day = Day().run(60).run(200, dark=B1)
    saved = day.engine.save()
    other = json.loads(Day().run(60).run(300, dark=F1, supply=LIVE).engine.save())
    other[2]["delivery"] = "damaged"
    with pytest.raises(ValueError, match="saved state"):
        day.engine.load(json.dumps(other).encode())
    assert day.engine.save() == saved
