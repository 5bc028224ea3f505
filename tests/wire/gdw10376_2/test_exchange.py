"""Conversations: who sends which control byte, sequence and addresses, and which answer belongs to which request."""

import pytest

from edge_agent.wire.gdw10376_2 import (
    AddressField,
    CommType,
    DenyReason,
    Direction,
    SequenceNumbers,
    UpInfo,
    answers_for,
    confirm,
    deny,
    encode,
    is_answer,
    parse_frame,
    reply,
    report,
    request,
    units,
)
from edge_agent.wire.gdw10376_2.units import commands, nodes

MAIN, METER = "000000002600", "000000000161"
TO_METER = AddressField(source=MAIN, destination=METER)
MESSAGE = bytes.fromhex("68610100000000681104333434351716")
ANSWER = bytes.fromhex("686101000000006891063334343534431016")
READ = units.ConcurrentRequest(protocol=2, payload=MESSAGE * 2)
DARK = (units.SupplyNode(address=METER), units.SupplyNode(address="000000000162"))
OUTAGE = units.SupplyEvent(change=units.SupplyChange.OUTAGE, nodes=DARK)

# Each of these is a frame of tests/data/vectors/gdw10376_2.json.
BUILT = {
    "query of the run mode": (
        lambda: request(units.Command(code=commands.QUERY_RUN_MODE), sequence=1), "680F00430000000000010302014A16"
    ),
    "query of the topology": (
        lambda: request(units.PageQuery(code=nodes.TOPOLOGY, start=1, count=64), sequence=11), "6812004300000000000B101002010040B116"
    ),
    "voltage and energy of a meter": (
        lambda: request(
            units.ConcurrentRequest(protocol=2, payload=MESSAGE + bytes.fromhex("68610100000000681104333333331316")),
            sequence=5, addresses=TO_METER,
        ),
        "683F0043040000000005002600000000610100000000F101000200200068610100000000681104333434351716686101000000006811043333333313166816",
    ),
    "answer of the meter": (
        lambda: reply(
            request(READ, sequence=5, addresses=TO_METER), units.ConcurrentReply(protocol=2, payload=ANSWER),
            info=UpInfo(sequence=99, phase=1, command_quality=9, reply_quality=9),
        ),
        "68300083040001990005610100000000002600000000F10100021200686101000000006891063334343534431016EA16",
    ),
    "failure of the meter": (
        lambda: reply(request(READ, sequence=6, addresses=TO_METER), units.ConcurrentReply(protocol=2, payload=b"")),
        "681E0083040000000006610100000000002600000000F101000200000916",
    ),
    "outage of two meters": (lambda: report(OUTAGE, sequence=7), "681F00C300000000000706100001040D01610100000000620100000000B816"),
    "confirm of the outage": (lambda: confirm(report(OUTAGE, sequence=7)), "68150043000000000007000100FFFFFFFF00004716"),
    "confirm of a setting": (
        lambda: confirm(request(units.MainAddress(main_address=MAIN), sequence=2)), "68150083000000000002000100FFFFFFFF00008216"
    ),
    "refusal": (
        lambda: deny(request(READ, sequence=2, addresses=TO_METER), DenyReason.OVER_CONCURRENCY), "681000830000000000020002006DF416"
    ),
}


@pytest.mark.parametrize(("build", "wire"), BUILT.values(), ids=BUILT)
def test_frame_is_that_of_the_vectors(build, wire: str):
    assert encode(build()) == bytes.fromhex(wire)


def test_old_module_confirms_in_four_bytes():
    asked = request(units.Command(code=commands.ROUTE_PAUSE), sequence=2, comm_type=CommType.NARROW_BAND_CENTRALISED)
    answer = confirm(asked, wait_s=0, is_old_form=True)
    assert encode(answer) == bytes.fromhex("68130081000000000002000100FFFF00008216")


def test_relays_give_the_relay_level():
    asked = request(READ, sequence=1, addresses=AddressField(source=MAIN, destination=METER, relays=("000000000007",)))
    assert asked.info.relay_level == 1
    assert reply(asked, units.ConcurrentReply(protocol=2, payload=b"")).addresses == AddressField(source=METER, destination=MAIN)
    assert parse_frame(encode(asked)) == asked


def test_own_report_after_a_reset_carries_what_the_line_was_like():
    told = report(OUTAGE, sequence=3, info=UpInfo(sequence=0, phase=2, event_pending=True))
    assert (told.prm, told.direction, told.sequence, told.info.phase) == (True, Direction.UP, 3, 2)


def test_answer_has_the_sequence_and_the_code_of_the_request():
    asked = request(READ, sequence=5, addresses=TO_METER)
    answer = reply(asked, units.ConcurrentReply(protocol=2, payload=ANSWER))
    assert is_answer(answer, asked)
    assert is_answer(deny(asked, DenyReason.ALREADY_READING), asked)
    assert is_answer(confirm(asked), asked)
    assert not is_answer(reply(request(READ, sequence=6, addresses=TO_METER), units.ConcurrentReply(protocol=2, payload=b"")), asked)
    assert not is_answer(report(OUTAGE, sequence=5), asked)
    assert not is_answer(asked, asked)


def test_late_answer_of_another_meter_with_the_same_sequence_is_told_apart():
    other = AddressField(source=MAIN, destination="000000000162")
    late = reply(request(READ, sequence=5, addresses=other), units.ConcurrentReply(protocol=2, payload=ANSWER))
    asked = request(READ, sequence=5, addresses=TO_METER)
    assert is_answer(late, asked)
    assert not answers_for(late, METER)
    assert answers_for(late, "000000000162")
    assert answers_for(deny(asked, DenyReason.ALREADY_READING), METER)


def test_sequence_numbers_come_round():
    numbers = SequenceNumbers(first=254)
    assert [numbers.take() for _ in range(4)] == [254, 255, 0, 1]


def test_sequence_numbers_in_use_are_left_out():
    numbers = SequenceNumbers()
    assert [numbers.take(in_use={0, 1, 3}) for _ in range(3)] == [2, 4, 5]


def test_no_sequence_number_is_given_twice_while_all_are_in_use():
    with pytest.raises(ValueError, match="all 256"):
        SequenceNumbers().take(in_use=range(256))
