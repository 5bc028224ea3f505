"""The contract: schemas agree with the messages, encoders agree with the structs, records survive framing."""

import json
import math
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.contract import (
    Header,
    Reading,
    ReadingEncoder,
    RecordKind,
    Simulation,
    Topics,
    frame_record,
    mark_historical,
    split_record,
    topics,
)
from edge_agent.contract.cim import CIM_NAMES, CIM_STATES
from edge_agent.contract.envelope import utc_ms_of, utc_text
from edge_agent.contract.schema import MESSAGES, asyncapi, json_schema

SIM = Simulation(description='a "quoted" area', speed=60.0)
floats = st.floats(allow_nan=False, allow_infinity=False)


@given(
    seq=st.integers(1, 2**63), utc_ms=st.integers(0, 4_000_000_000_000), values=st.lists(floats, max_size=5),
    doubts=st.lists(st.sampled_from(["not_available", "implausible", "partial"]), unique=True), simulated=st.booleans(),
)
def test_the_fast_encoder_gives_what_the_struct_gives(seq, utc_ms, values, doubts, simulated):
    header = Header(agent="a1", epoch=3, boot="5f2c", sim=SIM if simulated else None)
    names = [f"voltage_v.{index}" for index in range(len(values))]
    message = ReadingEncoder(header).encode(
        seq=seq, utc_ms=utc_ms, time_source="ntp", mono_ms=7, meter="m1", names=names, values=values, doubts=doubts
    )
    decoded = msgspec.json.decode(message, type=Reading)
    assert decoded.data == dict(zip(names, values, strict=True))
    assert (decoded.seq, decoded.ts, decoded.q, decoded.sim) == (seq, utc_text(utc_ms), doubts, header.sim)
    assert list(json.loads(message)) == list(json.loads(msgspec.json.encode(decoded)))
    jsonschema.validate(json.loads(message), json_schema("reading"))


def test_a_reading_says_when_in_utc_with_milliseconds():
    assert utc_text(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"
    assert utc_ms_of("2023-11-14T22:13:20.007Z") == 1_700_000_000_007


@given(suffix=st.sampled_from(["m/x/reading", "event/fire", "loss"]), utc_ms=st.integers(0, 2**45), message=st.binary(max_size=50))
def test_a_record_gives_back_what_was_framed(suffix, utc_ms, message):
    assert split_record(frame_record(suffix, utc_ms, message)) == (suffix, utc_ms, message)


def test_a_historical_message_stays_a_message():
    assert json.loads(mark_historical(b'{"v":1}')) == {"v": 1, "hist": True}
    assert mark_historical(b"") == b""


@pytest.mark.parametrize("name", ["", "a/b", "a+b", "#", "$x", "x" * 33, "ä", "a b", "a\0"])
def test_ids_that_could_change_a_topic_are_refused(name):
    with pytest.raises(ValueError, match="letters, digits"):
        Topics(name, "a")
    with pytest.raises(ValueError, match="letters, digits"):
        topics.reading_suffix(name)
    with pytest.raises(ValueError, match="letters, digits"):
        topics.active_suffix(name)


def test_topics_stay_within_six_slashes_and_128_bytes():
    prefix = Topics("x" * 32, "y" * 32).prefix
    for suffix in (topics.reading_suffix("m" * 32), topics.event_suffix("anomaly"), topics.active_suffix("0" * 32), topics.BIRTH):
        assert f"{prefix}/{suffix}".count("/") <= 6
        assert len(f"{prefix}/{suffix}") <= 128


def test_only_alarms_that_are_on_are_retained():
    assert [kind for kind in RecordKind if kind.is_retained] == [RecordKind.ACTIVE]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_schema_is_a_schema_with_its_dialect_and_id(name):
    schema = json_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["$id"].endswith(f":{name}")


def test_a_schema_refuses_what_breaks_the_contract():
    good = {
        "v": 1, "agent": "a", "epoch": 1, "st": "r", "seq": 1, "ts": "2023-11-14T22:13:20.007Z", "meter": "m", "data": {"voltage_v.a": 1.0},
        "tq": {"src": "ntp", "mono_ms": 1, "boot": "b"},
    }
    validator = jsonschema.Draft202012Validator(json_schema("reading"))
    assert validator.is_valid(good)
    assert validator.is_valid(good | {"a field of a later version": 1})
    for key, bad in {"v": 2, "seq": 0, "ts": "yesterday", "st": "x", "agent": "a/b", "data": {"voltage_v.a": None}}.items():
        assert not validator.is_valid(good | {key: bad}), key
        assert not validator.is_valid({name: value for name, value in good.items() if name != key}), key


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_asyncapi_document_is_complete_in_itself():
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(document["info"])
    for reference in references(document):
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node
    for channel in document["channels"].values():
        assert set(channel["parameters"]) == {part.strip("{}") for part in channel["address"].split("/") if part.startswith("{")}
        assert channel["messages"]
    assert {op["channel"]["$ref"].split("/")[-1] for op in document["operations"].values()} == set(document["channels"])
    assert {name for channel in document["channels"].values() for name in channel["messages"]} == set(MESSAGES)


def test_no_message_can_carry_a_number_that_is_none():
    assert b"NaN" not in msgspec.json.encode(math.nan)
    header = Header(agent="a", epoch=1, boot="b")
    message = ReadingEncoder(header).encode(seq=1, utc_ms=0, time_source="none", mono_ms=0, meter="m", names=[], values=[])
    assert json.loads(message)["data"] == {}


def test_fields_and_states_have_their_names_in_cim():
    properties = json_schema("event")["$defs"]["EventBody"]["properties"]
    assert set(CIM_NAMES) <= set(properties)
    assert set(CIM_STATES) <= set(properties["state"]["enum"])
    assert properties["customers_restored"]["x-cim"] == "Outage.customersRestored"
    assert asyncapi()["components"]["schemas"]["EventBody"]["properties"]["meters_affected"]["x-cim"] == "Outage.metersAffected"


def test_the_example_in_the_documentation_is_a_message_of_the_contract():
    text = (Path(__file__).parents[2] / "docs" / "contract.md").read_text(encoding="utf-8")
    example = json.loads(text[text.index('    {"v":1,') : text.index("}}\n") + 2])
    jsonschema.validate(example, json_schema("event"))
    named = set(example["data"])
    assert named <= set(json_schema("event")["$defs"]["EventBody"]["properties"])
