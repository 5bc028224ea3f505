"""Which evidence is weighed: of our own meters, at times that can be, once."""

import logging
import random

import pytest

from edge_agent.model import Evidence, EvidenceKind
from edge_agent.outage.filters import Filters, FilterSettings
from tests.detect.areas import T0, archive, at

HOUR_S = 3600.0


def filters(n=12, **settings):
    return Filters(archive(n), FilterSettings(**settings))


def gasp(*meters, at_s=0.0, kind=EvidenceKind.LAST_GASP, **more):
    return Evidence(kind=kind, at_utc_ms=at(at_s), meters=meters, **more)


def admitted_s(filtering, evidence_at, kind=EvidenceKind.LAST_GASP):
    """At which of these seconds the same evidence of meter 1, received then, is admitted."""
    return [second for second in evidence_at if filtering.admit(gasp(1, at_s=second, kind=kind), at(second)) is not None]


def counted(filtering):
    return {name: count for name, count in filtering.counters.items() if count}


def test_what_is_good_passes_unchanged():
    evidence = gasp(3, 4, bus="b")
    assert filters().admit(evidence, at(1)) is evidence


def test_meters_that_are_not_in_the_archive_are_left_out():
    filtering = filters(5)
    assert filtering.admit(gasp(-1, 4, 5, 10**30), at(0)).meters == (4,)
    assert filtering.admit(gasp(7), at(0)) is None
    assert counted(filtering) == {"admitted": 1, "meters_dropped": 3, "unknown_meter": 4}


def test_evidence_of_meters_that_names_none_is_refused():
    filtering = filters()
    assert filtering.admit(gasp(), at(0)) is None
    assert counted(filtering) == {"nobody": 1}


def test_a_repeat_is_dropped_until_it_has_been_silent_for_the_time_of_de_duplication():
    assert admitted_s(filters(), [0, 1, 80]) == [0]
    assert admitted_s(filters(), [0, 80.001]) == [0, 80.001]


def test_who_says_it_all_the_time_is_heard_again_after_the_cap():
    assert admitted_s(filters(), range(0, 500, 10)) == [0, 250]


def test_only_the_fresh_meters_of_a_report_are_left_and_each_once():
    filtering = filters()
    filtering.admit(gasp(1, 2), at(0))
    assert filtering.admit(gasp(1, 2, 3, 3, at_s=5), at(5)).meters == (3,)
    assert counted(filtering) == {"admitted": 2, "meters_dropped": 3, "repeated": 2}


def test_addresses_and_proxies_stay_with_their_meters():
    filtering = filters(5)
    changed = gasp(9, 1, 2, kind=EvidenceKind.ROUTING_CHANGED, addresses=("x", "y", "z"), relays=(0, 3, 77))
    left = filtering.admit(changed, at(0))
    assert (left.meters, left.addresses, left.relays) == ((1, 2), ("y", "z"), (3, -1))


def test_another_proxy_is_news_and_the_same_is_not():
    filtering = filters()
    found = [
        filtering.admit(gasp(1, kind=EvidenceKind.ROUTING_CHANGED, relays=(relay,), at_s=second), at(second)) is not None
        for second, relay in enumerate([4, 4, 5, 4])
    ]
    assert found == [True, False, True, True]


def test_every_failed_poll_counts():
    assert admitted_s(filters(), range(20), EvidenceKind.POLL_FAILED) == list(range(20))


def test_contradictions_are_taken_in_the_order_in_which_they_arrive():
    filtering = filters()
    kinds = [EvidenceKind.LAST_GASP, EvidenceKind.POWER_BACK, EvidenceKind.POWER_BACK, EvidenceKind.LAST_GASP]
    assert [filtering.admit(gasp(1, kind=kind), at(0)) is not None for kind in kinds] == [True, True, False, True]


