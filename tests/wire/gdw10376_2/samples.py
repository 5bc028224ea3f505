"""Application data written out byte by byte from the tables of Q/GDW 10376.2-2024, and what it means.

Every AFN, Fn and direction that the codec knows has at least one sample; ``|`` in a sample only separates fields.
"""

from __future__ import annotations

import datetime

from edge_agent.wire.gdw10376_2 import Code, Direction, units
from edge_agent.wire.gdw10376_2.units import commands, nodes, reading, settings

DOWN, UP = Direction.DOWN, Direction.UP
MAIN, METER, OTHER = "000000002600", "000000000161", "123456789012"
MAIN_W, METER_W, OTHER_W = "002600000000", "610100000000", "129078563412"
MESSAGE = bytes.fromhex("68610100000000681104333434351716")
MESSAGE_W = MESSAGE.hex()
VENDOR = units.VendorInfo(vendor="ES", chip="RT", date="111208", version="0013")
VENDOR_W = "5345 5452 08 12 11 1300"  # the Eastsoft reply of the vectors
MISMATCH_W = "68630100000000689e0736335a333333336816"  # of the vectors
NOBODY_W = "68630100000000689e07363232323232323b16"  # owner FF x 6: the sum is less by 5A - 32 + 5 x (33 - 32)

RUN_MODE = units.RunMode(
    kind=2, manages_route=True, needs_archive=True, cycle_reading=3, monitor_delay=True, broadcast_delay=True, switch_by=1,
    confirms_before_broadcast=True, broadcast_channel=0, channels=1, phases_lost=0b010, slave_timeout_s=90, broadcast_timeout_s=600,
    max_frame_bytes=1024, max_file_packet_bytes=512, upgrade_wait_min=10, main_address=MAIN, max_nodes=1015, nodes=500,
    protocol_date="240101", filing_date="240630", vendor=VENDOR, rates=(0x8064,),
)
# b0 2 | 10 | 20 | C0, b1 2 | 4 | 8 | 20, b2 1 | 2 << 5, b3 one rate
RUN_MODE_W = f"F2 2E 41 01 00 00 | 5A | 5802 | 0004 | 0002 | 0A | {MAIN_W} | F703 | F401 | 240101 | 240630 | {VENDOR_W} | 6480"

DOWNWARD = {
    Code(0x00, 1): [
        ("FFFFFFFF 0000", units.Confirm()),
        ("0500 0A00", units.Confirm(status=5, wait_s=10, is_old_form=True)),
    ],
    Code(0x00, 2): [("0A", units.Deny(error=10))],
    **{code: [("", units.Command(code=code))] for code in commands.EMPTY_COMMANDS},
    Code(0x02, 1): [(f"02 10 {MESSAGE_W}", units.Forward(protocol=2, payload=MESSAGE))],
    Code(0x03, 9): [(f"02 10 {MESSAGE_W}", units.BroadcastDelayQuery(protocol=2, payload=MESSAGE))],
    Code(0x03, 11): [("10", units.FunctionsQuery(asked_afn=0x10))],
    Code(0x05, 1): [(MAIN_W, units.MainAddress(main_address=MAIN))],
    Code(0x05, 2): [("01", units.Permission(code=Code(0x05, 2), allowed=True))],
    Code(0x05, 3): [
        ("03 00", units.Broadcast(control=3, payload=b"")),
        (f"02 10 {MESSAGE_W}", units.Broadcast(control=2, payload=MESSAGE)),
    ],
    Code(0x05, 6): [("00", units.Permission(code=Code(0x05, 6), allowed=False))],
    Code(0x05, 10): [("04", units.SerialSpeed(baud=115200))],
    Code(0x05, 16): [("02", units.Band(band=2))],
    Code(0x05, 17): [("02 03 01", units.RadioChannel(option=2, channel=3, negotiates=True))],
    Code(0x05, 101): [("58 59 23 31 12 26", units.CentreTime(time=datetime.datetime(2026, 12, 31, 23, 59, 58)))],
    Code(0x05, 200): [("01", units.Permission(code=Code(0x05, 200), allowed=True))],
    **{code: [("0100 40", units.PageQuery(code=code, start=1, count=64))] for code in nodes.PAGED_QUERIES},
    Code(0x11, 1): [
        (
            f"02 {METER_W} 02 {OTHER_W} 03",
            units.AddNodes(nodes=(units.NodeProtocol(address=METER, protocol=2), units.NodeProtocol(address=OTHER, protocol=3))),
        )
    ],
    Code(0x11, 2): [(f"02 {METER_W} {OTHER_W}", units.DeleteNodes(addresses=(METER, OTHER)))],
    Code(0x11, 5): [
        (
            "00 30 14 25 11 26 | 2C01 | 03 | 14",
            units.StartRegistration(start=datetime.datetime(2026, 11, 25, 14, 30), minutes=300, repeats=3, slots=20),
        ),
        ("000000000000 | 3C00 | 00 | 00", units.StartRegistration(minutes=60, repeats=0, slots=0)),
    ],
    Code(0x13, 1): [
        (f"02 00 00 10 {MESSAGE_W}", units.MonitorRequest(protocol=2, payload=MESSAGE)),
        (
            f"02 01 01 {OTHER_W} 10 {MESSAGE_W}",
            units.MonitorRequest(protocol=2, payload=MESSAGE, depends_on_delay=True, subordinates=(OTHER,)),
        ),
    ],
    Code(0x13, 2): [(f"03 00 00 1000 {MESSAGE_W}", units.MonitorRequest(protocol=3, payload=MESSAGE, code=reading.MONITOR_LONG))],
    Code(0x14, 1): [
        ("00 00 00 00", units.Content(read_flag=units.ReadFlag.FAILED)),
        (
            f"02 01 10 {MESSAGE_W} 01 {OTHER_W}",
            units.Content(read_flag=units.ReadFlag.MAY_READ, depends_on_delay=True, payload=MESSAGE, subordinates=(OTHER,)),
        ),
    ],
    Code(0xF1, 1): [(f"02 00 2000 {MESSAGE_W * 2}", units.ConcurrentRequest(protocol=2, payload=MESSAGE * 2))],
    Code(0xF1, 2): [(f"02 00 1000 {MESSAGE_W}", units.ConcurrentRequest(protocol=2, payload=MESSAGE, code=reading.CONFIRM_PUSH))],
}

