"""The life of an outage: one event for each incident, whatever its place; states in their order; few messages; the same after a restart."""

import dataclasses
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.contract import Event, TimeQuality, encode, saved_event_of
from edge_agent.contract.envelope import utc_ms_of, utc_text
from edge_agent.events import EventBook, EventIds, EventSettings
from edge_agent.model import Finding, Outage, Place, Stage

T0 = 1_790_000_000_000
BOX = tuple(f"m{number}" for number in range(8))
STATES = ("suspected", "confirmed", "localised", "partial", "restored", "closed", "discarded")


def now(at_s=0.0):
    return T0 + round(1000 * at_s)


def finding(state="suspected", at_s=0.0, stage=None, *, incident="i1", place=None, meters=BOX, kind="supply.lost", changes=(), **outage):
    """A finding with the stage that its state goes with."""
    if stage is None:
        stage = Stage.END if state in ("restored", "closed", "discarded") else Stage.BEGIN
    return Finding(**{
        "kind": kind, "stage": stage, "place": place or Place(kind="node", id="f1/b1/x1"), "at_utc_ms": now(at_s),
        "evidence_from_utc_ms": T0, "evidence_to_utc_ms": now(at_s), "score": 1.0, "confidence": 0.9, "severity": "alarm",
        "meters": meters, "outage": Outage(incident=incident, state=state, original=BOX, **outage), **dict(changes),
    })


def make_book(seed=1, **changes):
    return EventBook(EventSettings(**changes), EventIds(random.Random(seed)).new)


@pytest.fixture
def book():
    return make_book()


def live(book, *steps, **changes):
    """Changes of (state, at_s) steps."""
    return [book.apply(finding(state, at_s, **changes), now(at_s)) for state, at_s in steps]


def message(change):
    return encode(Event(
        v=1, agent="a", epoch=1, st="a", seq=1, ts=utc_text(T0), tq=TimeQuality(src="ntp", mono_ms=0, boot="b"), type=change.type,
        sev=change.severity, data=change.body,
    ))


def test_an_outage_lives_from_suspicion_to_its_close(book):
    changes = live(book, ("suspected", 0), ("confirmed", 40), ("localised", 60), ("partial", 300), ("restored", 600), ("closed", 900))
    assert [change.body.state for change in changes] == ["suspected", "confirmed", "localised", "partial", "restored", "closed"]
    assert [change.type for change in changes] == [
        "outage.start", "outage.change", "outage.change", "outage.change", "outage.restore", "outage.close",
    ]
    assert [change.is_on for change in changes] == [True, True, True, True, False, False]
    assert [change.body.revision for change in changes] == [1, 2, 3, 4, 5, 6]
    assert [change.body.verified for change in changes] == [False, True, True, True, True, True]
    assert changes[-1].body.end == changes[-2].body.end == utc_text(now(600))
    assert changes[-1].body.duration_s == 600.0
    assert [change.cim for change in changes] == ["3.26.0.85"] * 4 + ["3.26.0.216", ""]


def test_its_place_may_change_and_the_event_stays(book):
    first = book.apply(finding(place=Place(kind="meter", id="m1"), meters=("m1",)), now())
    second = book.apply(finding("localised", 50, place=Place(kind="node", id="f1")), now(50))
    assert (second.body.event_id, second.body.scope, second.body.node_id) == (first.body.event_id, "node", "f1")


def test_two_incidents_at_one_place_are_two_events(book):
    one, two = live(book, ("suspected", 0), incident="i1"), live(book, ("suspected", 0), incident="i2")
    assert one[0].body.event_id != two[0].body.event_id


def test_a_suspicion_is_discarded_with_its_reason(book):
    live(book, ("suspected", 0))
    change = book.apply(finding("discarded", 70, reason="the meters answered"), now(70))
    assert (change.type, change.body.state, change.body.reason, change.is_on, change.body.meters_affected) == (
        "outage.discard", "discarded", "the meters answered", False, 0,
    )
    assert change.body.momentary is None
    assert change.body.customers_restored is None


