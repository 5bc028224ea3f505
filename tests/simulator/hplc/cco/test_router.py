"""What the router does by itself: search for meters, and its own reading cycle."""

from __future__ import annotations

from edge_agent.wire.gdw10376_2 import Code, Frame10376, encode, reply, units
from edge_agent.wire.gdw10376_2.units import ReadFlag, RouteTask
from simulator.hplc.cco.messages import CarrierMessage, Identifier, encode_message
from tests.simulator.hplc.cco.scripted import METER, OTHER, THIRD, Concentrator, vector, with_archive

FRAME = bytes.fromhex("68610100000000681104333434351716")
RESTART = units.Command(code=Code(0x12, 1))


def tell_meters(concentrator: Concentrator, address: str, data: bytes = b"\x01\x02") -> None:
    concentrator.carrier.arrive(address, encode_message(CarrierMessage(
        identifier=Identifier.SEARCH, function=0, is_up=True, sequence=1, address=address, data=data,
    )))


def answer_contents(concentrator: Concentrator, unit: units.Content, *, seconds: float = 60.0) -> list[Frame10376]:
    """Let time pass and answer each question of the router; gives the questions."""
    asked: list[Frame10376] = []
    until_s = concentrator.now_s + seconds
    while concentrator.now_s < until_s:
        seen = len(concentrator.reports)
        concentrator.run(0.2)
        for _, frame in concentrator.reports[seen:]:
            if frame.code == Code(0x14, 1):
                asked.append(frame)
                concentrator.cco.receive(encode(reply(frame, unit)), concentrator.now_s)
    return asked


def test_a_search_opens_the_network_asks_stations_and_reports_each_once():
    concentrator = with_archive(METER)
    concentrator.ask(units.StartRegistration(minutes=2, repeats=1, slots=10))
    concentrator.run(1.0)
    assert concentrator.carrier.allowed[-1] is None
    assert concentrator.carrier.broadcasts[-1].data == bytes([10])
    for _ in range(2):
        for address in (METER, OTHER):
            tell_meters(concentrator, address)
        concentrator.run(5.0)
    found = [node for report in concentrator.told(units.SearchReport) for node in report.nodes]
    assert [(node.address, node.protocol, node.device, node.index) for node in found] == [(METER, 2, 1, 1), (OTHER, 2, 1, 0)]


def test_a_module_of_another_make_names_what_it_finds_by_06h_f1_collectors_and_meters_alike():
    concentrator = with_archive(METER, search_tells_devices=False)
    concentrator.ask(units.StartRegistration(minutes=2, repeats=1, slots=10))
    tell_meters(concentrator, OTHER, b"\x00\x02" + bytes.fromhex("630100000000 02 610100000000 02"))
    concentrator.run(5.0)
    found = [node for report in concentrator.told(units.NodeReport) for node in report.nodes]
    assert [(node.address, node.protocol, node.index) for node in found] == [(OTHER, 2, 0), (THIRD, 2, 0), (METER, 2, 1)]
    assert concentrator.told(units.SearchReport) == []


def test_a_search_ends_by_itself_with_the_vectors_report_and_closes_the_network():
    concentrator = with_archive(METER)
    concentrator.run(5.0)
    concentrator.ask(units.StartRegistration(minutes=1, repeats=1, slots=10))
    concentrator.run(62.0)
    assert concentrator.reports[-1][1].data == vector("06H F3 route working change 2")[13:-2]
    assert concentrator.carrier.allowed[-1] == frozenset({METER})


def test_a_stopped_search_reports_no_end():
    concentrator = with_archive(METER)
    concentrator.ask(units.StartRegistration(minutes=1, repeats=1, slots=10))
    concentrator.run(1.0)
    concentrator.ask(units.Command(code=Code(0x11, 6)))
    tell_meters(concentrator, OTHER)
    concentrator.run(100.0)
    assert concentrator.told(units.SearchReport) == []
    assert concentrator.told(units.RouteChange) == []
    assert concentrator.carrier.allowed[-1] == frozenset({METER})


def test_meters_behind_a_collector_are_reported_with_it():
    concentrator = with_archive()
    concentrator.ask(units.StartRegistration(minutes=1, repeats=1, slots=10))
    concentrator.run(1.0)
    tell_meters(concentrator, METER, b"\x00\x02" + bytes.fromhex("62010000000001"))
    concentrator.run(1.0)
    ((found,),) = [report.nodes for report in concentrator.told(units.SearchReport)]
    assert found.device == 0
    assert found.subordinates == (units.NodeProtocol(address=OTHER, protocol=1),)


def test_the_router_asks_for_each_meter_reads_it_and_says_when_it_is_done():
    concentrator = with_archive(METER, THIRD, cycle_reading=3)
    concentrator.ask(RESTART)
    asked = answer_contents(concentrator, units.Content(read_flag=ReadFlag.MAY_READ, payload=FRAME))
    questions = [units.ContentQuery.parse(one.code, one.data) for one in asked]
    assert {question.address for question in questions} >= {THIRD}
    told = concentrator.told(units.ReadReport)
    assert [(report.index, report.payload) for report in told] == [(1, FRAME), (2, FRAME)]
    assert concentrator.told(units.RouteChange) == [units.RouteChange(change=RouteTask.READING)]
    assert concentrator.ask(units.Command(code=Code(0x10, 4))).read == 2


def test_a_paused_router_asks_for_nobody_until_it_goes_on():
    concentrator = with_archive(METER, THIRD, cycle_reading=3)
    concentrator.ask(units.Command(code=Code(0x12, 2)))
    concentrator.run(10.0)
    assert concentrator.told(units.ContentQuery) == []
    concentrator.ask(RESTART)
    concentrator.ask(units.Command(code=Code(0x12, 2)))
    before = len(concentrator.told(units.ReadReport))
    concentrator.run(60.0)
    assert len(concentrator.told(units.ReadReport)) == before
    concentrator.ask(units.Command(code=Code(0x12, 3)))
    answer_contents(concentrator, units.Content(read_flag=ReadFlag.DONE))
    assert concentrator.told(units.RouteChange) == [units.RouteChange(change=RouteTask.READING)]


def test_a_module_that_is_led_by_the_concentrator_never_asks():
    concentrator = with_archive(METER)
    concentrator.ask(RESTART)
    concentrator.run(60.0)
    assert concentrator.told(units.ContentQuery) == []


def test_a_question_without_answer_is_repeated_then_the_next_meter_has_its_turn():
    concentrator = with_archive(METER, THIRD, cycle_reading=2)
    concentrator.confirms = False
    concentrator.ask(RESTART)
    concentrator.run(60.0)
    asked = [question.address for question in concentrator.told(units.ContentQuery)]
    assert asked == [METER] * 3 + [THIRD] * 3
