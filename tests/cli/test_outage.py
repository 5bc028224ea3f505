"""``hplc-edge outage``: what a back end tells is left for the agent; an event that is not there is one line."""

import random

import pytest

from edge_agent.cli.main import main
from edge_agent.contract import Event, RecordKind, TimeQuality, encode, frame_record
from edge_agent.contract.envelope import utc_text
from edge_agent.events import EventBook, EventIds, EventSettings
from edge_agent.journal import Journal
from edge_agent.model import Finding, Outage, Place, Stage
from edge_agent.state import DispatchRequest, NeighbourRequest, Requests, requests_directory

T0 = 1_790_000_000_000
CONFIG = """
[agent]
area = "a"
id = "e"
state_dir = "{state}"
[mqtt]
url = "mqtt://127.0.0.1:1883"
[[bus]]
name = "b"
url = "tcp://127.0.0.1:1502"
[[meter]]
id = "m0"
bus = "b"
unit = 1
profile = "abb-b21"
"""


@pytest.fixture
def site(tmp_path):
    """A configuration and the journal of a run that saw one outage; gives a function that runs the command, and the event's id."""
    (tmp_path / "agent.toml").write_text(CONFIG.format(state=tmp_path / "state"))
    book = EventBook(EventSettings(), EventIds(random.Random(1)).new)
    journal = Journal.open(tmp_path / "state" / "journal")

    def tell(state, stage=Stage.BEGIN, at_ms=T0):
        change = book.apply(Finding(
            kind="supply.lost", stage=stage, place=Place(kind="meter", id="m0"), at_utc_ms=at_ms, evidence_from_utc_ms=T0,
            evidence_to_utc_ms=at_ms, score=1.0, confidence=0.99, meters=("m0",),
            outage=Outage(incident="i", state=state, original=("m0",)),
        ), at_ms)
        journal.append("a", RecordKind.EVENT, lambda seq: frame_record("event/outage", at_ms, encode(Event(
            v=1, agent="e", epoch=1, st="a", seq=seq, ts=utc_text(at_ms), tq=TimeQuality(src="ntp", mono_ms=0, boot="b"),
            type=change.type, sev=change.severity, data=change.body,
        ))))
        journal.commit()
        return change.body.event_id

    def call(*words):
        return main(["outage", *words, "-c", str(tmp_path / "agent.toml")])

    return call, tell, Requests(requests_directory(tmp_path / "state"))


def test_a_crew_on_its_way_is_left_for_the_agent(site, capsys):
    call, tell, requests = site
    event_id = tell("localised")
    assert call("dispatched", event_id, "--by", "crew 4", "--at", "2026-09-21T14:14:00Z", "--until", "2026-09-21T15:00:00Z") == 0
    assert f"event {event_id} shows dispatched" in capsys.readouterr().out
    (left,) = requests.take(DispatchRequest)
    assert (left.event_id, left.state, left.by, utc_text(left.at_utc_ms), utc_text(left.until_utc_ms)) == (
        event_id, "dispatched", "crew 4", "2026-09-21T14:14:00.000Z", "2026-09-21T15:00:00.000Z",
    )


def test_a_neighbouring_area_is_left_for_the_agent(site):
    call, _, requests = site
    assert call("neighbour", "south-2") == 0
    assert [left.area for left in requests.take(NeighbourRequest)] == ["south-2"]


@pytest.mark.parametrize(("words", "said"), [
    (["arrived", "0" * 32], "not in the journal"), (["neighbour", "a"], "the agent's own"), (["neighbour", "x/y"], "letters, digits"),
    (["neighbour", "south-2", "--at", "noon"], "--at noon"),
])
def test_what_cannot_be_is_one_line(site, capsys, words, said):
    call, tell, requests = site
    tell("localised")
    assert call(*words) == 2
    assert said in capsys.readouterr().err
    assert requests.take(DispatchRequest) == requests.take(NeighbourRequest) == []


def test_an_event_that_is_closed_needs_no_crew(site, capsys):
    call, tell, _ = site
    event_id = tell("localised")
    for number, state in enumerate(("restored", "closed"), 1):
        tell(state, Stage.END, T0 + 60_000 * number)
    assert call("dispatched", event_id) == 2
    assert "is closed: no crew is needed" in capsys.readouterr().err


def test_before_the_first_run_there_is_no_event(tmp_path, capsys):
    (tmp_path / "agent.toml").write_text(CONFIG.format(state=tmp_path / "state"))
    assert main(["outage", "dispatched", "0" * 32, "-c", str(tmp_path / "agent.toml")]) == 2
    assert "no journal yet" in capsys.readouterr().err
