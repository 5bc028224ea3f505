"""Reading without a line: requests out, replies in, a poll with values by column. Replies are published frames where there are any."""

import numpy as np
import pytest

from edge_agent.acquire.dlt645_exchange import DataExchange, Exchange645, Step
from edge_agent.acquire.dlt645_plan import DataRequest, plan645
from edge_agent.acquire.poll import Outcome
from edge_agent.acquire.read_list import ReadList
from edge_agent.acquire.schedule import Reading
from edge_agent.model import COLUMN_INDEX, SampleFlag
from edge_agent.wire.dlt645 import ErrorBits, Frame645, decode_frame, encode, error_frame, read_reply_frame
from firmware_profiles.loader import load_all

PROFILES = load_all()
SINGLE, THREE, OLD = (PROFILES[name] for name in ("dlt645-2007-single", "dlt645-2007-three", "dlt645-1997"))
ADDRESS = "000000000161"
# DI -> request and reply, from a published meter-reading class
PUBLISHED = {
    "02010100": ("68610100000000681104333434351716", "686101000000006891063334343534431016"),
    "02020100": ("68610100000000681104333435351816", "6861010000000068910733343535CC7C331616"),
}
POWER = "68610100000000689107333336354558336B16"


def wanted_of(profile, retry_s=100.0):
    return ReadList(plan645(profile), meter_id="m", retry_s=retry_s)


def reply_of(hex_text):
    return decode_frame(bytes.fromhex(hex_text))


def test_requests_are_the_published_bytes_and_the_replies_give_the_published_values():
    exchange = Exchange645(wanted_of(SINGLE), Reading.FULL, address=ADDRESS, now_s=0.0)
    for identifier, (request, reply) in PUBLISHED.items():
        (asked,) = exchange.next_requests()
        assert encode(asked) == bytes.fromhex(request), identifier
        assert exchange.next_requests() == []
        assert exchange.take(reply_of(reply), now_s=1.0, utc_ms=5000)
    exchange.next_requests()
    assert exchange.take(reply_of(POWER), now_s=1.0, utc_ms=6000)
    values = exchange.poll.values
    assert [values[COLUMN_INDEX[name]] for name in ("voltage_v.a", "current_a.a", "active_power_w")] == [100.1, 4.999, 251.2]
    assert exchange.poll.taken_utc_ms == 5000
    assert not exchange.is_done


def test_replies_out_of_order_find_their_requests():
    exchange = Exchange645(wanted_of(SINGLE), Reading.FULL, address=ADDRESS, now_s=0.0, at_once=3)
    assert len(exchange.next_requests()) == 3
    for reply in (POWER, PUBLISHED["02020100"][1], PUBLISHED["02010100"][1]):
        assert exchange.take(reply_of(reply), now_s=0.0, utc_ms=1)
    assert exchange.poll.blocks == 3
    assert len(exchange.next_requests()) == 3


def test_replies_of_others_and_repeats_change_nothing():
    exchange = Exchange645(wanted_of(SINGLE), Reading.FULL, address=ADDRESS, now_s=0.0)
    exchange.next_requests()
    for foreign in ("68000000000000689106333434354C56D916", POWER, PUBLISHED["02010100"][0], "6860079204009168D101376716"):
        assert not exchange.take(reply_of(foreign), now_s=0.0, utc_ms=1)
    voltage = reply_of(PUBLISHED["02010100"][1])
    assert exchange.take(voltage, now_s=0.0, utc_ms=1)
    assert not exchange.take(voltage, now_s=0.0, utc_ms=1)
    assert exchange.poll.blocks == 1


def test_a_refused_block_is_asked_for_by_its_members_and_remembered():
    wanted = wanted_of(THREE)
    exchange = Exchange645(wanted, Reading.FULL, address=ADDRESS, now_s=0.0)
    (block,) = exchange.next_requests()
    assert exchange.take(error_frame(block, address=ADDRESS, error=ErrorBits.NO_SUCH_DATA), now_s=0.0, utc_ms=1)
    assert exchange.next_requests()[0].data == bytes.fromhex("00010102")
    assert not exchange.poll.flags & SampleFlag.PARTIAL
    later = Exchange645(wanted, Reading.FULL, address=ADDRESS, now_s=50.0)
    assert later.next_requests()[0].data == bytes.fromhex("00010102")
    again = Exchange645(wanted, Reading.FULL, address=ADDRESS, now_s=101.0)
    assert again.next_requests()[0].data == bytes.fromhex("00FF0102")