@pytest.mark.parametrize(("at_s", "is_momentary"), [(200, True), (400, False)])
def test_a_short_one_is_momentary_in_the_end(book, at_s, is_momentary):
    assert live(book, ("confirmed", 0), ("restored", at_s))[1].body.momentary is is_momentary


def test_what_was_restored_may_begin_again_as_the_same_event(book):
    first, _, again = live(book, ("confirmed", 0), ("restored", 100), ("confirmed", 200))
    assert (again.type, again.body.event_id, again.body.reopened, again.body.end) == ("outage.start", first.body.event_id, 1, None)
    assert (again.body.begin, again.body.reopened_at) == (first.body.begin, utc_text(now(200)))


@pytest.mark.parametrize(("before", "after"), [
    (("restored", "closed"), "partial"), (("restored", "closed"), "restored"), (("discarded",), "confirmed"), (("restored",), "discarded"),
])
def test_a_step_that_life_does_not_have_is_refused_and_counted(book, before, after):
    live(book, ("confirmed", 0), *((state, 10 * number) for number, state in enumerate(before, 1)))
    assert book.apply(finding(after, 100), now(100)) is None
    assert book.refused == 1


def test_what_was_confirmed_is_not_suspected_again_but_the_rest_of_the_finding_counts(book):
    live(book, ("confirmed", 0))
    change = book.apply(finding("suspected", 60, meters=BOX[:5]), now(60))
    assert (change.body.state, change.body.meters_affected, book.refused) == ("confirmed", 5, 1)


def test_an_end_that_was_never_restored_is_restored_first(book):
    assert [change.body.state for change in live(book, ("confirmed", 0), ("closed", 10), ("closed", 20))] == [
        "confirmed", "restored", "closed",
    ]


def test_the_same_finding_again_says_nothing_new(book):
    live(book, ("confirmed", 0))
    for at_s in range(30, 300, 30):
        assert book.apply(finding("confirmed", at_s, odds=20.0 + at_s, changes={"confidence": 0.9 + at_s / 1e4}), now(at_s)) is None
    assert book.due(now(400)) == []


@pytest.mark.parametrize("changes", [
    {"cause": "planned"}, {"disagreeing": ("m9",)}, {"meters": BOX[:4]}, {"place": Place(kind="node", id="f1")},
    {"changes": {"confidence": 0.999}}, {"ambiguous_with": ("upstream",)},
])
def test_what_a_reader_would_act_on_is_a_revision(book, changes):
    live(book, ("confirmed", 0))
    assert book.apply(finding("confirmed", 60, **changes), now(60)).body.revision == 2


def test_a_storm_of_a_thousand_meters_makes_few_messages():
    book, sent = make_book(), []
    names = tuple(f"m{number:04}" for number in range(1000))
    for count in range(1, 1001):       # one more meter every 50 ms
        at_s = count * 0.05
        state = "suspected" if count < 4 else "confirmed" if count < 500 else "localised"
        change = book.apply(finding(state, at_s, meters=names[:count]), now(at_s))
        sent += [change] if change is not None else []
        sent += book.due(now(at_s))
    sent += book.due(now(120))
    assert len({change.body.event_id for change in sent}) == 1
    assert len(sent) <= 10
    assert len(sent[-1].body.meters) == 1000


def test_a_change_that_had_to_wait_is_sent_when_it_may(book):
    live(book, ("confirmed", 0))
    assert book.apply(finding("confirmed", 3, meters=BOX[:6]), now(3)) is None
    assert book.due(now(9)) == []
    (change,) = book.due(now(10))
    assert (change.type, change.body.meters_affected, change.body.published) == ("outage.change", 6, utc_text(now(10)))
    assert book.due(now(30)) == []


def test_a_state_that_goes_forward_does_not_wait_and_one_that_goes_back_does(book):
    live(book, ("confirmed", 0))
    assert book.apply(finding("localised", 1), now(1)).body.state == "localised"
    assert book.apply(finding("confirmed", 2), now(2)) is None
    assert book.apply(finding("localised", 3), now(3)) is None


