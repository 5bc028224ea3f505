"""What the module tells by itself becomes evidence once; every report is confirmed. Frames are written by hand, not by our encoder."""

import pytest

from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.cco.reports import Reports
from edge_agent.acquire.cco.settings import CcoCounters
from edge_agent.model import EvidenceKind
from edge_agent.wire.gdw10376_2 import Code, encode, parse_frame
from tests.acquire.cco.scripted_cco import ScriptedCco, run_with, watched_cco
from tests.acquire.scripted645 import address_of
from tests.virtual_loop import run_virtual

GASP, BACK = EvidenceKind.LAST_GASP, EvidenceKind.POWER_BACK
ADDRESSES = {address_of(index): index for index in range(50)}


def raw(data: str, *, sequence: int = 0, fn_bit: str = "10", afn: str = "06") -> bytes:
    """``68 L C3 R AFN DT data CS 16`` put together by hand."""
    body = bytes.fromhex(f"C3 0000000000 {sequence:02X} {afn} {fn_bit} 00 {data}")
    return b"\x68" + (len(body) + 5).to_bytes(2, "little") + body + bytes([sum(body) & 0xFF, 0x16])


def wire(meter: int) -> str:
    return bytes.fromhex(address_of(meter))[::-1].hex()


def supply(kind: int, *meters: int, sequence: int = 0) -> bytes:
    content = f"{kind:02x}" + "".join(map(wire, meters))
    return raw(f"01 04 {len(content) // 2:02x} {content}", sequence=sequence)


def collector(kind: int, *meters: tuple[int, int], sequence: int = 0) -> bytes:
    content = f"{kind:02x}" + "".join(f"{wire(meter)}{live:02x}" for meter, live in meters)
    return raw(f"00 04 {len(content) // 2:02x} {content}", sequence=sequence)


def make(dedup_s: float = 300.0) -> Reports:
    return Reports(name="cco-1", meters=ADDRESSES, dedup_s=dedup_s, counters=CcoCounters())


def told(reports: Reports, data: bytes, at_s: float = 0.0) -> list[tuple[EvidenceKind, tuple[int, ...]]]:
    facts = reports.take(parse_frame(data), Moment(wire_s=at_s, clock_s=at_s, utc_ms=int(1000 * at_s)))
    return [(fact.kind, fact.meters) for fact in facts]


def test_an_outage_names_its_meters_and_a_restore_too():
    reports = make()
    assert told(reports, supply(1, 3, 5)) == [(GASP, (3, 5))]
    assert told(reports, supply(2, 5), 400.0) == [(BACK, (5,))]


def test_a_repeat_is_absorbed_for_as_long_as_it_goes_on():
    reports = make(dedup_s=120.0)
    assert [told(reports, supply(1, 3, sequence=turn % 256), 10.0 * turn) for turn in range(1000)].count([]) == 999


def test_of_a_repeat_with_more_meters_only_those_are_new():
    reports = make()
    told(reports, supply(1, 3, 4))
    assert told(reports, supply(1, 3, 4, 5, 6), 30.0) == [(GASP, (5, 6))]


def test_a_new_outage_after_a_restore_is_new():
    reports = make()
    assert [told(reports, supply(kind, 3), 20.0 * turn) for turn, kind in enumerate((1, 2, 1, 2))] == [
        [(GASP, (3,))], [(BACK, (3,))], [(GASP, (3,))], [(BACK, (3,))],
    ]


def test_a_report_long_after_the_last_one_is_new():
    reports = make(dedup_s=120.0)
    told(reports, supply(1, 3))
    assert told(reports, supply(1, 3), 120.0) == []
    assert told(reports, supply(1, 3), 241.0) == [(GASP, (3,))]


def test_a_collector_tells_who_is_dead_and_who_lives():
    reports = make()
    assert told(reports, collector(1, (1, 0), (2, 1), (3, 0))) == [(GASP, (1, 3))]
    # meter 1 is live again, meter 3 is still dead
    assert told(reports, collector(2, (1, 1), (3, 0)), 60.0) == [(BACK, (1,))]


def test_a_live_meter_among_dead_ones_is_back_if_it_was_dead():
    reports = make()
    told(reports, supply(1, 2))
    assert told(reports, collector(1, (2, 1)), 30.0) == [(BACK, (2,))]


