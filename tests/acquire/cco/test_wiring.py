"""From the configuration file to a reader, and what its evidence does to the pipeline as it is now."""

import contextlib

import pytest

from edge_agent.acquire.cco import CcoReader
from edge_agent.acquire.cco.speeds import baud_of, url_after_reset
from edge_agent.config import load_config
from edge_agent.errors import ConfigError
from edge_agent.model import Archive, Evidence, EvidenceKind, Meter
from edge_agent.runtime.agent import Agent, make_clock
from tests.runtime.pipelines import SettableClock, journaled, make_pipeline

BUS = '[[bus]]\nname = "hplc"\nurl = "serial:///dev/ttyS9?baud=115200&format=8E1"\nprotocol = "gdw10376.2"\nmain_address = "000000002600"\n'
METER = '[[meter]]\nid = "m1"\nbus = "hplc"\naddress = "000012345678"\nprofile = "dlt645-2007-single"\n'


def write(tmp_path, text):
    path = tmp_path / "agent.toml"
    head = f'[agent]\narea = "t"\nid = "e"\nstate_dir = "{tmp_path / "state"}"\n[mqtt]\nurl = "mqtt://127.0.0.1:1"\n'
    path.write_text(head + text, encoding="utf-8")
    return path


def test_a_bus_with_a_coordinator_gets_its_reader(tmp_path):
    config = load_config(write(tmp_path, '[cco]\nmax_in_flight = 7\n' + BUS + METER))
    agent = Agent(config, make_clock(config))
    try:
        (reader,) = agent._readers
        assert isinstance(reader, CcoReader)
        assert reader._slow_link is not None
        assert reader._driver._settings.main_address == "000000002600"
        assert reader._driver._settings.max_in_flight == 7
    finally:
        agent.close()


def test_the_short_read_is_off_behind_a_coordinator_unless_a_meter_asks_for_it(tmp_path):
    more = METER.replace("m1", "m2").replace("5678", "5679") + "presence_s = 300\n"
    meters = load_config(write(tmp_path, BUS + METER + more)).meters
    assert [entry.presence_s for entry in meters] == [None, 300]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BUS.replace("115200", "2400") + METER, "a module has the speeds 9600, 19200"),
        (BUS.replace('protocol = "gdw10376.2"\n', "") + METER, "main_address is for a coordinator"),
        (BUS.replace("000000002600", "26") + METER, "main_address = '26': twelve digits"),
        (BUS + METER + '[[meter]]\nid = "m2"\nbus = "hplc"\nunit = 3\nprofile = "chint-ddsu666"\n', "m2 speaks modbus, the bus gdw10376.2"),
        ("[cco]\ndedup_clock_s = 5\n" + BUS + METER, "[cco]: dedup_clock_s must be at least 120"),
    ],
    ids=["speed", "main address elsewhere", "main address", "modbus", "dedup"],
)
def test_what_does_not_fit_is_told(tmp_path, text, says):
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    assert any(says in problem for problem in caught.value.problems), caught.value.problems


def test_the_port_after_a_reset_is_the_same_at_9600():
    assert url_after_reset("serial:///dev/ttyS1?baud=115200&format=8E1") == "serial:///dev/ttyS1?baud=9600&format=8E1"
    assert url_after_reset("serial:///dev/ttyS1?format=8E1") is None
    assert url_after_reset("tcp://127.0.0.1:900") is None
    assert baud_of("serial:///dev/ttyS1?baud=57600") == 57600


_TOLD = {      # one last gasp or one failed poll alone is no outage
    EvidenceKind.BUS_DOWN: ["bus.down"], EvidenceKind.BUS_UP: ["bus.up"], EvidenceKind.RELAY_OPENED: ["supply.disconnected.start"],
    EvidenceKind.UNPLUGGED: ["module.unplugged.start"], EvidenceKind.AREA_MISMATCH: ["area.transferred.start"],
    EvidenceKind.POWER_RECORD: ["outage.start", "outage.restore", "outage.close"],
}


@pytest.mark.parametrize("kind", list(EvidenceKind), ids=lambda kind: kind.value)
def test_every_kind_of_evidence_is_taken_by_the_pipeline(tmp_path, kind):
    archive = Archive("a", (Meter(id="m0", index=0, profile="p", bus="hplc"),))
    pipeline, journal = make_pipeline(tmp_path, SettableClock(), archive)
    with contextlib.closing(journal):
        meters = () if kind is EvidenceKind.NODE_REFUSED else (0,)
        pipeline.take_evidence(Evidence(
            kind=kind, at_utc_ms=1_000_000, until_utc_ms=1_000_000, meters=meters, bus="hplc", addresses=("000000000001",),
        ))
        pipeline.tick()
        told = [event["type"] for event in journaled(journal, "e") + journaled(journal, "s") + journaled(journal, "a")]
        assert told == _TOLD.get(kind, [])
        assert pipeline.frame.polls_failed[0] == (kind is EvidenceKind.POLL_FAILED)