def test_what_waits_survives_a_restart(book):
    opened = live(book, ("confirmed", 0))[0]
    book.published(saved_event_of(message(opened)))
    book.apply(finding("confirmed", 3, meters=BOX[:6]), now(3))
    again = make_book(2)
    again.load(book.save())
    assert [change.body.meters_affected for change in again.due(now(20))] == [6]


def test_publishing_a_revision_does_not_undo_what_waits(book):
    opened = live(book, ("confirmed", 0))[0]
    book.apply(finding("confirmed", 3, meters=BOX[:6]), now(3))
    book.published(saved_event_of(message(opened)))
    (saved,) = book.active()
    assert saved.message == message(opened).decode()
    assert [change.body.meters_affected for change in book.due(now(20))] == [6]


def test_counts_follow_those_who_are_back(book):
    partial = live(book, ("localised", 0))[0], book.apply(finding("partial", 100, meters=BOX[:3]), now(100))
    assert [(change.body.meters_affected, change.body.customers_restored, change.body.original_meters_affected) for change in partial] == [
        (8, 0, 8), (3, 5, 8),
    ]
    restored = book.apply(finding("restored", 200, meters=BOX), now(200))       # an end names those who are back
    assert (restored.body.meters_affected, restored.body.customers_restored, restored.body.meters) == (0, 8, list(BOX))


def test_what_a_restoration_leaves_behind_is_linked_both_ways(book):
    parent = live(book, ("localised", 0))[0]
    restored = book.apply(finding("restored", 600, meters=BOX[2:]), now(600))
    child = book.apply(finding("localised", 700, incident="i2", parent="i1", meters=BOX[:2], changes={"at_utc_ms": T0}), now(700))
    closed = book.apply(finding("closed", 900, meters=BOX[2:]), now(900))
    assert restored.body.meters_affected == 2
    assert child.body.parent_id == parent.body.event_id
    assert closed.body.children == [child.body.event_id]
    assert (closed.body.meters_affected, closed.body.customers_restored) == (2, 6)
    assert child.body.begin == parent.body.begin


def test_those_who_came_back_in_an_event_of_their_own_are_not_out_when_the_first_one_closes(book):
    live(book, ("localised", 0))
    book.apply(finding("restored", 600, meters=BOX[2:]), now(600))
    for state, at_s in (("localised", 700), ("restored", 800)):
        book.apply(finding(state, at_s, incident="i2", parent="i1", meters=BOX[:2]), now(at_s))
    closed = book.apply(finding("closed", 900, meters=BOX[2:]), now(900))
    assert (closed.body.meters_affected, closed.body.customers_restored) == (0, 8)


def test_a_larger_event_takes_up_a_smaller_one(book):
    small = live(book, ("suspected", 0), incident="s", place=Place(kind="meter", id="m1"))[0]
    large = live(book, ("localised", 30), incident="l", place=Place(kind="node", id="f1"))[0]
    merged = book.apply(finding("restored", 31, incident="s", changes={"superseded_by": "l"}), now(31))
    assert (merged.type, merged.body.state, merged.body.superseded_by, merged.body.superseded_by_event, merged.is_on) == (
        "outage.merged", "closed", "f1", large.body.event_id, False,
    )
    later = live(book, ("restored", 300), incident="l", place=Place(kind="node", id="f1"))[0]
    assert later.body.supersedes == [small.body.event_id]


def test_a_smaller_event_that_ends_first_is_named_by_the_larger_one_at_once(book):
    small = live(book, ("suspected", 0), incident="s")[0]
    book.apply(finding("restored", 31, incident="s", changes={"superseded_by": "l"}), now(31))
    assert live(book, ("localised", 31), incident="l")[0].body.supersedes == [small.body.event_id]


def test_a_covering_event_may_be_named_by_its_place(book):
    small = live(book, ("suspected", 0), incident="s", place=Place(kind="meter", id="m1"))[0]
    book.apply(finding("closed", 31, incident="s", place=Place(kind="meter", id="m1"), changes={"superseded_by": "f1"}), now(31))
    large = live(book, ("localised", 31), incident="l", place=Place(kind="node", id="f1"), changes={"at_utc_ms": T0})[0]
    later = live(book, ("localised", 4000), incident="z", place=Place(kind="node", id="f1"))[0]
    assert (large.body.supersedes, later.body.supersedes) == ([small.body.event_id], [])


