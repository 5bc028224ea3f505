"""What the archive knows of a place: the device, where it stands, whom it serves, who must not wait."""

import pytest

from edge_agent.contract import Location, PriorityMeter
from edge_agent.events.places import Places
from edge_agent.model import Place
from tests.events.areas import make_archive

BOX, BRANCH = "feeder-1/branch-1/box-1", "feeder-1/branch-1"
PLACES = {
    "meter": Place(kind="meter", id="m01"), "box": Place(kind="node", id=BOX), "branch": Place(kind="node", id=BRANCH),
    "feeder": Place(kind="node", id="feeder-1"), "area": Place(kind="area", id="north-1"), "bus": Place(kind="bus", id="b"),
}


@pytest.fixture
def places():
    return Places(make_archive())


@pytest.mark.parametrize("device", PLACES)
def test_the_device_is_known_from_the_tree(places, device):
    assert places.device(PLACES[device]) == device
    assert Places(None).device(PLACES[device]) == device


def test_without_boxes_below_it_a_branch_is_what_the_meters_hang_on():
    shallow = Places(make_archive())
    assert shallow.device(Place(kind="node", id="feeder-9/branch-9")) == "branch"      # not in the archive: by its depth


@pytest.mark.parametrize(("device", "path"), [
    ("meter", ["north-1", "feeder-1", "branch-1", "box-1", "m01"]), ("box", ["north-1", "feeder-1", "branch-1", "box-1"]),
    ("feeder", ["north-1", "feeder-1"]), ("area", ["north-1"]), ("bus", ["north-1", "b"]),
])
def test_the_path_leads_from_the_area_to_the_device(places, device, path):
    assert places.path(PLACES[device]) == path


def test_the_location_is_that_of_the_nearest_place_that_has_one(places):
    assert places.location(PLACES["meter"]) == Location(
        lat=36.11, lon=117.21, address="Lane 4, no. 7, flat 2", pole="B-0417", hv_line="line-12", grid="grid-3",
    )
    assert places.location(PLACES["branch"]).lat == 36.1
    assert Places(None).location(PLACES["meter"]) is None


@pytest.mark.parametrize(("device", "phases", "customers"), [
    ("meter", "", 1), ("box", "", 3), ("branch", "", 6), ("feeder", "", 12), ("area", "", 24), ("area", "a", 8), ("box", "bc", 2),
])
def test_the_customers_served_are_those_below_on_these_phases(places, device, phases, customers):
    place = PLACES[device]
    assert places.customers_served(Place(kind=place.kind, id=place.id, phases=phases)) == customers


@pytest.mark.parametrize("place", [Place(kind="node", id="feeder-7"), Place(kind="meter", id="unknown"), Place(kind="bus", id="b")])
def test_of_a_place_that_is_not_in_the_archive_nobody_knows_how_many(places, place):
    assert places.customers_served(place) is None
    assert places.path(place)[0] == "north-1"


def test_priority_customers_are_ordered_by_urgency_each_with_the_gravest_tag(places):
    assert places.priority_meters([f"m{number:02}" for number in range(25)], out={"m05", "m03"}) == [
        PriorityMeter(id="m05", tag="medical"), PriorityMeter(id="m11", tag="cold_chain", back=True), PriorityMeter(id="m03", tag="school"),
    ]
