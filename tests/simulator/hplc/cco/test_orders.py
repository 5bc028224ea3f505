"""Commands: archive and white list, resets, speed, broadcasts, area identification."""

from __future__ import annotations

from edge_agent.wire.gdw10376_2 import BROADCAST, Code, DenyReason, units
from edge_agent.wire.gdw10376_2.addresses import address_bytes
from simulator.hplc.cco.messages import CarrierMessage, Identifier, encode_message
from tests.simulator.hplc.cco.scripted import MAIN, METER, OTHER, THIRD, Concentrator, ScriptedCarrier, vector, with_archive

RUN_MODE = units.Command(code=Code(3, 10))
CLOCK = bytes.fromhex("68999999999999680806") + bytes(6) + bytes.fromhex("0016")


def test_a_known_meter_is_a_duplicate_and_the_whole_list_is_refused():
    concentrator = with_archive(METER)
    assert concentrator.add(OTHER, METER) == units.Deny(error=DenyReason.DUPLICATE_ADDRESS)
    assert concentrator.ask(units.Command(code=Code(0x10, 1))) == units.NodeCount(total=1, max_nodes=1015)


def test_an_unknown_meter_cannot_be_deleted():
    concentrator = with_archive(METER)
    assert concentrator.ask(units.DeleteNodes(addresses=(OTHER,))) == units.Deny(error=DenyReason.NO_SUCH_ADDRESS)
    assert isinstance(concentrator.ask(units.DeleteNodes(addresses=(METER,))), units.Confirm)
    assert concentrator.ask(units.Command(code=Code(0x10, 1))).total == 0


def test_an_archive_holds_no_more_than_it_says():
    concentrator = with_archive(METER, OTHER, max_nodes=2)
    assert isinstance(concentrator.add(THIRD), units.Deny)
    assert concentrator.ask(RUN_MODE).max_nodes == 2


def test_the_network_is_closed_until_the_archive_settles_and_then_its_white_list():
    concentrator = Concentrator(ScriptedCarrier())
    concentrator.run(12.0)
    concentrator.add(METER)
    concentrator.run(1.0)
    concentrator.add(OTHER)
    assert set(concentrator.carrier.allowed) == {frozenset()}
    concentrator.run(concentrator.cco.core.profile.archive_settles_s)
    assert concentrator.carrier.allowed[-1] == frozenset({METER, OTHER})


def test_hardware_init_is_confirmed_then_the_module_starts_anew_at_9600():
    concentrator = with_archive(METER)
    concentrator.ask(units.SerialSpeed(baud=115200))
    assert concentrator.cco.baud == 115200
    assert isinstance(concentrator.ask(units.Command(code=Code(1, 1))), units.Confirm)
    concentrator.run(1.0)
    assert concentrator.cco.baud == 9600
    assert concentrator.carrier.restarts == 1
    assert concentrator.ask(RUN_MODE) is None, "deaf while it boots"
    concentrator.run(60.0)
    assert len(concentrator.told(units.RunMode)) == 2, "power on, and this"
    assert concentrator.ask(RUN_MODE).nodes == 1, "the archive outlives it"


def test_parameter_init_erases_the_archive():
    concentrator = with_archive(METER)
    concentrator.ask(units.Command(code=Code(1, 2)))
    concentrator.run(60.0)
    assert concentrator.ask(RUN_MODE).nodes == 0


def test_the_captured_hardware_init_resets_too():
    concentrator = with_archive(METER)
    concentrator.send_bytes(vector("hardware initialisation"))
    concentrator.run(1.0)
    assert concentrator.carrier.restarts == 1


def test_the_confirm_of_a_new_speed_still_goes_out_at_the_old_one():
    concentrator = with_archive()
    concentrator.cco.receive(bytes.fromhex("68100043000000000001" + "05020104" + "5016"), concentrator.now_s)
    concentrator.cco.advance(concentrator.now_s + 1.0)
    assert concentrator.cco.baud == 9600
    assert concentrator.cco.take_output()[10:12] == bytes([0x00, 0x01])
    assert concentrator.cco.baud == 115200


def test_a_broadcast_goes_to_the_network_and_its_confirm_says_how_long_it_takes():
    concentrator = with_archive(METER)
    delay = concentrator.ask(units.BroadcastDelayQuery(protocol=2, payload=CLOCK))
    answer = concentrator.ask(units.Broadcast(control=2, payload=CLOCK))
    assert answer.wait_s == delay.delay_s == 2, "two levels"
    (message,) = concentrator.carrier.broadcasts
    assert message.identifier is Identifier.BROADCAST
    assert message.data == CLOCK