def test_a_meter_that_was_silent_alone_is_named_by_the_outage_that_covers_it(book):
    begin = dataclasses.replace(finding(kind="meter.silent", place=Place(kind="meter", id="m1"), meters=("m1",)), outage=None)
    silent = book.apply(begin, now())
    outage = live(book, ("localised", 30), place=Place(kind="node", id="f1"), changes={"at_utc_ms": T0})[0]
    merged = book.apply(dataclasses.replace(begin, stage=Stage.END, at_utc_ms=now(31), superseded_by="f1"), now(31))
    assert (silent.body.state, merged.type, merged.body.superseded_by_event) == ("unknown", "meter.silent.merged", outage.body.event_id)
    assert silent.body.could_be == ["supply lost at this meter", "module or meter failure"]


def test_an_outage_that_turns_out_to_be_planned_work_stays_one_event(book):
    first = live(book, ("suspected", 0))[0]
    planned = live(book, ("suspected", 2), kind="supply.planned", work="w7", cause="planned")[0]
    assert (planned.type, planned.body.event_id, planned.body.kind) == ("supply.planned.change", first.body.event_id, "supply.planned")
    over = live(book, ("restored", 900), kind="supply.planned")[0]
    assert (over.type, over.is_on) == ("supply.planned.restore", False)
    assert book.active() == []


def test_what_the_memory_of_meters_tells_afterwards_is_one_closed_event(book):
    told = live(book, ("confirmed", 500), ("restored", 500), ("closed", 500), is_retroactive=True, changes={"at_utc_ms": now(100)})
    assert [change.type for change in told] == ["outage.start", "outage.restore", "outage.close"]
    assert all(change.body.retroactive for change in told)


def test_an_outage_is_watched_as_its_incident(book):
    live(book, ("localised", 0), incident="i1")
    live(book, ("localised", 0), incident="i2")
    (withdrawn,) = book.withdraw_unwatched({("supply.lost", Place(kind="incident", id="i1"))}, now(60))
    assert (withdrawn.body.incident, withdrawn.type, withdrawn.body.state) == ("i2", "outage.withdrawn", "closed")
    again = book.apply(finding("localised", 70, incident="i2"), now(70))
    assert (again.body.event_id, again.type) == (withdrawn.body.event_id, "outage.start")


def test_it_can_be_closed_long_after_it_was_restored_and_is_forgotten_then(book):
    live(book, ("localised", 0), ("restored", 100))
    book.forget_old(now(100 + 3600))
    assert live(book, ("closed", 100 + 3600))[0].type == "outage.close"
    book.forget_old(now(100 + 2 * 3600))
    assert len(msgspec.json.decode(book.save().partition(b"\n")[0])) == 0


def test_the_begin_is_told_more_exactly_by_an_earlier_or_a_surer_finding(book):
    live(book, ("suspected", 0), uncertainty_s=30.0)
    worse = book.apply(finding("confirmed", 20, uncertainty_s=60.0, changes={"at_utc_ms": now(5)}), now(20))
    assert (worse.body.begin, worse.body.begin_uncertainty_s) == (utc_text(T0), 30.0)
    earlier = book.apply(finding("localised", 40, Stage.CHANGE, uncertainty_s=40.0, changes={"at_utc_ms": now(-5)}), now(40))
    assert (earlier.body.begin, earlier.body.begin_uncertainty_s) == (utc_text(now(-5)), 40.0)
    surer = book.apply(finding("partial", 60, Stage.BEGIN, uncertainty_s=2.0, changes={"at_utc_ms": now(1)}), now(60))
    assert (surer.body.begin, surer.body.begin_uncertainty_s) == (utc_text(now(1)), 2.0)


def test_odds_without_bound_are_a_number(book):
    assert live(book, ("localised", 0), odds=float("inf"))[0].body.odds == 1e9


