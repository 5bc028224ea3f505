"""Customer-hours by event and by cause: a customer who came back and fell dark again, and one who was out for a moment."""

from operator import attrgetter

from edge_agent.outage.customer_hours import CustomerHours, customer_hours_by
from edge_agent.outage.indices import Interruption, indices_of

FOUND = [
    Interruption(customer="a", event_id="e", begin_s=0.0, duration_s=3600.0, cause="fault"),
    Interruption(customer="b", event_id="e", begin_s=0.0, duration_s=1800.0, cause="fault"),
    Interruption(customer="a", event_id="e", begin_s=7200.0, duration_s=7200.0, cause="fault"),
    Interruption(customer="c", event_id="f", begin_s=0.0, duration_s=300.0, cause="planned"),
]


def test_each_event_has_its_customers_once_and_its_sustained_hours():
    found = customer_hours_by(attrgetter("event_id"), FOUND, momentary_max_s=300.0)
    assert found == {"e": CustomerHours(customers=2, hours=3.5), "f": CustomerHours(customers=1, hours=0.0)}


def test_the_causes_add_up_to_the_customer_hours_of_the_indices():
    by_cause = customer_hours_by(attrgetter("cause"), FOUND, momentary_max_s=300.0)
    assert sum(one.hours for one in by_cause.values()) == indices_of(FOUND, customers=10, period_s=1e6).customer_hours == 3.5