def test_a_meter_that_dies_and_returns_without_end_is_heard_eight_times_in_the_time_of_de_duplication():
    filtering, kinds = filters(), (EvidenceKind.LAST_GASP, EvidenceKind.POWER_BACK)
    heard = [filtering.admit(gasp(1, kind=kinds[number % 2]), at(0)) is not None for number in range(1000)]
    assert sum(heard) == 8
    assert filtering.counters["flapping"] + filtering.counters["repeated"] == 992
    assert filtering.admit(gasp(2), at(0)) is not None, "others are not held up by it"
    assert filtering.admit(gasp(1, at_s=81), at(81)) is not None


@pytest.mark.parametrize(("at_s", "counter"), [(300, None), (300.001, "from_future"), (-72 * HOUR_S, None), (-72 * HOUR_S - 1, "too_old")])
def test_times_that_cannot_be_are_refused(at_s, counter):
    filtering = filters()
    passed = filtering.admit(gasp(1, at_s=at_s), at(0))
    assert (passed is None) == (counter is not None)
    assert counter is None or filtering.counters[counter] == 1


def test_the_memory_of_a_meter_is_judged_by_the_end_of_the_outage():
    filtering, record = filters(), EvidenceKind.POWER_RECORD
    assert filtering.admit(gasp(1, kind=record, at_s=-80 * HOUR_S, until_utc_ms=at(-HOUR_S)), at(0)) is not None
    assert filtering.admit(gasp(1, kind=record, at_s=-10, until_utc_ms=at(-20)), at(0)) is None
    assert filtering.admit(gasp(1, kind=record, at_s=-10, until_utc_ms=at(400)), at(0)) is None
    assert counted(filtering) == {"admitted": 1, "ends_before_begin": 1, "from_future": 1}


def test_what_a_clock_that_is_a_little_ahead_has_stamped_is_of_now():
    filtering, record = filters(), EvidenceKind.POWER_RECORD
    assert filtering.admit(gasp(1, at_s=290), at(0)).at_utc_ms == at(0)
    taken = filtering.admit(gasp(1, kind=record, at_s=-50, until_utc_ms=at(60)), at(0))
    assert (taken.at_utc_ms, taken.until_utc_ms) == (at(-50), at(0))


def test_an_entry_of_a_meters_memory_is_taken_once_however_often_it_is_read():
    filtering, record = filters(), EvidenceKind.POWER_RECORD
    found = [
        filtering.admit(gasp(1, kind=record, at_s=-100, until_utc_ms=at(-50)), at(second)) is not None for second in (0, 600, 90_000)
    ]
    assert found == [True, False, False]
    assert filtering.admit(gasp(1, kind=record, at_s=90_100, until_utc_ms=at(90_150)), at(90_200)) is not None


@pytest.mark.parametrize("step_s", [-HOUR_S, -30 * 86_400.0, HOUR_S, 20 * 365 * 86_400.0])
def test_a_clock_that_is_set_in_the_middle_of_an_outage_loses_nothing_that_was_stamped_before(step_s):
    filtering = filters()
    filtering.admit(gasp(1), at(0))
    filtering.admit(gasp(2, at_s=step_s + 1), at(step_s + 1))
    late = filtering.admit(gasp(3, at_s=0.5), at(step_s + 1.5))
    is_possible = step_s == HOUR_S          # an hour ago is a time that can be: nothing to mend
    assert late.at_utc_ms == (at(0.5) if is_possible else at(step_s + 1.5))
    assert filtering.admit(gasp(1, at_s=step_s + 2), at(step_s + 2)) is not None


def test_long_after_the_clock_was_set_back_its_old_time_is_the_future():
    filtering = filters()
    filtering.admit(gasp(1), at(0))
    filtering.admit(gasp(2, at_s=-HOUR_S), at(-HOUR_S))
    assert filtering.admit(gasp(3, at_s=0), at(-HOUR_S + 301)) is None