def test_a_precursor_at_the_place_that_is_found_later_is_named(book):
    book.apply(Finding(
        kind="joint.loose", stage=Stage.BEGIN, place=Place(kind="node", id="f1"), at_utc_ms=now(-900), evidence_from_utc_ms=now(-900),
        evidence_to_utc_ms=now(-900), score=1.0, confidence=0.9, meters=("x",),
    ), now(-900))
    first = live(book, ("suspected", 0), place=Place(kind="node", id="f2/b1"))[0]
    later = live(book, ("localised", 30), place=Place(kind="node", id="f1/b1"))[0]
    assert ([one.kind for one in first.body.precursors], [one.kind for one in later.body.precursors]) == ([], ["joint.loose"])


def test_a_clock_that_is_set_back_in_the_middle_neither_loses_nor_turns_times(book):
    first, second = live(book, ("confirmed", 1000), ("partial", 10))
    third = live(book, ("restored", 20))[0]
    published = [change.body.published for change in (first, second, third)]
    assert published == sorted(published)
    assert third.body.end >= third.body.begin
    assert third.body.duration_s >= 0.0


@pytest.mark.parametrize(("said_s", "end_s"), [(-500, 0), (9000, 100), (60, 60)])
def test_an_end_lies_between_the_begin_and_its_publication(book, said_s, end_s):
    live(book, ("confirmed", 0))
    assert book.apply(finding("restored", 100, changes={"at_utc_ms": now(said_s)}), now(100)).body.end == utc_text(now(end_s))


def test_a_crew_on_its_way_is_shown_and_does_not_change_the_state(book):
    opened = live(book, ("localised", 0))[0]
    sent = book.dispatch(opened.body.event_id, "dispatched", at_utc_ms=now(60), by="crew 4", until_utc_ms=now(3600), now_utc_ms=now(61))
    arrived = book.dispatch(opened.body.event_id, "arrived", at_utc_ms=now(900), by="crew 4", now_utc_ms=now(901))
    assert [(change.type, change.body.dispatch.state, change.body.state) for change in (sent, arrived)] == [
        ("outage.dispatch", "dispatched", "localised"), ("outage.dispatch", "arrived", "localised"),
    ]
    assert (sent.body.dispatch.by, sent.body.dispatch.until) == ("crew 4", utc_text(now(3600)))
    restored = live(book, ("restored", 1000))[0]
    assert restored.body.dispatch.state == "arrived"


def test_a_crew_for_what_is_over_or_unknown_is_refused_and_a_repetition_is_nothing(book):
    event_id = live(book, ("localised", 0))[0].body.event_id
    assert book.dispatch("0" * 32, "dispatched", at_utc_ms=now(), now_utc_ms=now()) is None
    assert book.dispatch(event_id, "cancelled", at_utc_ms=now(), now_utc_ms=now()) is None
    assert book.refused == 2
    for _ in range(2):
        last = book.dispatch(event_id, "arrived", at_utc_ms=now(60), now_utc_ms=now(60))
    assert last is None
    assert book.dispatch(event_id, "dispatched", at_utc_ms=now(30), now_utc_ms=now(70)) is None     # older than what is known
    live(book, ("restored", 100), ("closed", 200))
    assert book.dispatch(event_id, "dispatched", at_utc_ms=now(300), now_utc_ms=now(300)) is None


LEGAL = {
    None: {"suspected", "confirmed", "localised", "partial"},
    "suspected": {"suspected", "confirmed", "localised", "partial", "restored", "discarded", "closed"},
    "confirmed": {"confirmed", "localised", "partial", "restored", "discarded", "closed"},
    "localised": {"confirmed", "localised", "partial", "restored", "discarded", "closed"},
    "partial": {"confirmed", "localised", "partial", "restored", "discarded", "closed"},
    "restored": {"closed", "suspected", "confirmed", "localised", "partial", "restored"},
    "closed": {"suspected", "confirmed", "localised", "partial"},      # only of what had been withdrawn
    "discarded": set(),
}
ACTIONS = st.tuples(
    st.sampled_from(["find", "find", "find", "repeat", "restart", "replay", "due", "crew", "withdraw"]),
    st.sampled_from(STATES), st.sampled_from([None, Stage.BEGIN, Stage.CHANGE, Stage.END]), st.sampled_from(["i1", "i2"]),
    st.integers(0, 8), st.sampled_from(["", "", "", "i1", "i2"]), st.sampled_from([-3000, 0, 1, 7, 30, 400]),
)


