"""An outage names what was found at its place before: fire risk first, then the gravest and latest."""

import dataclasses
import json
import random

import jsonschema
import msgspec
import pytest

from edge_agent.contract import Event, TimeQuality, encode
from edge_agent.contract.envelope import utc_text
from edge_agent.contract.schema import json_schema
from edge_agent.events import EventBook, EventIds, EventSettings
from edge_agent.model import Finding, Place, Stage

T0 = 1_790_000_000_000
DAY_S = 86_400.0


def now(at_s=0.0):
    return T0 + int(1000 * at_s)


def finding(kind, at_s=0.0, stage=Stage.BEGIN, scope="meter", place="m1", meters=("m1",), **changes):
    base = Finding(
        kind=kind, stage=stage, place=Place(kind=scope, id=place), at_utc_ms=now(at_s), evidence_from_utc_ms=now(at_s),
        evidence_to_utc_ms=now(at_s), score=1.0, confidence=0.9, meters=meters,
    )
    return dataclasses.replace(base, **changes)


def make_book(**settings):
    return EventBook(EventSettings(**settings), EventIds(random.Random(1)).new)


@pytest.fixture
def book():
    return make_book()


def kinds(change):
    return [precursor.kind for precursor in change.body.precursors]


def lost(book, at_s, kind="supply.lost", **changes):
    return book.apply(finding(kind, at_s, **changes), now(at_s))


def test_an_outage_names_the_events_that_were_on_at_its_place(book):
    joint = book.apply(finding("joint.loose"), now())
    change = lost(book, 600)
    (precursor,) = change.body.precursors
    assert (precursor.event_id, precursor.kind, precursor.begin) == (joint.body.event_id, "joint.loose", utc_text(T0))


def test_a_home_that_falls_silent_alone_names_them_too(book):
    book.apply(finding("joint.loose"), now())
    assert kinds(lost(book, 600, "meter.silent")) == ["joint.loose"]


def test_other_kinds_of_events_name_none(book):
    book.apply(finding("joint.loose"), now())
    assert kinds(lost(book, 600, "voltage.low")) == []


def test_events_that_ended_days_before_are_named_for_thirty_days_and_no_longer(book):
    book.apply(finding("overload"), now())
    book.apply(finding("overload", 60, Stage.END), now(60))
    book.forget_old(now(29 * DAY_S))
    assert kinds(lost(book, 29 * DAY_S)) == ["overload"]
    book.apply(finding("supply.lost", 29 * DAY_S + 60, Stage.END), now(29 * DAY_S + 60))
    assert kinds(lost(book, 31 * DAY_S)) == []


def test_an_event_that_is_still_on_is_named_however_old(book):
    book.apply(finding("residual.trend"), now())
    book.forget_old(now(90 * DAY_S))
    assert kinds(lost(book, 90 * DAY_S)) == ["residual.trend"]


def test_the_number_of_days_is_a_setting_and_nought_switches_it_off():
    for days, expected in ((0.0, []), (1.0, []), (3.0, ["overload"])):
        book = make_book(precursor_days=days)
        book.apply(finding("overload"), now())
        book.apply(finding("overload", 60, Stage.END), now(60))
        book.forget_old(now(2 * DAY_S))
        assert kinds(lost(book, 2 * DAY_S)) == expected


@pytest.mark.parametrize("days", [-1.0, 1000.0])
def test_impossible_days_are_refused(days):
    with pytest.raises(ValueError, match="precursor_days"):
        EventSettings(precursor_days=days)


def test_what_begins_with_the_outage_is_no_precursor(book):
    book.apply(finding("voltage.low", 570), now(570))
    assert kinds(lost(book, 600)) == []


@pytest.mark.parametrize(("scope", "place", "meters", "is_named"), [
    ("node", "f1/b1", ("m1", "m2"), True),            # above: they share the meter
    ("node", "f1/b1/x2", ("m7",), False),             # beside
    ("meter", "m9", ("m9",), False),
    ("area", "area-1", ("head",), True),              # the whole area is above every place
])
def test_a_precursor_lies_at_below_or_above_the_place(book, scope, place, meters, is_named):
    book.apply(finding("neutral.loose", scope=scope, place=place, meters=meters), now())
    assert bool(lost(book, 600).body.precursors) is is_named


