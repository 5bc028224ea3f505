"""Faults as they are told: planned parts taken out, phases of one place together, the transformer's where the mains show it."""

import numpy as np

from edge_agent.model import Archive, Meter, PlannedWork, WorkBook
from edge_agent.outage.cases import cases_of
from edge_agent.outage.hypothesis import Hypothesis, Judgement, Located, Rival

ARCHIVE = Archive("a", tuple(
    Meter(id=f"m{i}", index=i, profile="p", bus="b", node=f"f1/x{i // 6}", grid_phases="abc"[i % 3]) for i in range(12)
))  # fmt: skip
NO_WORK = WorkBook()
NOTHING = Hypothesis(rival=Rival.NOTHING)


def located(members, *, node="", phases="", rival=Rival.OUTAGE, meter=-1):
    return Located(
        best=Hypothesis(rival=rival, node=node, phases=phases, meter=meter), members=tuple(members), probability=0.9, is_real=0.99,
        runner_up=NOTHING, odds=50.0,
    )


def cases(*faults, book=NO_WORK, unclaimed=frozenset(), **mains):
    return cases_of(Judgement(faults=faults, dead=np.zeros(12)), book, ARCHIVE, 1000, unclaimed=set(unclaimed), **mains)


def work(*nodes):
    return WorkBook(planned=(PlannedWork(id="w", nodes=nodes, from_utc_ms=0, until_utc_ms=2000),))


def test_what_of_a_fault_lies_in_announced_work_is_a_case_of_its_own():
    planned, fault = cases(located(range(12), node="f1"), book=work("f1/x0"))
    assert (planned.kind, planned.work, planned.members) == ("supply.planned", "w", frozenset(range(6)))
    assert planned.located.best.node == "f1/x0"
    assert (fault.kind, fault.members) == ("supply.lost", frozenset(range(6, 12)))


def test_a_fault_that_is_planned_as_a_whole_is_told_where_it_was_found():
    (planned,) = cases(located(range(6), node="f1/x0"), book=work("f1"))
    assert planned.located.best.node == "f1/x0"


def test_meters_that_something_else_explains_are_not_claimed():
    (fault,) = cases(located(range(6), node="f1/x0"), unclaimed={0, 1})
    assert fault.members == frozenset({2, 3, 4, 5})
    assert cases(located([0], node="f1/x0"), unclaimed={0}) == []


def test_two_phases_of_one_place_are_one_fault_and_those_of_two_places_are_two():
    (both,) = cases(located([0, 3], node="f1/x0", phases="c"), located([2, 5], node="f1/x0", phases="a"))
    assert (both.located.best.phases, both.members) == ("ac", frozenset({0, 2, 3, 5}))
    assert len(cases(located([0, 3], node="f1/x0", phases="a"), located([6, 9], node="f1/x1", phases="a"))) == 2


def test_what_the_mains_have_lost_is_one_fault_at_the_transformer():
    (whole,) = cases(
        located([0, 3], node="f1/x0", phases="a"), located([6, 7, 8], node="f1/x1"), lost_phases="a", without_answer=[0, 3, 6, 9, 1],
        showing={0, 3, 6},
    )
    assert (whole.located.best.node, whole.located.best.phases) == ("", "a")
    assert whole.members == frozenset({0, 3, 6, 9})          # all on phase a; m7 and m8 show nothing


def test_a_fault_on_another_phase_stays_one_beside_it():
    told = cases(
        located([0, 3], node="f1/x0", phases="a"), located([7, 10], node="f1/x1", phases="b"), lost_phases="a",
        without_answer=[0, 3, 6, 9], showing={0, 3, 7, 10},
    )
    assert [(case.located.best.node, case.located.best.phases) for case in told] == [("", "a"), ("f1/x1", "b")]


def test_a_broken_way_is_no_loss_of_supply():
    (comm,) = cases(located([3, 4], rival=Rival.COMM, meter=3), book=work("f1"))
    assert comm.kind == "comm.lost"
    assert cases(located([3], rival=Rival.NOTHING)) == []