@settings(max_examples=300, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=40))
def test_whatever_is_found_in_whatever_order_the_life_of_every_event_is_sound(actions):
    book, at_s, told, by_event = make_book(), 10_000.0, [], {}

    def check(change):
        if change is None:
            return
        told.append(change)
        body, before = change.body, by_event.get(change.body.event_id)
        assert body.revision == (1 if before is None else before.body.revision + 1)
        allowed = LEGAL[None if before is None else before.body.state]
        assert body.state in allowed or (change.type.endswith("dispatch") and body.state == before.body.state)
        if before is not None:
            assert (body.incident, body.kind) == (before.body.incident, before.body.kind)
            assert body.published >= before.body.published
            assert body.evidence_to >= before.body.evidence_to
            if before.body.state == "closed":
                assert before.type == "outage.withdrawn"
            if change.type == "outage.change" and body.state == before.body.state:
                assert utc_ms_of(body.published) - utc_ms_of(before.body.published) >= 10_000 or has_stepped
        assert body.published >= body.evidence_to >= body.evidence_from
        assert change.is_on == (body.end is None)
        assert change.is_on == (body.state in ("suspected", "confirmed", "localised", "partial"))
        if body.end is not None:
            assert body.begin <= body.end <= body.published
            assert body.duration_s == (utc_ms_of(body.end) - utc_ms_of(body.begin)) / 1000
        by_event[body.event_id] = change
        book.published(saved_event_of(message(change)))

    has_stepped, last = False, None
    for action, state, stage, incident, n_meters, into, wait_s in actions:
        has_stepped |= wait_s < 0
        at_s += wait_s
        if action == "find":
            last = finding(state, at_s, stage, incident=incident, meters=BOX[:n_meters], parent="i1" if incident == "i2" else "")
            if last.stage is Stage.END and into != incident:
                last = dataclasses.replace(last, superseded_by=into)
            check(book.apply(last, now(at_s)))
        elif action == "repeat" and last is not None:
            check(book.apply(last, now(at_s)))
        elif action == "due":
            for change in book.due(now(at_s)):
                check(change)
        elif action == "crew" and told:
            check(book.dispatch(told[-1].body.event_id, "arrived", at_utc_ms=now(at_s), now_utc_ms=now(at_s)))
        elif action == "withdraw":
            for change in book.withdraw_unwatched({("supply.lost", Place(kind="incident", id="i1"))}, now(at_s)):
                check(change)
        elif action == "restart":
            saved, book = book.save(), make_book(len(told) + 2)
            book.load(saved)
            book.restore(saved_event_of(message(change)) for change in told[-3:])
        elif action == "replay":
            book.restore(saved_event_of(message(change)) for change in told)
    assert {saved.body.event_id for saved in book.active()} == {event_id for event_id, change in by_event.items() if change.is_on}


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(STATES), st.integers(1, 8), st.integers(1, 200)), min_size=1, max_size=15))
def test_a_history_that_is_told_twice_says_nothing_the_second_time(steps):
    book, at_s, history = make_book(), 0, []
    for state, n_meters, wait_s in steps:
        at_s += wait_s
        if state == "closed" and book.active():
            state = "restored"       # an end that skips the restoration counts as one: told again, it closes
        history.append(finding(state, at_s, meters=BOX[:n_meters]))
        book.apply(history[-1], now(at_s))
        book.due(now(at_s))
    book.due(now(at_s + 20))
    before = book.save()
    assert [book.apply(one, now(at_s + 60)) for one in history] == [None] * len(history)
    assert book.due(now(at_s + 100)) == []
    assert book.save() == before
