"""Application data of every function: bytes of the standard's tables, and one line for every wrong length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2 import (
    BROADCAST,
    Code,
    DenyReason,
    Direction,
    DownInfo,
    Frame10376,
    UpInfo,
    encode,
    known_functions,
    parse_unit,
    units,
)
from edge_agent.wire.gdw10376_2.units.events import MAX_SUPPLY_ADDRESSES, MAX_SUPPLY_ENTRIES
from tests.wire.gdw10376_2.samples import METER, SAMPLES

EVERY_SAMPLE = pytest.mark.parametrize(("code", "direction", "data", "unit"), SAMPLES, ids=[f"{c} {d} {u}"[:60] for c, d, _, u in SAMPLES])


def frame_with(code: Code, direction: Direction, data: bytes) -> Frame10376:
    info = UpInfo(sequence=0) if direction is Direction.UP else DownInfo(sequence=0)
    return Frame10376(afn=code.afn, fn=code.fn, info=info, data=data)


def test_every_known_function_has_a_sample():
    assert {(code, direction) for code, direction, _, _ in SAMPLES} == set(known_functions())


@EVERY_SAMPLE
def test_data_means_what_the_table_says(code, direction, data, unit):
    assert parse_unit(frame_with(code, direction, data)) == unit


@EVERY_SAMPLE
def test_unit_encodes_to_the_bytes_of_the_table(code, direction, data, unit):
    assert (unit.code, unit.to_bytes()) == (code, data)


@EVERY_SAMPLE
def test_data_of_another_length_is_refused_or_is_a_unit_of_that_length(code, direction, data, unit):
    for other in [data[:end] for end in range(len(data))] + [data + b"\x00", data + data]:
        complaint, parsed = "", None
        try:
            parsed = parse_unit(frame_with(code, direction, other))
        except FrameError as error:
            complaint = str(error)
        if parsed is None:
            assert complaint.startswith(f"{code}: ")
            assert "\n" not in complaint
        else:
            assert len(parsed.to_bytes()) == len(other), "some bytes were passed over"


@given(st.sampled_from(known_functions()), st.binary(max_size=80))
def test_any_data_is_a_unit_or_a_frame_error(function, data: bytes):
    code, direction = function
    try:
        unit = parse_unit(frame_with(code, direction, data))
    except FrameError:
        return
    assert parse_unit(frame_with(code, direction, unit.to_bytes())) == unit


def test_function_without_layout_is_a_frame_error():
    with pytest.raises(FrameError, match="11H F231 down: no layout is known"):
        parse_unit(frame_with(Code(0x11, 231), Direction.DOWN, b""))


def test_confirm_tells_done_and_idle_channels():
    confirm = units.Confirm(status=0b1001)
    assert confirm.is_done
    assert [channel for channel in range(1, 32) if confirm.is_channel_idle(channel)] == [3]


def test_deny_names_its_reason():
    assert units.Deny(error=109).reason is DenyReason.OVER_CONCURRENCY
    assert units.Deny(error=8).reason_text == "meter does not reply"
    assert units.Deny(error=200).reason is None
    assert units.Deny(error=200).reason_text == "reserved reason 200"


def test_failed_concurrent_read_has_no_payload():
    assert units.ConcurrentReply(protocol=2, payload=b"").has_failed
    assert not units.ConcurrentReply(protocol=2, payload=b"\x68").has_failed


@pytest.mark.parametrize(("device", "is_live", "most"), [(1, None, MAX_SUPPLY_ADDRESSES), (0, False, MAX_SUPPLY_ENTRIES)])
def test_long_outage_is_told_in_several_reports_of_255_bytes_each(device, is_live, most):
    nodes = [units.SupplyNode(address=f"{number:012d}", is_live=is_live) for number in range(100)]
    events = list(units.supply_events(units.SupplyChange.OUTAGE, nodes, device))
    assert [node for event in events for node in event.nodes] == nodes
    assert [len(event.nodes) for event in events[:-1]] == [most] * (len(events) - 1)
    assert all(event.to_bytes()[2] <= 255 and len(event.to_bytes()) == 3 + event.to_bytes()[2] for event in events)
    too_many = units.SupplyEvent(change=units.SupplyChange.OUTAGE, nodes=tuple(nodes[: most + 1]), device=device)
    with pytest.raises(ValueError, match="does not fit"):
        too_many.to_bytes()


REFUSED = {
    "supply event of unknown kind": (Code(0x06, 5), Direction.UP, "01 04 07 03 610100000000", "neither outage"),
    "supply event with half an address": (Code(0x06, 5), Direction.UP, "01 04 04 01 610100", "needs 6 bytes"),
    "live flag of 2": (Code(0x06, 5), Direction.UP, "00 04 08 01 610100000000 02", "flag"),
    "33 refused nodes": (Code(0x06, 5), Direction.UP, "02 05 E8 21" + "61010000000002" * 33, "at most 32"),
    "65 nodes in a page": (Code(0x10, 21), Direction.UP, "4100 0100 41" + "00" * 65 * 11, "at most 64"),
    "month 13": (Code(0x05, 101), Direction.DOWN, "00 00 00 01 13 26", "no time"),
    "second 60": (Code(0x05, 101), Direction.DOWN, "60 00 00 01 12 26", "no time"),
    "time in hex": (Code(0x05, 101), Direction.DOWN, "0A 00 00 01 12 26", "no time"),
    "no time at all": (Code(0x05, 101), Direction.DOWN, "00 00 00 00 00 00", "all zeros"),
    "serial speed 5": (Code(0x05, 10), Direction.DOWN, "05", "reserved"),
    "module id of 51 bytes": (Code(0x03, 12), Direction.UP, "5345 33 02" + "00" * 51, "longer than 50"),
}


@pytest.mark.parametrize(("code", "direction", "data", "complaint"), REFUSED.values(), ids=REFUSED)
def test_value_outside_the_table_is_refused(code, direction, data, complaint):
    with pytest.raises(FrameError, match=complaint):
        parse_unit(frame_with(code, direction, bytes.fromhex(data)))


def test_area_mismatch_with_a_wrong_sum_is_left_as_a_message_of_the_meter():
    data = bytes.fromhex("010213 68630100000000689e0736335a333333336916")
    assert parse_unit(frame_with(Code(0x06, 5), Direction.UP, data)) == units.MeterEvent(device=1, protocol=2, payload=data[3:])


WRONG_FIELDS = {
    "broadcast control of 9 bits": units.Broadcast(control=256, payload=b""),
    "message of 256 bytes in one length byte": units.Forward(protocol=2, payload=bytes(256)),
    "speed that the table does not have": units.SerialSpeed(baud=4800),
    "TEI of 13 bits in F20": units.Topology(
        total=1, start=1, code=Code(0x10, 20), nodes=(units.TopologyNode(address=METER, tei=4096, proxy_tei=1, level=1, role=1),)
    ),
    "radio link in F21": units.Topology(
        total=1, start=1, nodes=(units.TopologyNode(address=METER, tei=2, proxy_tei=1, level=1, role=1, radio_link=True),)
    ),
    "live flag of a node that is no collector": units.SupplyEvent(
        change=units.SupplyChange.OUTAGE, nodes=(units.SupplyNode(address=METER, is_live=True),), device=1
    ),
    "33 refused nodes": units.RefusedNodes(nodes=(units.RefusedNode(address=METER, device=1),) * 33),
    "256 nodes to add": units.AddNodes(nodes=(units.NodeProtocol(address=METER, protocol=2),) * 256),
    "phase sequence 8": units.PhaseList(total=1, start=1, nodes=(units.PhaseNode(address=METER, phase_bits=1, sequence=8),)),
    "protocol of 4 bits": units.NodeList(total=1, nodes=(units.ArchiveNode(address=METER, protocol=8),)),
    "chip id of 23 bytes": units.ChipList(
        total=1, start=1, nodes=(units.ChipNode(address=METER, device_type=3, chip_id=bytes(23), version="0100"),)
    ),
    "vendor of three letters": units.VendorInfo(vendor="ESX", chip="RT", date="111208", version="0013"),
    "two relay levels": units.RouteState(status=0, total=0, read=0, relayed=0, switches=0, relay_levels=(0, 0)),
}


@pytest.mark.parametrize("unit", WRONG_FIELDS.values(), ids=WRONG_FIELDS)
def test_field_that_does_not_fit_is_not_sent(unit):
    with pytest.raises(ValueError, match=r".+"):
        unit.to_bytes()


def test_the_longest_page_fits_a_frame():
    chip = units.ChipNode(address=BROADCAST, device_type=3, chip_id=bytes(24), version="0100")
    page = units.ChipList(total=1015, start=1, nodes=(chip,) * 64)
    found = units.NodeReport(nodes=(units.FoundNode(address=BROADCAST, protocol=2, index=1),) * 255)
    for unit in (page, found):
        assert encode(Frame10376(afn=unit.code.afn, fn=unit.code.fn, info=UpInfo(sequence=0), data=unit.to_bytes()))
