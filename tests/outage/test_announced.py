"""What was announced is no fault, and what was not announced is one, whatever else goes on."""

import random

import pytest

from edge_agent.model import PlannedWork, Ticket, WorkBook
from edge_agent.outage.announced import is_covered, planned_for, split, tickets_for

NODES = ("f1/b1/x1", "f1/b1/x2", "f1/b2/x1", "f1/b10/x1", "f1/b1", "")
IDS = tuple(f"m{index}" for index in range(len(NODES)))
HOURS = 3_600_000


def work(*nodes, name="w1", begin=1, end=4):
    return PlannedWork(id=name, nodes=nodes, from_utc_ms=begin * HOURS, until_utc_ms=end * HOURS)


def ticket(meter, kind="swap", name="t1", begin=1, end=4):
    return Ticket(id=name, kind=kind, meter=meter, from_utc_ms=begin * HOURS, until_utc_ms=end * HOURS)


def told(found):
    return {announced.what.id: announced.meters for announced in found}


ALL = range(len(NODES))


def test_work_covers_what_is_at_or_below_its_nodes_and_no_branch_with_a_longer_name():
    assert told(planned_for(WorkBook(planned=(work("f1/b1"),)), NODES, ALL, 2 * HOURS)) == {"w1": (0, 1, 4)}


def test_the_empty_node_is_the_whole_area():
    assert told(planned_for(WorkBook(planned=(work(""),)), NODES, ALL, 2 * HOURS)) == {"w1": (0, 1, 2, 3, 4, 5)}


@pytest.mark.parametrize(("at_ms", "is_planned"), [(HOURS - 1, False), (HOURS, True), (4 * HOURS, True), (4 * HOURS + 1, False)])
def test_work_covers_only_its_time(at_ms, is_planned):
    book = WorkBook(planned=(work("f1"),), tickets=(ticket("m5"),))
    assert bool(planned_for(book, NODES, (0,), at_ms)) == is_planned
    assert bool(tickets_for(book, IDS, (5,), at_ms)) == is_planned


def test_a_margin_covers_a_crew_that_is_early_or_late():
    book = WorkBook(planned=(work("f1"),), tickets=(ticket("m5"),))
    for at_ms in (HOURS - 300_000, 4 * HOURS + 300_000):
        assert planned_for(book, NODES, (0,), at_ms, margin_ms=300_000)
        assert tickets_for(book, IDS, (5,), at_ms, margin_ms=300_000)


def test_a_fault_on_another_branch_during_the_work_is_unexplained():
    found = split(WorkBook(planned=(work("f1/b1"),)), NODES, IDS, (2, 3), 2 * HOURS)
    assert (found.planned, found.tickets, found.unexplained) == ((), (), (2, 3))


def test_of_an_outage_partly_inside_the_zone_the_part_outside_is_unexplained():
    found = split(WorkBook(planned=(work("f1/b1"),)), NODES, IDS, (0, 1, 2), 2 * HOURS)
    assert (told(found.planned), found.unexplained) == ({"w1": (0, 1)}, (2,))


def test_a_ticket_of_the_meter_itself_goes_before_work_around_it():
    book = WorkBook(planned=(work("f1/b1"),), tickets=(ticket("m1", "disconnect"), ticket("nobody", name="t2")))
    found = split(book, NODES, IDS, (0, 1), 2 * HOURS)
    assert (told(found.tickets), told(found.planned), found.unexplained) == ({"t1": (1,)}, {"w1": (0,)}, ())


def test_a_meter_in_two_zones_is_told_with_the_first():
    book = WorkBook(planned=(work("f1/b1", name="w1"), work("f1", name="w2"), work("f1", name="w3")))
    assert told(planned_for(book, NODES, ALL, 2 * HOURS)) == {"w1": (0, 1, 4), "w2": (2, 3)}


def test_each_meter_is_explained_once_or_not_at_all():
    seed = random.randrange(10**9)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(300):
        zones = [work(*chance.choices(["", "f1", "f1/b1", "f1/b2/x1"], k=2), name=f"w{number}") for number in range(chance.randrange(3))]
        book = WorkBook(planned=tuple(zones), tickets=tuple(ticket(chance.choice(IDS), name=f"t{number}") for number in range(2)))
        meters = chance.sample(list(ALL), k=4)
        found = split(book, NODES, IDS, meters, 2 * HOURS)
        every = [meter for announced in (*found.planned, *found.tickets) for meter in announced.meters] + list(found.unexplained)
        assert sorted(every) == sorted(meters)
        for announced in found.planned:
            assert all(any(is_covered(NODES[meter], zone) for zone in announced.what.nodes) for meter in announced.meters)
