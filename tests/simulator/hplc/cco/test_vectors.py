"""The CCO answers the requests of the vector file with the bytes that the file has for the answers."""

from __future__ import annotations

from edge_agent.wire.gdw10376_2 import Code, units
from simulator.hplc.cco.messages import CarrierMessage
from tests.simulator.hplc.cco.scripted import MAIN, METER, OTHER, THIRD, VECTORS, vector, with_archive


def page(fn_bytes: str, sequence: int) -> bytes:
    """A page query of 10H from node 1, 64 nodes, written out; the information class as two bytes."""
    body = bytes([0x43, 0, 0, 0, 0, 0, sequence, 0x10]) + bytes.fromhex(fn_bytes) + bytes.fromhex("010040")
    return bytes([0x68, 0x12, 0x00]) + body + bytes([sum(body) & 0xFF, 0x16])


def test_setting_the_main_address_is_confirmed_byte_for_byte():
    concentrator = with_archive()
    wire = bytes.fromhex("681500430000000000020501000026000000007116")
    assert concentrator.send_bytes(wire) == vector("confirm, 4-byte status word")
    assert concentrator.ask(units.Command(code=Code(3, 4))).main_address == MAIN


def test_old_modules_confirm_with_the_two_byte_status_of_the_captured_log():
    concentrator = with_archive(confirms_old_form=True)
    captured = vector("confirm: status word FFFF")
    assert concentrator.send_bytes(bytes.fromhex("681500410000280000000501000026000000009516"))[-9:-2] == captured[-9:-2]


def test_dual_mode_topology_is_denied_with_reason_10_on_an_hplc_module():
    concentrator = with_archive()
    assert concentrator.send_bytes(page("0802", 2)) == vector("deny, error 10:")


def test_topology_of_the_vectors_tree_has_the_vectors_bytes():
    concentrator = with_archive()
    assert concentrator.send_bytes(vector("10H F21 query topology")) == vector("10H F21 topology: CCO")


def test_own_and_neighbour_network_numbers_have_the_vectors_bytes():
    concentrator = with_archive()
    concentrator.carrier.neighbours = (0x2700, 0x2801)
    body = bytes([0x43, 0, 0, 0, 0, 0, 0x0D, 0x10, 0x40, 0x0D])
    assert concentrator.send_bytes(bytes([0x68, 0x0F, 0x00]) + body + bytes([sum(body) & 0xFF, 0x16])) == vector("10H F111")


def test_phases_of_single_phase_meters_have_the_vectors_entries():
    concentrator = with_archive()
    table = concentrator.carrier.table
    for address, phase in ((METER, 1), (OTHER, 2)):
        member = table[address]
        table[address] = type(member)(
            address=address, tei=member.tei, proxy_tei=member.proxy_tei, level=member.level, role=member.role, phase=phase
        )
    answer, wanted = concentrator.send_bytes(page("4003", 0x0C)), vector("10H F31 phase information")
    entries_of_three = slice(13, 13 + 5 + 3 * 8)
    assert answer[entries_of_three] == wanted[entries_of_three]


def test_archive_is_filled_by_the_vector_and_read_back():
    concentrator = with_archive()
    assert concentrator.send_bytes(vector("add three 645-2007 meters"))[10:12] == bytes([0x00, 0x01])
    listed = concentrator.ask(units.PageQuery(code=Code(0x10, 2), start=1, count=32))
    assert [(node.address, node.protocol) for node in listed.nodes] == [(METER, 2), (OTHER, 2), (THIRD, 2)]


def test_captured_question_that_counts_from_zero_loses_no_node():
    concentrator = with_archive(METER, OTHER)
    answer = concentrator.send_bytes(vector("query slave information: start 0"))
    assert answer[13:16] == bytes([2, 0, 2])
    assert answer[3] == 0x81, "kind of communication is that of the question"


def test_monitoring_passes_the_vectors_meter_frame_on_and_its_answer_back():
    concentrator = with_archive(METER)
    asked: list[CarrierMessage] = []
    reply_645 = bytes.fromhex("68610100000000689106333434353443" + "1016")

    def answer(message: CarrierMessage) -> bytes:
        asked.append(message)
        return reply_645

    concentrator.carrier.answer = answer
    heard = concentrator.send_bytes(vector("13H F1 monitor slave"), 1.0)
    assert asked[0].data == bytes.fromhex("68610100000000681104333434351716")
    # uplink seconds 0, protocol 2, length, the meter's bytes
    assert heard[25:-2] == bytes([0, 0, 2, len(reply_645)]) + reply_645
    assert heard[10:22] == bytes.fromhex("610100000000002600000000"), "meter is the source, concentrator the destination"


def test_concurrent_read_answers_with_the_vectors_data():
    concentrator = with_archive(METER)
    wanted = vector("F1H F1 reply")
    concentrator.carrier.answer = lambda message: bytes.fromhex("686101000000006891063334343534431016")
    heard = concentrator.send_bytes(vector("F1H F1 concurrent read"), 1.0)
    assert heard[22:-2] == wanted[22:-2]


def test_concurrent_read_that_fails_has_the_vectors_bytes():
    concentrator = with_archive(METER)
    concentrator.carrier.answer = lambda message: b""
    request = bytearray(vector("F1H F1 concurrent read"))
    request[9], request[-2] = 6, (request[-2] + 1) & 0xFF       # the vector of the failure has the next sequence
    assert concentrator.send_bytes(bytes(request), 1.0) == vector("F1H F1 failure")


def test_read_beyond_the_limit_is_denied_with_the_vectors_bytes():
    concentrator = with_archive(METER, OTHER, max_concurrent=1)
    concentrator.carrier.answer = lambda message: None
    concentrator.send_bytes(vector("F1H F1 concurrent read"), 0.1)
    request = bytearray(vector("F1H F1 concurrent read"))
    request[9] = 2
    request[16] = 0x62                                          # the other meter
    request[-2] = sum(request[3:-2]) & 0xFF
    assert concentrator.send_bytes(bytes(request)) == vector("deny, error 109")


def test_band_of_the_vector_is_confirmed_and_another_is_not_supported():
    concentrator = with_archive()
    assert concentrator.send_bytes(vector("set HPLC band 2"))[10:12] == bytes([0x00, 0x01])
    assert concentrator.ask(units.Band(band=1)) == units.Deny(error=10)


def test_every_frame_of_the_vector_file_leaves_the_cco_standing():
    concentrator = with_archive(METER)
    for one in VECTORS:
        concentrator.send_bytes(bytes.fromhex(one["hex"]))
    concentrator.run(30.0)
    assert concentrator.ask(units.Command(code=Code(3, 10))) is not None
