"""What is said about frames that are in no file of vectors: bytes built by hand from the layouts of the standard."""

from __future__ import annotations

import json

import pytest

from edge_agent.wire.dlt645 import Frame645, describe, encode

GENERAL = {"address", "control", "function", "reply", "abnormal", "more_follows", "length", "data_minus33"}
CASES = {
    "load records asked for by number and time": (0x11, "01000106 03 1508211126", {
        "di": "06010001", "quantity": "load records", "records": 3, "since": "2026-11-21 08:15"}),
    "three voltages": (0x91, "00FF0102 0523 0623 0723", {
        "di": "0201FF00", "quantity": "voltage block", "values_V": [230.5, 230.6, 230.7], "value_raw_lsb_first": "052306230723"}),
    "power factors have no unit": (0x91, "00FF0602 0010 0110 0090 0500", {
        "di": "0206FF00", "quantity": "power factor block", "values": [1.0, 1.001, -1.0, 0.005],
        "value_raw_lsb_first": "0010011000900500"}),
    "a demand and its time": (0x91, "00000101 122500 1508211126", {
        "di": "01010000", "quantity": "forward active maximum demand total (current)", "value_raw_lsb_first": "1225001508211126",
        "values": [
            {"quantity": "forward active maximum demand total (current)", "unit": "kW", "value": 0.2512},
            {"quantity": "forward active maximum demand total (current), time", "unit": "", "value": "2026-11-21 08:15:00"}]}),
    "a relay that is open": (0x91, "03050004 1000", {
        "di": "04000503", "quantity": "status word 3", "value_raw_lsb_first": "1000", "status_word_3": 16,
        "status_word_3_bits": ["relay open"]}),
    "digits that are none": (0x91, "00010102 0A23", {
        "di": "02010100", "quantity": "voltage A", "unit": "V", "value": None, "quality": "not decodable", "value_raw_lsb_first": "0a23"}),
    "an unknown identifier": (0x91, "F9AAFF04 1234", {"di": "04FFAAF9", "value_raw_lsb_first": "1234"}),
    "no such record": (0x91, "01000106", {"di": "06010001", "quantity": "load records"}),
    "the first part of a long block": (0xB1, "00FF0001 1122", {"di": "0100FF00", "value_raw_lsb_first": "1122"}),
    "a follow-up part": (0x92, "00FF0100 1122 05", {
        "di": "0001FF00", "quantity": "forward active energy block (current)", "seq": 5, "value_raw_lsb_first": "1122"}),
    "two reasons to refuse": (0xD4, "06", {"err": "06", "err_bits": ["no such data", "password wrong / not authorised"]}),
    "a time to set": (0x14, "02010004 04563412 21436587 301508", {
        "di": "04000102", "quantity": "time", "level": 4, "password": "123456", "operator": "87654321", "value_raw_lsb_first": "301508",
        "value": "08:15:30", "unit": ""}),
    "a new speed": (0x17, "20", {"baud": 9600}),
    "a new speed taken": (0x97, "20", {"baud": 9600}),
    "a new password": (0x18, "050C0004 02111111 04214365", {
        "di": "04000C05", "level": 2, "password": "111111", "new_level": 4, "new_password": "654321"}),
    "a new password taken": (0x98, "04214365", {"new_level": 4, "new_password": "654321"}),
    "all events cleared": (0x1B, "02111111 00000000 FFFFFFFF", {
        "level": 2, "password": "111111", "operator": "00000000", "di": "FFFFFFFF"}),
    "the meter cleared": (0x1A, "02111111 00000000", {"level": 2, "password": "111111", "operator": "00000000"}),
    "a security exchange": (0x03, "0102", {"filing_document_function": "security"}),
    "a vendor's relay action": (0x1C, "02111111 00000000 77 01 000018241226", {
        "filing_document_function": "relay control", "level": 2, "password": "111111", "operator": "00000000", "N1": "77 ?",
        "N2": "reserved 01", "valid_until_lsb_first": "000018241226", "valid_until": "2026-12-24 18:00:00"}),
    "a wish that is too short": (0x11, "000101", {"problem": "control code 11 with 3 data bytes: another length is expected"}),
    "a function nobody knows": (0x1F, "01", {"problem": "control code 1F is no request that is known"}),
    "a time that does not exist": (0x08, "605923211126", {"problem": "60 59 23 21 11 26 is no time ss mm hh DD MM YY"}),
    "1997 voltage": (0x81, "11B6 3002", {
        "standard": "DL/T 645-1997", "di": "B611", "quantity": "voltage A", "unit": "V", "value": 230, "value_raw_lsb_first": "3002"}),
    "1997 block with six tariffs in use": (0x81, "1F90" + "01000000" * 7 + "AA", {
        "standard": "DL/T 645-1997", "di": "901F", "quantity": "forward active energy block", "values_kWh": [0.01] * 7,
        "value_raw_lsb_first": "01000000" * 7 + "aa"}),
}


@pytest.mark.parametrize(("control", "data", "expected"), CASES.values(), ids=CASES)
def test_a_frame_says(control, data, expected):
    described = describe(encode(Frame645(address="000012345678", control=control, data=bytes.fromhex(data))))
    assert {key: value for key, value in described.items() if key not in GENERAL} == expected
    assert set(described) >= GENERAL
    json.dumps(described)
