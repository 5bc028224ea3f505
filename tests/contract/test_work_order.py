"""The blind test of a dispatcher: from the payload alone a script finds device, class, count and place of every outage."""

import dataclasses
import json
import random

import jsonschema
import pytest

from edge_agent.contract import Event, TimeQuality, encode
from edge_agent.contract.envelope import utc_text
from edge_agent.contract.schema import json_schema
from edge_agent.contract.work_order import work_order_of
from edge_agent.events import EventBook, EventIds, EventSettings
from edge_agent.model import Archive, Finding, Outage, Place, Site, Sites, Stage
from tests.events.areas import make_archive

T0 = 1_790_000_000_000


def surveyed():
    """The small area with coordinates of its own for every node and every second meter."""
    archive = make_archive()
    points = {node: Site(latitude=30.0 + number / 100, longitude=110.0) for number, node in enumerate(["", *archive.nodes])}
    meters = {meter.id: Site(latitude=31.0, longitude=110.0 + meter.index / 100) for meter in archive.meters[::2]}
    return Archive(archive.area, archive.meters, sites=Sites(nodes=points, meters=meters))


ARCHIVE = surveyed()
PLACES = (
    [("meter", Place(kind="meter", id=meter.id)) for meter in ARCHIVE.meters[1:]]
    + [(("feeder", "branch", "box")[node.count("/")], Place(kind="node", id=node)) for node in ARCHIVE.nodes]
    + [("area", Place(kind="area", id=ARCHIVE.area))]
)
PHASED = [(device, dataclasses.replace(place, phases=phase)) for device, place in PLACES if device != "meter" for phase in "abc"]


def below(place):
    node = place.id if place.kind == "node" else ""
    if place.kind == "meter":
        return (place.id,)
    return tuple(
        meter.id for meter in ARCHIVE.meters[1:]
        if (not node or f"{meter.node}/".startswith(node + "/")) and (not place.phases or meter.grid_phases in place.phases)
    )


def messages_of(place, kind, *states):
    """What is published of an outage there, as a back end decodes it."""
    book, found = EventBook(EventSettings(), EventIds(random.Random(1)).new, ARCHIVE), []
    for number, state in enumerate(states):
        meters = below(place)
        change = book.apply(Finding(
            kind=kind, stage=Stage.END if state in ("restored", "closed", "discarded") else Stage.BEGIN, place=place,
            at_utc_ms=T0 + 60_000 * number, evidence_from_utc_ms=T0, evidence_to_utc_ms=T0 + 60_000 * number, score=1.0, confidence=0.97,
            meters=meters, evidence=(("last_gasps", 2.0),),
            outage=Outage(incident="i", state=state, original=meters, runner_up="communication failure", odds=40.0),
        ), T0 + 60_000 * number)
        found.append(json.loads(encode(Event(
            v=1, agent="a", epoch=1, st="a", seq=number + 1, ts=utc_text(T0), tq=TimeQuality(src="ntp", mono_ms=0, boot="b"),
            type=change.type, sev=change.severity, data=change.body,
        ))))
    return found


@pytest.mark.parametrize("kind", ["supply.lost", "supply.planned"])
@pytest.mark.parametrize(("device", "place"), PLACES + PHASED, ids=str)
def test_device_class_count_and_place_are_recovered(kind, device, place):
    validator = jsonschema.Draft202012Validator(json_schema("event"))
    node = place.id if place.kind == "node" else ""
    for message in messages_of(place, kind, "suspected", "confirmed", "localised"):
        validator.validate(message)
        order = work_order_of(message)
        assert (order.device_class, order.device, order.phases) == (device, place.id, place.phases)
        assert order.customers_out == order.customers_took == len(below(place))
        meter = next((meter for meter in ARCHIVE.meters if place.kind == "meter" and meter.id == place.id), None)
        site = ARCHIVE.sites.of_meter(meter.id, meter.node) if meter else ARCHIVE.sites.of_node(node)
        assert (order.latitude, order.longitude) == (site.latitude, site.longitude)
        levels = [part for part in (meter.node if meter else node).split("/") if part]
        assert order.path == ("north-1", *levels, *([meter.id] if meter else []))
        assert order.action


def test_every_message_of_a_life_is_valid_and_counts_down():
    place = Place(kind="node", id="feeder-1")
    validator = jsonschema.Draft202012Validator(json_schema("event"))
    messages = messages_of(place, "supply.lost", "suspected", "localised", "restored", "closed")
    for message in messages:
        validator.validate(message)
    assert [work_order_of(message).customers_out for message in messages] == [12, 12, 0, 0]


def test_every_tagged_customer_of_the_place_is_in_the_order_of_urgency():
    (message,) = messages_of(Place(kind="area", id=ARCHIVE.area), "supply.lost", "localised")
    assert work_order_of(message).priority == ("m05", "m11", "m03")


@pytest.mark.parametrize("change", ["kind", "node_path", "device", "meters"])
def test_a_payload_that_leaves_a_question_open_is_refused(change):
    (message,) = messages_of(Place(kind="node", id="feeder-1"), "supply.lost", "localised")
    del message["data"][change]
    with pytest.raises(ValueError, match="event"):
        work_order_of(message)