UPWARD = {
    Code(0x00, 1): DOWNWARD[Code(0x00, 1)],
    Code(0x00, 2): [("6F", units.Deny(error=111))],
    Code(0x02, 1): DOWNWARD[Code(0x02, 1)],
    Code(0x03, 1): [(VENDOR_W, VENDOR)],
    Code(0x03, 4): [(MAIN_W, units.MainAddress(main_address=MAIN, code=settings.READ_MAIN_ADDRESS))],
    Code(0x03, 9): [(f"0300 02 10 {MESSAGE_W}", units.BroadcastDelay(delay_s=3, protocol=2, payload=MESSAGE))],
    Code(0x03, 10): [(RUN_MODE_W, RUN_MODE)],
    Code(0x03, 11): [("10 | 0B 00 18 40" + "00" * 28, units.Functions(asked_afn=0x10, functions=(1, 2, 4, 20, 21, 31)))],
    Code(0x03, 12): [("5345 03 02 AABBCC", units.ModuleId(vendor="ES", id_format=2, module_id=b"\xaa\xbb\xcc"))],
    Code(0x03, 16): [("01", units.Band(band=1, code=settings.READ_BAND))],
    Code(0x03, 17): [("03 C8 00", units.RadioChannel(option=3, channel=200, negotiates=False, code=settings.READ_RADIO_CHANNEL))],
    Code(0x06, 1): [(f"01 {METER_W} 02 0300", units.NodeReport(nodes=(units.FoundNode(address=METER, protocol=2, index=3),)))],
    Code(0x06, 2): [(f"0300 02 0500 10 {MESSAGE_W}", units.ReadReport(index=3, protocol=2, uplink_s=5, payload=MESSAGE))],
    Code(0x06, 3): [("02", units.RouteChange(change=units.RouteTask.SEARCH))],
    Code(0x06, 4): [
        (
            f"02 | {METER_W} 02 0100 01 00 00 | {MAIN_W} 00 0200 00 20 01 {OTHER_W} 01",
            units.SearchReport(
                nodes=(
                    units.FoundDevice(address=METER, protocol=2, index=1, device=1),
                    units.FoundDevice(
                        address=MAIN, protocol=0, index=2, device=0, total_subordinates=32,
                        subordinates=(units.NodeProtocol(address=OTHER, protocol=1),),
                    ),
                )
            ),
        )
    ],
    Code(0x06, 5): [
        (
            f"01 04 0D 01 {METER_W} {OTHER_W}",
            units.SupplyEvent(
                change=units.SupplyChange.OUTAGE, nodes=(units.SupplyNode(address=METER), units.SupplyNode(address=OTHER)), device=1
            ),
        ),
        (
            f"00 04 0F 02 {METER_W} 00 {OTHER_W} 01",
            units.SupplyEvent(
                change=units.SupplyChange.RESTORE, device=0,
                nodes=(units.SupplyNode(address=METER, is_live=False), units.SupplyNode(address=OTHER, is_live=True)),
            ),
        ),
        (f"01 02 13 {MISMATCH_W}", units.AreaMismatch(meter="000000000163", owner_main_address="000000002700")),
        (f"01 02 13 {NOBODY_W}", units.AreaMismatch(meter="000000000163", owner_main_address=None)),
        (f"02 05 08 01 {OTHER_W} 02", units.RefusedNodes(nodes=(units.RefusedNode(address=OTHER, device=2),), device=2)),
        (f"01 02 10 {MESSAGE_W}", units.MeterEvent(device=1, protocol=2, payload=MESSAGE)),
    ],
    Code(0x10, 1): [("F401 F703", units.NodeCount(total=500, max_nodes=1015))],
    Code(0x10, 2): [
        (
            # relay 3, quality 12; phases A and C, protocol 2: 0x05 | 2 << 3
            f"F401 01 {METER_W} C3 15",
            units.NodeList(
                total=500, nodes=(units.ArchiveNode(address=METER, protocol=2, relay_level=3, signal_quality=12, phase_bits=5),)
            ),
        )
    ],
    Code(0x10, 4): [
        (
            "03 | F401 | 9001 | 6400 | 0A | 0000 | 01 02 03 | 08 02 03",
            units.RouteState(status=3, total=500, read=400, relayed=100, switches=10, relay_levels=(1, 2, 3), steps=(8, 2, 3)),
        )
    ],
    Code(0x10, 20): [
        (
            f"0200 0100 02 | {MAIN_W} 0100 0000 40 | {METER_W} D017 0100 92",
            units.Topology(
                total=2, start=1, code=nodes.DUAL_TOPOLOGY,
                nodes=(
                    units.TopologyNode(address=MAIN, tei=1, proxy_tei=0, level=0, role=4),
                    units.TopologyNode(address=METER, tei=2000, proxy_tei=1, level=2, role=1, module_type=1, radio_link=True),
                ),
            ),
        )
    ],
    Code(0x10, 21): [
        (
            f"0200 0100 02 | {MAIN_W} 0100 0000 40 | {METER_W} F703 0100 2F",
            units.Topology(
                total=2, start=1,
                nodes=(
                    units.TopologyNode(address=MAIN, tei=1, proxy_tei=0, level=0, role=4),
                    units.TopologyNode(address=METER, tei=1015, proxy_tei=1, level=15, role=2),
                ),
            ),
        )
    ],
    Code(0x10, 31): [
        (
            f"0200 0200 01 {METER_W} 3F 00",
            units.PhaseList(
                total=2, start=2,
                nodes=(units.PhaseNode(address=METER, phase_bits=7, is_three_phase_meter=True, has_line_fault=True, sequence=1),),
            ),
        )
    ],
    Code(0x10, 111): [
        (f"02 002600 {MAIN_W} 002700 012800", units.NetworkInfo(nid=0x2600, main_address=MAIN, neighbours=(0x2700, 0x2801)))
    ],
    Code(0x10, 112): [
        (
            f"0400 0200 01 {METER_W} 03 01029C01C1FB020001000200000001230000000000000000 1234",
            units.ChipList(
                total=4, start=2,
                nodes=(
                    units.ChipNode(
                        address=METER, device_type=3, version="3412",
                        chip_id=bytes.fromhex("01029C01C1FB020001000200000001230000000000000000"),
                    ),
                ),
            ),
        )
    ],
    Code(0x13, 1): [(f"0500 02 10 {MESSAGE_W}", units.MonitorReply(protocol=2, payload=MESSAGE, uplink_s=5))],
    Code(0x13, 2): [(f"0500 02 1000 {MESSAGE_W}", units.MonitorReply(protocol=2, payload=MESSAGE, uplink_s=5, code=reading.MONITOR_LONG))],
    Code(0x14, 1): [(f"02 {METER_W} 0300", units.ContentQuery(phase=2, address=METER, index=3))],
    Code(0xF1, 1): [
        (f"02 1000 {MESSAGE_W}", units.ConcurrentReply(protocol=2, payload=MESSAGE)),
        ("02 0000", units.ConcurrentReply(protocol=2, payload=b"")),
    ],
}


def data_of(sample: str) -> bytes:
    return bytes.fromhex(sample.replace("|", ""))


SAMPLES = [
    (code, direction, data_of(sample), unit)
    for direction, table in ((DOWN, DOWNWARD), (UP, UPWARD))
    for code, samples in table.items()
    for sample, unit in samples
]