def test_one_who_refuses_everything_lives_and_gives_nothing():
    exchange = Exchange645(wanted_of(SINGLE), Reading.FULL, address=ADDRESS, now_s=0.0)
    while requests := exchange.next_requests():
        assert exchange.take(error_frame(requests[0], address=ADDRESS, error=ErrorBits.OTHER), now_s=0.0, utc_ms=7)
    poll = exchange.poll
    assert exchange.is_done
    assert (poll.outcome, poll.taken_utc_ms, poll.flags) == (Outcome.ANSWERED, 7, SampleFlag.PARTIAL | SampleFlag.PRESENCE)
    assert np.isnan(poll.values).all()


def test_silence_ends_it_at_once_and_later_only_costs_what_was_asked():
    silent = Exchange645(wanted_of(SINGLE), Reading.FULL, address=ADDRESS, now_s=0.0)
    silent.next_requests()
    silent.unanswered(now_s=1.0)
    assert silent.is_done
    assert silent.poll.outcome is Outcome.SILENT
    part = Exchange645(wanted_of(SINGLE), Reading.FULL, address=ADDRESS, now_s=0.0)
    part.next_requests()
    part.take(reply_of(PUBLISHED["02010100"][1]), now_s=0.0, utc_ms=1)
    part.next_requests()
    part.unanswered(now_s=1.0)
    assert not part.is_done
    assert part.poll.flags & SampleFlag.PARTIAL
    assert part.next_requests()[0].data == bytes.fromhex("00000302")


def test_parts_of_a_long_reply_are_joined_in_order_only():
    exchange = DataExchange(DataRequest(address=ADDRESS, identifier="0001FF00"))
    payload = bytes(range(250)) + bytes(200)
    first = read_reply_frame(exchange.request, address=ADDRESS, payload=payload)
    assert first.control == 0xB1
    assert exchange.take(first) is Step.MORE
    assert exchange.take(first) is Step.FOREIGN
    assert (exchange.request.control, exchange.request.data) == (0x12, bytes.fromhex("00FF010001"))
    second = read_reply_frame(exchange.request, address=ADDRESS, payload=payload)
    wrong_part = Frame645(address=ADDRESS, control=second.control, data=second.data[:-1] + b"\x02")
    assert exchange.take(wrong_part) is Step.FOREIGN
    assert exchange.take(second) is Step.MORE
    assert exchange.take(read_reply_frame(exchange.request, address=ADDRESS, payload=payload)) is Step.ANSWERED
    assert exchange.payload == payload


def test_a_meter_of_1997_is_asked_and_read_by_the_published_frames():
    exchange = DataExchange(DataRequest(address="138000130754", identifier="9010"))
    assert encode(exchange.request) == bytes.fromhex("6854071300801368010243C3DA16")
    assert exchange.take(reply_of("6854071300801368810643C3343333332B16")) is Step.ANSWERED
    assert exchange.payload == bytes.fromhex("01000000")
    block = next(block for block in plan645(OLD).full if block.identifier == "901F")
    values = np.full(len(COLUMN_INDEX), np.nan)
    frame = "6875000000000068811F52C363C63A345B685333B7C86333B48B5B336A365B333333333333333333DD5F16"
    block.decode(reply_of(frame).data[2:], values)
    assert values[COLUMN_INDEX["active_energy_import_wh"]] == 10_793_300.0
    assert values[COLUMN_INDEX["active_energy_import_wh.t4"]] == 2_803_370.0


@pytest.mark.parametrize("profile", [SINGLE, THREE, OLD, PROFILES["dlt645-2013-single"]], ids=lambda profile: profile.name)
def test_every_polled_point_is_asked_once(profile):
    plan = plan645(profile)
    keys = [point.key for block in plan.full for point in block.points]
    assert sorted(keys) == sorted(point.key for point in profile.data_points if point.poll != "never")
    assert [point.poll for point in plan.presence[0].points] == ["presence"] * len(plan.presence[0].points)
    assert plan.full[0] is plan.presence[0]
    assert len({block.signature for block in plan.resync}) == len(plan.resync) >= 4


def test_a_modbus_profile_is_no_plan_of_645():
    with pytest.raises(ValueError, match="speaks modbus"):
        plan645(PROFILES["eastron-sdm120m"])