@pytest.mark.parametrize(("place", "is_named"), [("f1", True), ("f1/b1/x1", True), ("f1/b1", True), ("f1/b10", False), ("f2", False)])
def test_nodes_are_related_by_their_path_even_without_meters_in_common(book, place, is_named):
    book.apply(finding("phase.overload", scope="node", place=place, meters=("box-meter",)), now())
    assert bool(lost(book, 600, scope="node", place="f1/b1", meters=("m1", "m2")).body.precursors) is is_named


def test_fire_risk_comes_first_then_the_gravest_then_the_latest(book):
    for at_s, kind, severity in ((0, "voltage.low", "warning"), (10, "overload", "alarm"), (20, "fire.risk", "info"),
                                 (30, "joint.loose", "alarm")):  # fmt: skip
        book.apply(finding(kind, at_s, severity=severity), now(at_s))
        book.apply(finding(kind, at_s + 100, Stage.END), now(at_s + 100))
    assert kinds(lost(book, 600)) == ["fire.risk", "joint.loose", "overload", "voltage.low"]


def test_the_worst_severity_of_an_event_is_kept_when_it_eases_before_it_ends(book):
    for stage, at_s, severity in ((Stage.BEGIN, 0, "warning"), (Stage.CHANGE, 60, "alarm"), (Stage.CHANGE, 120, "warning"),
                                  (Stage.END, 180, "warning")):  # fmt: skip
        book.apply(finding("fire.risk", at_s, stage, severity=severity), now(at_s))
    assert [precursor.severity for precursor in lost(book, 600).body.precursors] == ["alarm"]


def test_every_revision_of_the_outage_keeps_them(book):
    book.apply(finding("joint.loose"), now())
    first = lost(book, 600)
    second = lost(book, 660, meters=("m1", "m2"))
    last = book.apply(finding("supply.lost", 700, Stage.END), now(700))
    assert first.body.precursors == second.body.precursors == last.body.precursors != []


def test_they_survive_a_restart(book):
    book.apply(finding("joint.loose"), now())
    book.apply(finding("joint.loose", 60, Stage.END), now(60))
    book.forget_old(now(1000))
    again = make_book()
    again.load(book.save())
    assert kinds(lost(again, DAY_S)) == ["joint.loose"]


def test_a_book_saved_before_there_were_precursors_is_read(book):
    book.apply(finding("joint.loose"), now())
    again = make_book()
    again.load(book.save().partition(b"\n")[0])
    assert kinds(lost(again, 600)) == ["joint.loose"]


def test_damaged_past_events_are_refused_and_change_nothing(book):
    book.apply(finding("joint.loose"), now())
    with pytest.raises(ValueError, match="damaged"):
        book.load(b"[]\n{")
    assert len(book.active()) == 1


def test_what_is_kept_of_the_past_is_bounded_and_the_gravest_stays(book):
    for number in range(700):
        severity = "alarm" if number < 10 else "warning"
        book.apply(finding("voltage.low", number, place=f"m{number}", severity=severity, meters=("m1",)), now(number))
        book.apply(finding("voltage.low", number + 1, Stage.END, place=f"m{number}", meters=("m1",)), now(number + 1))
    book.forget_old(now(5000))
    assert len(msgspec.json.decode(book.save().partition(b"\n")[2])) == 500
    found = lost(book, 6000).body.precursors
    assert len(found) == 20
    assert {precursor.node_id for precursor in found[:10]} == {f"m{number}" for number in range(10)}


def test_the_message_with_precursors_fits_the_schema_and_one_without_says_nothing_of_them(book):
    book.apply(finding("joint.loose"), now())
    for change, has_them in ((lost(book, 600), True), (book.apply(finding("overload", place="m2"), now()), False)):
        message = json.loads(encode(Event(
            v=1, agent="a", epoch=1, st="a", seq=1, ts=utc_text(T0), tq=TimeQuality(src="ntp", mono_ms=0, boot="b"), type=change.type,
            sev=change.severity, data=change.body,
        )))
        jsonschema.validate(message, json_schema("event"))
        assert ("precursors" in message["data"]) is has_them


def test_the_schema_does_not_ask_for_precursors_so_that_earlier_messages_stay_valid():
    schema = json_schema("event")
    assert "precursors" not in schema["$defs"]["EventBody"]["required"]