def test_a_thousand_last_gasps_in_a_second_pass_and_a_thousand_repeats_of_them_do_not():
    filtering = filters(1000)
    passed = [filtering.admit(gasp(meter, at_s=meter / 1000), at(meter / 1000)) for meter in range(1000)]
    assert None not in passed
    again = [filtering.admit(gasp(meter, at_s=1 + meter / 1000), at(1 + meter / 1000)) for meter in range(1000)]
    assert set(again) == {None}


def test_what_names_no_meter_is_limited_for_each_kind():
    filtering = filters(most_unaddressed=3)
    strangers = [filtering.admit(gasp(kind=EvidenceKind.NODE_REFUSED, addresses=(f"{number:012}",)), at(0)) for number in range(10)]
    assert sum(stranger is not None for stranger in strangers) == 3
    assert filtering.admit(gasp(kind=EvidenceKind.BUS_DOWN), at(0)) is not None
    assert filtering.admit(gasp(kind=EvidenceKind.NODE_REFUSED, at_s=60), at(60)) is not None


def test_each_kind_of_refusal_is_logged_once(caplog):
    filtering = filters()
    with caplog.at_level(logging.WARNING):
        for second in range(50):
            filtering.admit(gasp(1, 99, at_s=second), at(second))
            filtering.admit(gasp(2, at_s=second + 1000), at(second))
    assert sorted(record.args[1] for record in caplog.records) == ["from_future", "repeated", "unknown_meter"]


def test_nothing_that_evidence_says_raises_or_makes_the_state_grow_beyond_the_archive():
    seed = random.randrange(10**9)
    print("seed", seed)
    chance, filtering, now_ms = random.Random(seed), filters(4), T0
    numbers = [0, 1, 2, 3, 4, -1, 10**30, -(10**30)]
    for _ in range(5000):
        now_ms += chance.choice([0, 1, 1000, 100_000, -3_600_000, 10**11, -(10**11)])
        evidence = Evidence(
            kind=chance.choice(list(EvidenceKind)), at_utc_ms=chance.choice([now_ms, now_ms - 1000, *numbers]),
            meters=tuple(chance.choices(numbers, k=chance.randrange(4))), addresses=("x",) * chance.randrange(4),
            relays=tuple(chance.choices(numbers, k=chance.randrange(4))), until_utc_ms=chance.choice([0, now_ms, *numbers]),
        )
        left = filtering.admit(evidence, now_ms)
        assert left is None or all(0 <= meter < 4 for meter in left.meters)
        assert left is None or all(-1 <= relay < 4 for relay in left.relays) or not left.meters
    assert len(filtering.save()) < 10_000
    filters(4).load(filtering.save())


def test_after_a_restart_repeats_are_known_and_counters_go_on():
    filtering = filters()
    filtering.admit(gasp(1, 99), at(0))
    again = filters()
    again.load(filtering.save())
    assert again.admit(gasp(1, at_s=10), at(10)) is None
    assert counted(again) == {"admitted": 1, "meters_dropped": 1, "unknown_meter": 1, "repeated": 1}


@pytest.mark.parametrize("damaged", [b"", b"{}", b"[1]", b"[99, [], {}, [], 0]", b"\xff", b"[1, null, null, null, null]"])
def test_damaged_state_is_refused_and_changes_nothing(damaged):
    filtering = filters()
    filtering.admit(gasp(1), at(0))
    before = filtering.save()
    with pytest.raises(ValueError, match="saved state"):
        filtering.load(damaged)
    assert filtering.save() == before


def test_state_of_other_meters_is_refused():
    with pytest.raises(ValueError, match="saved state"):
        filters(4).load(filters(5).save())


def test_settings_that_do_not_fit_each_other_are_refused():
    with pytest.raises(ValueError, match="dedup_cap_s"):
        FilterSettings(dedup_s=300.0)
    with pytest.raises(ValueError, match="most_changes"):
        FilterSettings(most_changes=1)
