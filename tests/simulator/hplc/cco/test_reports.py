"""What the CCO says by itself: after a reset, outages, power back, strangers; each until it is confirmed."""

from __future__ import annotations

import pytest

from edge_agent.wire.gdw10376_2 import Code, units
from edge_agent.wire.gdw10376_2.units import SupplyChange, SupplyEvent
from simulator.hplc.cco import Member
from simulator.hplc.gasp.events import AddressReport, Down, Event, ReportKind, TeiReport, Up, decode_event, encode_event, encode_report
from tests.simulator.hplc.cco.scripted import (
    METER,
    OTHER,
    SUPPLY,
    THIRD,
    Concentrator,
    ScriptedCarrier,
    tree,
    vector,
    with_archive,
)


def event(report: TeiReport | AddressReport, *, sequence: int = 1, function: Up = Up.BY_MODULE) -> bytes:
    return encode_event(Event(function=function, sequence=sequence, address=int(METER), data=encode_report(report)))


def outage_of(*teis: int) -> TeiReport:
    return TeiReport(kind=ReportKind.OUTAGE, bits=sum(1 << tei for tei in teis))


def supply_events(concentrator: Concentrator, change: SupplyChange) -> list[list[str]]:
    return [[node.address for node in one.nodes] for one in concentrator.told(SupplyEvent) if one.change is change]


def test_a_module_reports_its_run_mode_within_a_minute_after_power_on():
    concentrator = Concentrator(ScriptedCarrier())
    concentrator.run(60.0)
    (mode,) = concentrator.told(units.RunMode)
    assert mode.kind == 2
    assert mode.slave_timeout_s == 90
    assert mode.max_nodes == 1015


def test_a_report_is_repeated_until_it_is_confirmed():
    concentrator = with_archive(METER)
    concentrator.confirms = False
    concentrator.carrier.arrive(METER, event(outage_of(2)))
    concentrator.run(SUPPLY.gather_s + 20.0)
    sent = [frame for _, frame in concentrator.reports if frame.code == Code(6, 5)]
    assert len(sent) == 4, "every 6 s"
    assert len(set(sent)) == 1, "the same frame, sequence number and all"
    concentrator.confirms = True
    concentrator.run(7.0)
    told = len(concentrator.reports)
    concentrator.run(100.0)
    assert len(concentrator.reports) == told


def test_a_confirm_with_another_number_ends_nothing():
    concentrator = with_archive(METER)
    concentrator.confirms = False
    concentrator.carrier.arrive(METER, event(outage_of(2)))
    concentrator.run(SUPPLY.gather_s + 1.0)
    concentrator.send_bytes(vector("confirm of the 06H F5 report"))
    concentrator.run(7.0)
    assert len(supply_events(concentrator, SupplyChange.OUTAGE)) == 2


def test_an_outage_has_the_vectors_bytes():
    concentrator = with_archive(METER, OTHER)
    concentrator.carrier.arrive(METER, event(outage_of(2, 3)), is_broadcast=True)
    concentrator.run(SUPPLY.gather_s + 2.0)
    assert concentrator.reports[-1][1].data == vector("06H F5 outage: device type 1")[13:-2]


def test_power_back_has_the_vectors_bytes():
    concentrator = with_archive(METER)
    concentrator.carrier.arrive(METER, event(AddressReport(kind=ReportKind.RESTORE, live=(int(METER),))))
    concentrator.run(SUPPLY.gather_s + 2.0)
    assert concentrator.reports[-1][1].data == vector("06H F5 restoration")[13:-2]


def test_what_a_collector_tells_has_the_vectors_bytes():
    concentrator = with_archive(METER)
    told = AddressReport(kind=ReportKind.OUTAGE, live=(int(OTHER),), dead=(int(METER),))
    concentrator.carrier.arrive(THIRD, event(told, function=Up.BY_COLLECTOR))
    concentrator.run(2.0)
    event_of = {node.address: node.is_live for node in concentrator.told(SupplyEvent)[0].nodes}
    assert event_of == {METER: False, OTHER: True}
    assert concentrator.reports[-1][1].data[:4] == vector("06H F5 outage from a collector")[13:17]


def test_outages_are_gathered_before_they_are_reported_and_doubled_ones_are_absorbed():
    concentrator = with_archive(METER, OTHER)
    began_s = concentrator.now_s
    for _ in range(10):
        concentrator.carrier.arrive(METER, event(outage_of(2)), is_broadcast=True)
        concentrator.run(2.0)
    concentrator.carrier.arrive(METER, event(outage_of(2, 3)))
    concentrator.run(SUPPLY.gather_s)
    assert supply_events(concentrator, SupplyChange.OUTAGE) == [[METER, OTHER]]
    at_s = next(at for at, frame in concentrator.reports if frame.code == Code(6, 5))
    assert at_s - began_s == pytest.approx(SUPPLY.gather_s + concentrator.carrier.way_s, abs=1.0)


