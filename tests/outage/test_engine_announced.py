"""What explains silence without an outage: planned work, a swap, a transfer, a command, a module pulled out."""

from edge_agent.model import EvidenceKind, PlannedWork, Ticket, WorkBook
from tests.detect.areas import at
from tests.outage.day import B1, Day


def test_planned_work_in_its_window_and_zone_is_no_fault():
    day = Day()
    day.engine.announce(WorkBook(planned=(PlannedWork(id="w1", nodes=("f1/b1",), from_utc_ms=at(0), until_utc_ms=at(3600)),)))
    day.run(60).run(200, dark=B1).run(60)
    assert {(kind, place) for kind, _, _, place in day.told()} == {("supply.planned", "f1/b1")}
    assert day.findings[0].outage.work == "w1"
    assert day.findings[0].outage.cause == "planned"


def test_a_fault_beside_planned_work_is_told():
    day = Day()
    day.engine.announce(WorkBook(planned=(PlannedWork(id="w1", nodes=("f1/b1",), from_utc_ms=at(0), until_utc_ms=at(3600)),)))
    day.run(60).run(200, dark=(2, 5, 8, 11))
    assert day.told() == [("supply.lost", "begin", "node", "f2/b1")]


def test_planned_work_is_a_fault_when_its_window_is_over():
    day = Day()
    day.engine.announce(WorkBook(planned=(PlannedWork(id="w1", nodes=("f1/b1",), from_utc_ms=at(0), until_utc_ms=at(30)),)))
    assert day.run(60).run(200, dark=B1).told() == [("supply.lost", "begin", "node", "f1/b1")]


def test_a_meter_that_is_being_replaced_is_no_outage():
    day = Day()
    day.engine.announce(WorkBook(tickets=(Ticket(id="t1", kind="swap", meter="m3", from_utc_ms=at(0), until_utc_ms=at(3600)),)))
    day.run(60).run(200, dark=(3,)).run(60)
    assert day.told() == [("meter.swapped", "begin", "meter", "m3"), ("meter.swapped", "end", "meter", "m3")]


def test_a_module_that_was_pulled_out_is_told_as_that():
    day = Day().run(60).hear(EvidenceKind.UNPLUGGED, 3).run(300, dark=(3,)).run(60)
    assert day.told() == [("module.unplugged", "begin", "meter", "m3"), ("module.unplugged", "end", "meter", "m3")]


def test_a_customer_who_is_cut_off_by_command_is_told_as_that():
    day = Day().run(60).hear(EvidenceKind.RELAY_OPENED, 3).run(100).hear(EvidenceKind.RELAY_CLOSED, 3).run(20)
    assert day.told() == [("supply.disconnected", "begin", "meter", "m3"), ("supply.disconnected", "end", "meter", "m3")]


def test_a_meter_on_another_transformer_takes_no_part():
    day = Day().run(60).hear(EvidenceKind.AREA_MISMATCH, 3).run(200, dark=(3,))
    assert day.told() == [("area.transferred", "begin", "meter", "m3")]
