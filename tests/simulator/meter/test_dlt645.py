"""A simulated DL/T 645 meter: what it answers to frames of documents and to hostile ones, its clock, freezes, outages, status words."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge_agent.wire.dlt645 import Frame645, decode_frame, encode, request_frame
from edge_agent.wire.dlt645.requests import BroadcastTime, ChangeBaud, ClearMeter, Credentials, Freeze, Read, ReadMore, WriteAddress
from firmware_profiles.loader import load_all
from simulator.clock import ManualClock
from simulator.meter.body import MeterBody, power_records
from simulator.meter.dlt645 import Meter645
from simulator.meter.dlt645_line import Line645
from simulator.meter.grid_meter import Terminals
from simulator.meter.measures import TerminalMeasures

PROFILES = load_all()
SINGLE, MODERN, THREE, OLD = (PROFILES[f"dlt645-{name}"] for name in ("2007-single", "2013-single", "2007-three", "1997"))
ADDRESS = "000000000161"
# noon of 2026-11-25 in China
NOON_UTC_MS = int(datetime(2026, 11, 25, 4, 0, tzinfo=UTC).timestamp() * 1000)
INSTANT, MONTHLY, DAILY = ("68999999999999681604CCCCCCCCB016", "68999999999999681604333334CCE616", "689999999999996816043333CCCC7E16")


class Clock(ManualClock):
    epoch_utc_ms = NOON_UTC_MS


class Fixed:
    """Columns that a test sets; None is darkness."""

    def __init__(self, **columns):
        self.now, self._version = dict(columns), 0

    def set(self, columns):
        self.now, self._version = columns, self._version + 1

    def version(self):
        return self._version

    def columns(self):
        return self.now


COLUMNS = {
    "voltage_v.a": 100.1, "current_a.a": 4.999, "active_power_w": 251.2, "power_factor": 0.501, "frequency_hz": 49.98,
    "reactive_power_var": 433.1, "apparent_power_va": 500.6, "active_energy_import_wh": 260.0,
}


def meter_of(profile=SINGLE, columns=None, **more):
    clock = Clock()
    fixed = Fixed()
    fixed.set(dict(COLUMNS if columns is None else columns))
    return Meter645(profile, more.pop("address", ADDRESS), fixed, clock, **more), fixed, clock


def say(meter, hex_text):
    reply = meter.answer(decode_frame(bytes.fromhex(hex_text)))
    return None if reply is None else encode(reply).hex().upper()


def payload(meter, identifier, address=ADDRESS):
    reply = meter.answer(request_frame(address, Read(di=identifier)))
    return None if reply is None or reply.is_abnormal else reply.data[4:]


# request and reply as a published meter-reading class prints them
PUBLISHED = {
    "energy": ("68610100000000681104333334331416", "6861010000000068910833333433593333338A16"),
    "voltage": ("68610100000000681104333434351716", "686101000000006891063334343534431016"),
    "current": ("68610100000000681104333435351816", "6861010000000068910733343535CC7C331616"),
    "reactive": ("68610100000000681104333337351916", "6861010000000068910733333735647633A916"),
    "apparent": ("68610100000000681104333338351A16", "68610100000000689107333338353983338C16"),
}


@pytest.mark.parametrize(("request_hex", "reply_hex"), PUBLISHED.values(), ids=PUBLISHED)
def test_it_answers_the_published_requests_with_the_published_replies(request_hex, reply_hex):
    meter, _, _ = meter_of()
    assert say(meter, request_hex) == reply_hex


def test_a_single_phase_meter_answers_a_block_with_ones_for_phases_it_has_not():
    meter, _, _ = meter_of(MODERN, {"voltage_v.a": 237.1}, address="231214000134")
    reply = meter.answer(request_frame("231214000134", Read(di="0201FF00")))
    assert encode(reply).hex().upper() == "6834010014122368910A33323435A456323232327916"      # published: a minute collection


def test_a_meter_of_1997_answers_the_published_request():
    meter, _, _ = meter_of(OLD, {"active_energy_import_wh": 10.0}, address="138000130754")
    assert say(meter, "6854071300801368010243C3DA16") == "6854071300801368810643C3343333332B16"


def test_power_that_flows_back_has_its_top_bit_set():
    meter, _, _ = meter_of(THREE, {"active_power_w.a": -1500.0})
    assert payload(meter, "02030100").hex() == "005081"      # as the library peer sends -1.5 kW


def test_a_total_is_the_sum_of_its_tariffs():
    meter, _, _ = meter_of(SINGLE, {"active_energy_import_wh": 1_234_560.0})
    values = [int(payload(meter, f"0001{tariff:02d}00")[::-1].hex()) for tariff in range(5)]
    assert values[0] == sum(values[1:]) == 123_456
    assert payload(meter, "0001FF00") == b"".join(payload(meter, f"0001{tariff:02d}00") for tariff in range(5))


def test_what_it_has_not_is_refused_with_no_such_data():
    meter, _, _ = meter_of()
    for identifier in ("00990000", "02990100", "06000001", "05990101", "03110014"):
        reply = meter.answer(request_frame(ADDRESS, Read(di=identifier)))
        assert (reply.control, reply.data) == (0xD1, b"\x02"), identifier


@pytest.mark.parametrize(
    ("request_made", "control", "error"),
    [
        (ChangeBaud(baud=9600), 0xD7, 0x08),
        (ClearMeter(credentials=Credentials(level=2, password="000000", operator="00000000")), 0xDA, 0x04),
    ],
)
def test_what_wants_a_password_or_cannot_change_is_refused_with_its_bit(request_made, control, error):
    meter, _, _ = meter_of()
    reply = meter.answer(request_frame(ADDRESS, request_made))
    assert (reply.control, reply.data) == (control, bytes([error]))


def test_wildcards_find_it_and_the_reply_carries_the_real_address():
    meter, _, _ = meter_of(address="201709320072")
    assert say(meter, "68AAAAAAAAAAAA681300DF16") == encode(
        Frame645(address="201709320072", control=0x93, data=bytes.fromhex("720032091720"))
    ).hex().upper()
    short = meter.answer(Frame645(address="AAAAAAAA0072", control=0x11, data=bytes.fromhex("00010102")))
    assert short.address == "201709320072"
    assert meter.answer(Frame645(address="AAAAAAAA0073", control=0x11, data=bytes.fromhex("00010102"))) is None


def test_everybodys_address_is_heard_and_never_answered():
    meter, _, _ = meter_of()
    for control, data in ((0x11, "00010102"), (0x13, ""), (0x16, "99999999"), (0x08, "512210050617"), (0x1B, ""), (0x7F, "")):
        assert meter.answer(Frame645(address="999999999999", control=control & 0x1F, data=bytes.fromhex(data))) is None


def test_its_address_can_be_written():
    meter, _, _ = meter_of()
    reply = meter.answer(request_frame("AAAAAAAAAAAA", WriteAddress(new_address="000000000777")))
    assert (reply.control, reply.address, meter.address) == (0x95, "000000000777", "000000000777")
    assert meter.answer(request_frame(ADDRESS, Read(di="02010100"))) is None


def test_time_to_all_is_taken_within_five_minutes_and_once_a_day():
    meter, _, clock = meter_of(body=MeterBody(clock_off_s=-200.0))
    noon = datetime(2026, 11, 25, 12, 0)
    assert meter.now() == noon - timedelta(seconds=200)
    tell = lambda time: meter.answer(request_frame("999999999999", BroadcastTime(time=time)))      # noqa: E731
    tell(noon + timedelta(minutes=10))
    assert meter.now() == noon - timedelta(seconds=200)
    tell(noon)
    assert meter.now() == noon
    tell(noon + timedelta(minutes=4))
    assert meter.now() == noon
    clock.now_s = 86_400.0
    tell(noon + timedelta(days=1, minutes=4))
    assert meter.now() == noon + timedelta(days=1, minutes=4)
    assert payload(meter, "04000101").hex() == "04261126"       # 2026-11-26 is a Thursday
    assert payload(meter, "04000102").hex() == "000412"


def test_an_instant_freeze_keeps_the_energy_of_now():
    meter, fixed, clock = meter_of()
    assert payload(meter, "05010101") is None
    assert say(meter, INSTANT) is None
    clock.now_s = 600.0
    fixed.set({**COLUMNS, "active_energy_import_wh": 9_990.0})
    assert payload(meter, "05010101")[:4].hex() == "26000000"
    assert payload(meter, "05010001").hex() == "0012251126"     # mm hh DD MM YY
    assert payload(meter, "00010000").hex() == "99090000"
    own = meter.answer(request_frame(ADDRESS, Freeze()))
    assert (own.control, own.data) == (0x96, b"")
    assert payload(meter, "05010101")[:4].hex() == "99090000"
    assert payload(meter, "05010102")[:4].hex() == "26000000"


def test_daily_and_monthly_freezes_come_when_the_meters_clock_says():
    meter, fixed, clock = meter_of()
    say(meter, DAILY)
    say(meter, MONTHLY)
    clock.now_s = 11.9 * 3600
    meter.tick()
    assert payload(meter, "05060101") is None
    fixed.set({**COLUMNS, "active_energy_import_wh": 5_000.0})
    clock.now_s = 12.0 * 3600
    assert payload(meter, "05060001").hex() == "0000261126"
    assert payload(meter, "05060101")[:4].hex() == "00050000"
    clock.now_s = 6.5 * 86_400
    assert payload(meter, "05000001").hex() == "0000011226"     # the first of December, 00:00


def test_outages_are_counted_and_dated():
    meter, fixed, clock = meter_of()
    meter.tick()
    for start_s, end_s in ((100.0, 160.0), (3600.0, 7200.0)):
        clock.now_s = start_s
        fixed.set(None)
        assert meter.answer(request_frame(ADDRESS, Read(di="02010100"))) is None
        clock.now_s = end_s
        fixed.set(dict(COLUMNS))
        meter.tick()
    assert payload(meter, "03110000").hex() == "020000"
    assert payload(meter, "03110001").hex() == "000013251126" + "000014251126"
    assert payload(meter, "03110002").hex() == "400112251126" + "400212251126"
    assert payload(meter, "0311000A") == bytes(12)
    assert payload(meter, "0311000B") is None


def test_outages_of_a_simulated_grid_are_dated_by_the_meters_drifting_clock():
    body = MeterBody(clock_off_s=30.0)
    records = power_records(np.array([False, True, True, False]), 60.0, body)
    meter, _, _ = meter_of(body=body, records=lambda: records)
    assert payload(meter, "03110001").hex() == "300112251126" + "300312251126"
    assert payload(meter, "03110000").hex() == "010000"


def test_a_dark_meter_is_silent_but_to_its_own_module_and_says_so():
    meter, fixed, _ = meter_of()
    meter.tick()
    fixed.set(None)
    ask = request_frame(ADDRESS, Read(di="04000507"))
    assert meter.answer(ask) is None
    reply = meter.answer(ask, is_on_capacitor=True)
    assert reply.data[4:] == b"\x20\x00"                        # bit 5: power down
    energy = meter.answer(request_frame(ADDRESS, Read(di="00010000")), is_on_capacitor=True)
    assert energy.data[4:].hex() == "26000000"


def three_phase(volts, amperes):
    turns = [1, complex(-0.5, -0.8660254), complex(-0.5, 0.8660254)]
    return Terminals(
        volts=tuple(size * turn for size, turn in zip(volts, turns, strict=True)),
        amperes=tuple(size * turn for size, turn in zip(amperes, turns, strict=True)), import_wh=0.0, export_wh=0.0, reactive_varh=0.0,
    )


STATES = {
    "healthy": ((220.0,) * 3, (5.0,) * 3, [0] * 7),
    "phase b gone": ((220.0, 5.0, 220.0), (5.0, 0.0, 5.0), [0, 0, 0, 0, 0x8A, 0, 0x0C]),
    "voltage loss under load on c": ((220.0, 220.0, 120.0), (5.0, 5.0, 5.0), [0, 0, 0, 0, 0, 0x03, 0x04]),
    "over-voltage on a": ((270.0, 220.0, 220.0), (5.0,) * 3, [0, 0, 0, 0x04, 0, 0, 0]),
    "a flows back": ((220.0,) * 3, (-5.0, 5.0, 5.0), [0, 0, 0, 0x40, 0, 0, 0]),
    "all flow back": ((220.0,) * 3, (-5.0,) * 3, [0x10, 0, 0, 0x40, 0x40, 0x40, 0]),
}


@pytest.mark.parametrize(("volts", "amperes", "words"), STATES.values(), ids=STATES)
def test_status_words_say_what_is_at_the_terminals(volts, amperes, words):
    clock = Clock()
    meter = Meter645(THREE, ADDRESS, TerminalMeasures(clock, 1.0, lambda step: three_phase(volts, amperes)), clock)
    block = payload(meter, "040005FF")
    assert [int.from_bytes(block[2 * at : 2 * at + 2], "little") for at in range(7)] == words
    for number, word in enumerate(words, start=1):
        assert payload(meter, f"0400050{number}") == word.to_bytes(2, "little")


def test_an_open_relay_is_told():
    meter, _, _ = meter_of()
    meter.relay_is_open = True
    assert payload(meter, "040005FF")[4:6] == b"\x10\x00"


def test_a_block_of_63_tariffs_comes_in_two_frames():
    meter, _, _ = meter_of(tariffs=63)
    first = meter.answer(request_frame(ADDRESS, Read(di="0001FF00")))
    second = meter.answer(request_frame(ADDRESS, ReadMore(di="0001FF00", seq=1)))
    assert (first.control, second.control) == (0xB1, 0x92)
    assert len(first.data) == 200
    assert len(first.data[4:] + second.data[4:-1]) == 4 * 64
    beyond = meter.answer(request_frame(ADDRESS, ReadMore(di="0001FF00", seq=2)))
    assert (beyond.control, beyond.data) == (0xD2, b"\x02")


def test_a_line_is_silent_on_a_wrong_sum_and_answers_behind_noise():
    meter, _, _ = meter_of()
    line = Line645([meter], delay_s=lambda: 0.125)
    good = bytes.fromhex(PUBLISHED["voltage"][0])
    assert line.respond(good[:-2] + b"\x18\x16") == []
    ((delay_s, frame),) = line.respond(b"\xfe\xfe\xfe\xfe" + good)
    assert delay_s == 0.125
    assert frame == b"\xfe" * 4 + bytes.fromhex(PUBLISHED["voltage"][1])


def test_two_that_answer_one_wildcard_damage_each_other():
    first, _, _ = meter_of(address="000000000001")
    second, _, _ = meter_of(address="000000000002")
    ((_, heard),) = Line645([first, second]).respond(bytes.fromhex("68AAAAAAAAAAAA681300DF16"))
    assert sum(heard[4:-2]) & 0xFF != heard[-2]


def test_no_request_whatever_breaks_it_or_is_answered_with_another_address():
    seed = 645
    print("seed", seed)
    chance = random.Random(seed)
    meter, _, _ = meter_of(THREE)
    for _ in range(20_000):
        data = chance.randbytes(chance.choice([0, 2, 4, 5, 6, 10, 12, 16, 50]))
        address = chance.choice([ADDRESS, "AAAAAAAAAAAA", "999999999999", "000000000162"])
        control = chance.choice([0x11, 0x12, 0x01, 0x02, 0x13, 0x14, 0x16, 0x17, 0x08, 0x1C, chance.randrange(256)])
        reply = meter.answer(Frame645(address=address, control=control, data=data))
        if address not in (ADDRESS, "AAAAAAAAAAAA"):
            assert reply is None
        if reply is not None:
            assert reply.control & 0x80
            if control != 0x15:
                assert reply.address == meter.address
        meter.address = ADDRESS