def test_only_new_meters_are_reported_until_the_memory_ends():
    concentrator = with_archive(METER, OTHER)
    for teis in ((2,), (2, 3), (2,)):
        concentrator.carrier.arrive(METER, event(outage_of(*teis)))
        concentrator.run(SUPPLY.gather_s + 2.0)
    assert supply_events(concentrator, SupplyChange.OUTAGE) == [[METER], [OTHER]]
    concentrator.run(SUPPLY.memory_s)
    concentrator.carrier.arrive(METER, event(outage_of(2)))
    concentrator.run(SUPPLY.gather_s + 2.0)
    assert supply_events(concentrator, SupplyChange.OUTAGE) == [[METER], [OTHER], [METER]]


def test_a_frame_names_at_most_42_meters():
    addresses = [f"{number:012d}" for number in range(1000, 1100)]
    members = tree()[:1] + [
        Member(address=address, tei=place, proxy_tei=1, level=1, role=1) for place, address in enumerate(addresses, start=2)
    ]
    concentrator = Concentrator(ScriptedCarrier(members))
    concentrator.run(12.0)
    concentrator.add(*addresses)
    concentrator.carrier.arrive(addresses[0], event(outage_of(*range(2, 102))))
    concentrator.run(SUPPLY.gather_s + 5.0)
    told = supply_events(concentrator, SupplyChange.OUTAGE)
    assert [len(one) for one in told] == [42, 42, 16]
    assert sorted(one for frame in told for one in frame) == addresses


def test_unicast_events_are_acknowledged_and_broadcasts_are_not():
    concentrator = with_archive(METER)
    concentrator.carrier.arrive(METER, event(outage_of(2), sequence=7), is_broadcast=True)
    concentrator.run(1.0)
    assert concentrator.carrier.sent == []
    concentrator.carrier.arrive(METER, event(outage_of(2), sequence=8))
    concentrator.run(1.0)
    ((address, payload),) = concentrator.carrier.sent
    told = decode_event(payload)
    assert (address, told.function, told.sequence) == (METER, Down.ACKNOWLEDGED, 8)


def test_forbidden_events_are_not_reported_and_their_senders_are_told():
    concentrator = with_archive(METER)
    concentrator.ask(units.Permission(code=Code(5, 2), allowed=False))
    concentrator.carrier.arrive(METER, event(outage_of(2)))
    concentrator.run(SUPPLY.gather_s + 2.0)
    assert concentrator.told(SupplyEvent) == []
    assert decode_event(concentrator.carrier.sent[0][1]).function is Down.FORBID


def test_meters_outside_the_archive_and_unknown_teis_are_not_reported():
    concentrator = with_archive(METER)
    concentrator.carrier.arrive(METER, event(outage_of(2, 3, 900)))
    concentrator.run(SUPPLY.gather_s + 2.0)
    assert supply_events(concentrator, SupplyChange.OUTAGE) == [[METER]]
    assert concentrator.cco.core.unknown_teis == 1


def test_refused_nodes_are_reported_once_when_that_is_allowed():
    concentrator = with_archive(METER)
    concentrator.carrier.refused = [OTHER]
    concentrator.run(1.0)
    assert concentrator.told(units.RefusedNodes) == [], "not before 05H F200"
    concentrator.ask(units.Permission(code=Code(5, 200), allowed=True))
    for _ in range(2):
        concentrator.carrier.refused = [OTHER, THIRD, METER]
        concentrator.run(1.0)
    (told,) = concentrator.told(units.RefusedNodes)
    assert [node.address for node in told.nodes] == [THIRD], "each stranger once, and nobody of the archive"


def test_damaged_messages_from_stations_are_counted_and_dropped():
    concentrator = with_archive(METER)
    good = event(outage_of(2))
    for damaged in (b"", good[:9], good[:-1], b"\x11\x08\x00\x00" + bytes(20), b"\x11\x03\x00\x00" + bytes(20), bytes(40)):
        concentrator.carrier.arrive(METER, damaged)
    concentrator.run(SUPPLY.gather_s + 2.0)
    assert concentrator.told(SupplyEvent) == []
    assert concentrator.cco.core.bad_messages == 6


def test_modules_that_repeat_reports_or_name_strangers_can_be_had():
    concentrator = with_archive(METER)
    concentrator.cco.misbehaviour.report_copies = 3
    concentrator.cco.misbehaviour.unknown_addresses = ("999000000001",)
    concentrator.carrier.arrive(METER, event(outage_of(2)))
    concentrator.run(SUPPLY.gather_s + 2.0)
    assert supply_events(concentrator, SupplyChange.OUTAGE) == [[METER, "999000000001"]] * 3


def test_an_answer_says_that_reports_wait():
    concentrator = with_archive(METER)
    concentrator.confirms = False
    concentrator.carrier.arrive(METER, event(outage_of(2)))
    concentrator.run(SUPPLY.gather_s + 2.0)
    concentrator.ask(units.Command(code=Code(3, 4)))
    assert concentrator.answers[-1][1].info.event_pending