def test_phase_identification_is_started_by_a_broadcast_of_kind_three():
    concentrator = with_archive()
    assert isinstance(concentrator.ask(units.Broadcast(control=3, payload=b"")), units.Confirm)
    assert concentrator.carrier.identified == 1


def test_a_meter_that_finds_itself_in_another_area_is_reported_while_that_is_allowed():
    concentrator = with_archive(METER, THIRD)
    concentrator.ask(units.Permission(code=Code(5, 6), allowed=True))
    for meter, owner in ((METER, MAIN), (THIRD, "000000002700")):
        concentrator.carrier.arrive(meter, encode_message(CarrierMessage(
            identifier=Identifier.AREA, function=0, is_up=True, sequence=1, address=meter, data=address_bytes(owner),
        )))
    concentrator.run(2.0)
    assert concentrator.told(units.AreaMismatch) == [units.AreaMismatch(meter=THIRD, owner_main_address="000000002700")]
    assert concentrator.reports[-1][1].data == vector("06H F5: meter 000000000163 belongs")[13:-2]
    concentrator.run(130.0)
    assert concentrator.told(units.RouteChange) == [units.RouteChange(change=3)]


def test_functions_that_no_table_has_do_not_exist_and_others_are_not_supported():
    concentrator = with_archive()
    assert concentrator.send_bytes(bytes.fromhex("680F00430000000000019001" + "00D516"))[-3] == DenyReason.NO_SUCH_FUNCTION
    assert concentrator.send_bytes(bytes.fromhex("680F00430000000000010302" + "004916"))[-3] == DenyReason.NOT_SUPPORTED


def test_data_of_a_wrong_length_is_a_wrong_format():
    concentrator = with_archive()
    body = bytes.fromhex("43000000000001050100") + bytes(3)
    wire = bytes([0x68, 18, 0]) + body + bytes([sum(body) & 0xFF, 0x16])
    assert concentrator.send_bytes(wire)[-3] == DenyReason.WRONG_FORMAT


def test_supported_functions_are_told_by_the_bitmap():
    functions = with_archive().ask(units.FunctionsQuery(asked_afn=0xF1)).functions
    assert functions == (1, 2)
    assert 20 not in with_archive().ask(units.FunctionsQuery(asked_afn=0x10)).functions, "no dual mode"


def test_chips_of_all_nodes_come_in_pages_that_begin_where_asked():
    concentrator = with_archive()
    first = concentrator.ask(units.PageQuery(code=Code(0x10, 112), start=1, count=3))
    last = concentrator.ask(units.PageQuery(code=Code(0x10, 112), start=4, count=3))
    assert (first.total, len(first.nodes), last.start, len(last.nodes)) == (4, 3, 4, 1)
    assert all(node.chip_id[:7] == bytes.fromhex("01029c01c1fb02") for node in first.nodes)


def test_pages_of_one_round_are_of_one_table():
    concentrator = with_archive()
    concentrator.ask(units.PageQuery(code=Code(0x10, 21), start=1, count=2))
    del concentrator.carrier.table[METER]
    second = concentrator.ask(units.PageQuery(code=Code(0x10, 21), start=3, count=2))
    assert [node.address for node in second.nodes] == [OTHER, THIRD]
    assert concentrator.ask(units.PageQuery(code=Code(0x10, 21), start=1, count=64)).total == 3, "a new round"


def test_a_module_that_stopped_answering_takes_bytes_and_says_nothing():
    concentrator = with_archive(METER)
    concentrator.cco.misbehaviour.is_silent = True
    assert concentrator.ask(RUN_MODE) is None
    concentrator.cco.misbehaviour.is_silent = False
    assert concentrator.ask(RUN_MODE) is not None


def test_a_lost_archive_shows_in_the_count_alone():
    concentrator = with_archive(METER)
    concentrator.cco.lose_archive()
    assert concentrator.ask(RUN_MODE).nodes == 0
    assert len(concentrator.told(units.RunMode)) == 1


def test_a_half_frame_before_a_pause_does_not_swallow_the_next():
    concentrator = with_archive()
    concentrator.send_bytes(vector("add three 645-2007 meters")[:-4], 1.0)
    assert concentrator.ask(RUN_MODE) is not None


def test_a_broadcast_address_is_no_meter_to_read():
    concentrator = with_archive(METER)
    denied = concentrator.ask(units.ConcurrentRequest(protocol=2, payload=CLOCK), BROADCAST)
    assert denied == units.Deny(error=DenyReason.NO_SUCH_ADDRESS)
