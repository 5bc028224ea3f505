"""Reliability indices: the golden vector of outage.md 1.7 and definitions of IEEE 1366, each worked out by hand."""

import pytest

from edge_agent.outage import IndexSettings, Interruption, indices_of

YEAR_S = 8760 * 3600.0


def out(customers, event, hours):
    return [Interruption(customer=f"c{number}", event_id=event, begin_s=0.0, duration_s=3600.0 * hours) for number in customers]


GOLDEN = [
    *out(range(100), "1", 2.0), *out(range(30), "2", 1.0), *out(range(30, 40), "2", 3.0), *out(range(200), "3", 2.0 / 60.0),
]


def test_the_golden_vector_comes_out_exactly():
    found = indices_of(GOLDEN, customers=1000, period_s=YEAR_S)
    assert found.saifi == pytest.approx(0.140, abs=1e-12)
    assert found.saidi_h == pytest.approx(0.260, abs=1e-12)
    assert found.caidi_h == pytest.approx(1.857, abs=5e-4)
    assert found.customer_hours == pytest.approx(260.0, abs=1e-9)
    assert found.maifi == pytest.approx(0.200, abs=1e-12)
    assert found.asai == pytest.approx(0.99997032, abs=5e-9)


def test_an_availability_of_rs_1_0_999859_is_1_235_hours_a_year():
    found = indices_of(out([1], "1", 8760 * (1 - 0.999859)), customers=1, period_s=YEAR_S)
    assert found.saidi_h == pytest.approx(1.235, abs=5e-4)
    assert found.asai == pytest.approx(0.999859, abs=1e-12)


def test_customers_with_many_interruptions_by_both_editions():
    twice = [*out([1, 2], "1", 1.0), *out([1], "2", 1.0), *out([3], "3", 0.01)]
    later = indices_of(twice, customers=10, period_s=YEAR_S, settings=IndexSettings(cemi_n=(1, 2)))
    assert later.cemi == {1: 0.2, 2: 0.1}
    assert later.cemsmi == {1: 0.3, 2: 0.1}
    of_2003 = indices_of(twice, customers=10, period_s=YEAR_S, settings=IndexSettings(cemi_n=(1, 2), cemi_counts_more=True))
    assert of_2003.cemi == {1: 0.1, 2: 0.0}


def test_long_ones_count_singly_and_as_a_sum():
    found = indices_of([*out([1], "1", 5.0), *out([2], "2", 2.5), *out([2], "3", 2.5)], customers=10, period_s=YEAR_S)
    assert (found.celid_s, found.celid_t) == (0.1, 0.2)
    assert found.caifi == 1.5


def test_momentary_ones_of_one_fault_count_once_in_the_index_of_events():
    blinks = out([1], "a", 0.01) * 3 + out([1], "b", 0.01)
    found = indices_of(blinks, customers=2, period_s=YEAR_S)
    assert (found.maifi, found.maifi_e, found.saifi, found.caidi_h) == (2.0, 1.0, 0.0, None)


def test_five_minutes_are_momentary_and_a_second_more_is_not_unless_set_so():
    borderline = [Interruption(customer="c", event_id="e", begin_s=0.0, duration_s=300.0)]
    assert indices_of(borderline, customers=1, period_s=YEAR_S).saifi == 0.0
    assert indices_of(borderline, customers=1, period_s=YEAR_S, settings=IndexSettings(momentary_max_s=180.0)).saifi == 1.0


@pytest.mark.parametrize(("arguments", "said"), [
    ({"customers": 0, "period_s": 1.0}, "must be above 0"), ({"customers": 1, "period_s": 0.0}, "must be above 0"),
    ({"customers": 1, "period_s": 1.0}, "2 customers were interrupted, but only 1 are served"),
])
def test_what_cannot_be_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        indices_of(out([1, 2], "e", 1.0), **arguments)