def test_unknown_addresses_are_counted_and_told_once(caplog):
    reports = Reports(name="cco-1", meters={address_of(0): 0}, dedup_s=300.0, counters=(counters := CcoCounters()))
    for turn in range(100):
        assert told(reports, supply(1, 7, sequence=turn)) == []
    assert counters.unknown_addresses == 100
    assert len(caplog.records) == 1
    for meter in range(1, 500):
        told(reports, supply(1, meter))
    assert len(caplog.records) <= 64


def test_a_node_of_another_area_is_told_with_the_main_node_it_belongs_to():
    # vector of the sheet 4.5: 68 meter 68 9E 07 36 owner + 33H CS 16
    body = bytes.fromhex(f"68 {wire(4)} 68 9E 07 36 5a3333333333")
    reports = make()
    data = raw(f"01 02 13 {(body + bytes([sum(body) & 0xFF, 0x16])).hex()}")
    (fact,) = reports.take(parse_frame(data), Moment(0.0, 0.0, 5))
    assert (fact.kind, fact.meters, fact.addresses) == (EvidenceKind.AREA_MISMATCH, (4,), ("000000000027",))
    assert told(reports, data, 10.0) == []


def test_refused_nodes_are_told_by_address():
    reports = make()
    data = raw("01 05 0f 02 112233445566 01 010203040506 00")
    (fact,) = reports.take(parse_frame(data), Moment(0.0, 0.0, 5))
    assert (fact.kind, fact.meters, fact.addresses) == (EvidenceKind.NODE_REFUSED, (), ("665544332211", "060504030201"))
    assert reports.take(parse_frame(data), Moment(9.0, 9.0, 5)) == []


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (supply(1, 3, sequence=9), Code(0, 1)),
        (raw("01 610100000000 02 0100", sequence=9, fn_bit="01"), Code(0, 1)),
        (raw("02", sequence=9, fn_bit="04"), Code(0, 1)),
        (raw("01 610100000000 02 0100 01 00 00", sequence=9, fn_bit="08"), Code(0, 1)),
        (raw("01 04 ff 01", sequence=9), Code(0, 1)),
        (raw("", sequence=9, fn_bit="80"), Code(0, 1)),
        (raw("01 610100000000 0100", sequence=9, afn="14", fn_bit="01"), Code(0x14, 1)),
        (raw("", sequence=9, afn="14", fn_bit="02"), Code(0, 2)),
    ],
    ids=["outage", "nodes", "route change", "search result", "cut content", "unknown function", "router asks", "router asks the time"],
)
def test_every_report_is_answered_with_its_own_sequence(data: bytes, answer: Code):
    reports, frame = make(), parse_frame(data)
    assert reports.is_report(frame)
    said = parse_frame(encode(reports.answer(frame)))
    assert (said.code, said.sequence) == (answer, 9)
    told(reports, data)


def test_a_thousand_repeats_on_the_line_are_one_fact_and_a_thousand_confirms():
    watch = watched_cco(ScriptedCco(meters=3), full_s=600.0)
    steps = [(20.0 + 0.3 * turn, lambda turn=turn: watch.link.say(supply(1, 0, 2, sequence=turn % 256))) for turn in range(1000)]
    run_virtual(run_with(watch, 400.0, *steps))
    assert [(fact.kind, fact.meters, fact.bus) for fact in watch.evidence] == [(GASP, (0, 2), "cco-1")]
    assert [frame.sequence for frame in watch.cco.of(Code(0, 1))] == [turn % 256 for turn in range(1000)]
    assert watch.reader.counters.repeated_reports == 2 * 999


def test_power_back_is_followed_by_a_read_of_a_meter_that_was_given_up():
    cco = ScriptedCco(meters=2, dead={1})

    def back():
        cco.dead.clear()
        watch.link.say(supply(2, 1))

    watch = watched_cco(cco, full_s=600.0)
    run_virtual(run_with(watch, 2500.0, (2300.0, back)))
    assert watch.reader.counters.quarantined == 0
    first = watch.of(1)[0]
    assert first.taken_utc_ms / 1000 - 1_700_000_000 - 3300 < 3.0
