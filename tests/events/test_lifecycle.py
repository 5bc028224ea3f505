"""The life of events: one identity, rising revisions, no repeats, the same after a restart."""

import dataclasses
import random

import msgspec
import pytest

from edge_agent.contract import Event, TimeQuality, encode, saved_event_of
from edge_agent.contract.envelope import utc_text
from edge_agent.events import EventBook, EventIds, EventSettings
from edge_agent.model import Finding, Place, Stage

T0 = 1_790_000_000_000


def finding(stage=Stage.BEGIN, at_s=0.0, kind="overload", **changes):
    base = Finding(
        kind=kind,
        stage=stage,
        place=Place(kind="meter", id="m1", phases="a"),
        at_utc_ms=T0 + int(1000 * at_s),
        evidence_from_utc_ms=T0,
        evidence_to_utc_ms=T0 + int(1000 * at_s),
        score=1.0,
        confidence=0.9,
        observed=70.0,
        threshold=60.0,
        unit="A",
        meters=("m1",),
    )
    return dataclasses.replace(base, **changes)


def now(at_s=0.0):
    return T0 + int(1000 * at_s)


@pytest.fixture
def book():
    return EventBook(EventSettings(), EventIds(random.Random(1)).new)


def test_an_event_opens_is_revised_and_closes_with_rising_revisions(book):
    opened = book.apply(finding(), now())
    revised = book.apply(finding(Stage.CHANGE, 60, severity="alarm"), now(60))
    closed = book.apply(finding(Stage.END, 120), now(120))
    assert [change.body.revision for change in (opened, revised, closed)] == [1, 2, 3]
    assert len({change.body.event_id for change in (opened, revised, closed)}) == 1
    assert [change.type for change in (opened, revised, closed)] == ["overload.start", "overload.change", "overload.end"]
    assert [change.is_on for change in (opened, revised, closed)] == [True, True, False]
    assert closed.body.duration_s == 120.0
    assert closed.body.begin == opened.body.begin == utc_text(T0)


def test_a_begin_that_says_nothing_new_is_no_revision(book):
    book.apply(finding(), now())
    assert book.apply(finding(at_s=60), now(60)) is None
    assert book.ignored == 1


def test_the_end_of_an_unknown_event_is_ignored(book):
    assert book.apply(finding(Stage.END), now()) is None


def test_a_condition_that_flaps_stays_one_event(book):
    first = book.apply(finding(), now())
    book.apply(finding(Stage.END, 60), now(60))
    again = book.apply(finding(at_s=100), now(100))
    assert (again.body.event_id, again.body.revision, again.body.reopened) == (first.body.event_id, 3, 1)
    assert again.body.begin == first.body.begin
    assert again.body.end is None


def test_a_condition_that_comes_back_much_later_is_a_new_event(book):
    first = book.apply(finding(), now())
    book.apply(finding(Stage.END, 60), now(60))
    later = book.apply(finding(at_s=1000), now(1000))
    assert later.body.event_id != first.body.event_id
    assert later.body.revision == 1


def test_other_places_and_kinds_are_other_events(book):
    ids = {
        book.apply(finding(), now()).body.event_id,
        book.apply(finding(place=Place(kind="meter", id="m1", phases="b")), now()).body.event_id,
        book.apply(finding(kind="voltage.low"), now()).body.event_id,
    }
    assert len(ids) == 3


@pytest.mark.parametrize(("confidence", "state"), [(0.8, "suspected"), (0.98, "confirmed")])
def test_an_outage_is_suspected_until_it_is_proven(book, confidence, state):
    change = book.apply(finding(kind="supply.lost", confidence=confidence, place=Place(kind="area", id="x")), now())
    assert change.body.state == state
    assert (change.kind.event_class, change.kind.stream, change.type, change.cim) == ("outage", "a", "outage.start", "3.26.0.85")
    assert change.body.scope_ambiguous_with == ["upstream"]
    ended = book.apply(finding(Stage.END, 60, kind="supply.lost", place=Place(kind="area", id="x")), now(60))
    assert (ended.body.state, ended.type, ended.cim, ended.body.momentary) == ("restored", "outage.restore", "3.26.0.216", True)


def test_an_event_that_nobody_watches_is_withdrawn_not_restored(book):
    lost = book.apply(finding(kind="supply.lost"), now())
    watched = book.apply(finding(place=Place(kind="meter", id="m2", phases="a")), now())
    (change,) = book.withdraw_unwatched({("overload", Place(kind="meter", id="m2", phases="a"))}, now(60))
    assert (change.type, change.body.state, change.is_on, change.cim) == ("outage.withdrawn", "closed", False, "")
    assert (change.body.event_id, change.body.revision, change.body.duration_s) == (lost.body.event_id, 2, 60.0)
    assert change.body.could_be[0] == "still on"
    assert [saved.body.event_id for saved in book.active()] == [watched.body.event_id]
    assert book.apply(finding(Stage.END, 70, kind="supply.lost"), now(70)) is None


def test_a_withdrawn_condition_that_is_found_again_opens_the_same_event(book):
    lost = book.apply(finding(kind="supply.lost"), now())
    book.withdraw_unwatched(set(), now(60))
    again = book.apply(finding(kind="supply.lost", at_s=90), now(90))
    assert (again.type, again.body.event_id, again.body.revision, again.body.reopened) == ("outage.start", lost.body.event_id, 3, 1)
    assert again.body.begin == lost.body.begin


def test_a_clock_that_was_set_back_makes_no_negative_duration(book):
    book.apply(finding(at_s=100), now(100))
    (change,) = book.withdraw_unwatched(set(), now(40))
    assert change.body.duration_s == 0.0


def test_what_goes_on_as_part_of_a_larger_event_is_merged_not_restored(book):
    place = Place(kind="node", id="f/b/x")
    book.apply(finding(kind="supply.lost", place=place), now())
    merged = book.apply(finding(Stage.END, 5, kind="supply.lost", place=place, superseded_by="f/b"), now(5))
    assert (merged.type, merged.body.state, merged.body.superseded_by, merged.cim, merged.is_on) == (
        "outage.merged",
        "closed",
        "f/b",
        "",
        False,
    )


def test_a_code_of_the_back_end_replaces_ours():
    book = EventBook(EventSettings(cim={"overload.start": "1.2.3.4"}), EventIds(random.Random(1)).new)
    assert book.apply(finding(), now()).cim == "1.2.3.4"


def message(change) -> bytes:
    return encode(
        Event(
            v=1,
            agent="a",
            epoch=1,
            st="e",
            seq=1,
            ts=utc_text(T0),
            tq=TimeQuality(src="ntp", mono_ms=0, boot="b"),
            type=change.type,
            sev=change.severity,
            data=change.body,
        )
    )


def test_a_saved_book_goes_on_with_the_same_event(book):
    opened = book.apply(finding(), now())
    book.published(saved_event_of(message(opened)))
    again = EventBook(EventSettings(), EventIds(random.Random(2)).new)
    again.load(book.save())
    closed = again.apply(finding(Stage.END, 60), now(60))
    assert (closed.body.event_id, closed.body.revision) == (opened.body.event_id, 2)
    assert [saved.message for saved in book.active()] == [message(opened).decode()]


def test_a_book_is_rebuilt_from_journaled_revisions_in_any_repetition(book):
    changes = [book.apply(finding(), now()), book.apply(finding(Stage.CHANGE, 60, severity="alarm"), now(60))]
    revisions = [saved_event_of(message(change)) for change in changes]
    again = EventBook(EventSettings(), EventIds(random.Random(2)).new)
    again.restore([*revisions, revisions[0]])
    closed = again.apply(finding(Stage.END, 90), now(90))
    assert (closed.body.event_id, closed.body.revision) == (changes[0].body.event_id, 3)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff"])
def test_damaged_saved_events_are_refused(book, data):
    with pytest.raises(ValueError, match="damaged"):
        book.load(data)


def test_old_events_are_forgotten_and_open_ones_never(book):
    book.apply(finding(), now())
    book.apply(finding(kind="voltage.low"), now())
    book.apply(finding(Stage.END, 10), now(10))
    book.forget_old(now(1000))
    assert [saved.body.kind for saved in book.active()] == ["voltage.low"]
    assert len(msgspec.json.decode(book.save().partition(b"\n")[0])) == 1


def test_ids_are_version_7_and_sort_by_time():
    ids = EventIds(random.Random(3))
    made = [ids.new(T0 + step) for step in range(50)]
    assert made == sorted(made)
    assert len(set(made)) == 50
    assert all(identity[12] == "7" and identity[16] in "89ab" and int(identity[:12], 16) == T0 + step for step, identity in enumerate(made))
