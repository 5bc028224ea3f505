"""``hplc-edge indices`` on the events of a scenario and on files that are none."""

import json

import pytest

from edge_agent.cli.main import main
from edge_agent.contract.envelope import utc_text

BEGIN_MS = 1_790_000_000_000


def line(event, meters, *, at_h, end_h=None, kind="supply.lost", agent="x"):
    body = {"event_id": event, "kind": kind, "scope": "node", "meters": meters, "begin": utc_text(BEGIN_MS),
            "evidence_to": utc_text(BEGIN_MS + round(3.6e6 * at_h))}
    if end_h is not None:
        body["end"] = utc_text(BEGIN_MS + round(3.6e6 * end_h))
    return json.dumps({"agent": agent, "data": body}) + "\n"


def indices(path, *more):
    return main(["indices", "--events", str(path), "--customers", "10", "--from", "2026-01-01", "--to", "2027-01-01T00:00:00Z", *more])


def test_the_indices_of_a_file_of_events(tmp_path, capsys):
    path = tmp_path / "events.jsonl"
    path.write_text(line("e", ["a", "b"], at_h=0) + line("e", ["a"], at_h=1) + line("e", ["a"], at_h=2, end_h=2))
    assert indices(path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["low_voltage"]["saifi"] == 0.2
    assert found["low_voltage"]["customer_hours"] == 3.0
    assert found["medium_voltage"]["customer_hours"] == 0.0
    assert indices(path) == 0
    assert "SAIDI_H" in capsys.readouterr().out


def test_causes_are_told_apart_and_repeated_outages_named(tmp_path, capsys):
    path = tmp_path / "events.jsonl"
    lines = [line(f"e{number}", ["a"], at_h=0) + line(f"e{number}", ["a"], at_h=1, end_h=1) for number in range(3)]
    planned = line("p", ["b"], at_h=0, kind="supply.planned") + line("p", ["b"], at_h=4, end_h=4, kind="supply.planned")
    path.write_text("".join(lines) + planned)
    period = ("--from", "2026-01-01", "--to", "2026-10-01")
    assert main(["indices", "--events", str(path), "--customers", "10", *period, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {cause: indices["customer_hours"] for cause, indices in found["by_cause"].items()} == {"planned": 4.0, "unknown": 3.0}
    assert [(one["name"], one["recent_sustained"]) for one in found["repeats"]] == [("x/a", 3)]
    assert main(["indices", "--events", str(path), "--customers", "10", *period]) == 0
    said = capsys.readouterr().out
    assert "planned    SAIFI 0.1  SAIDI 0.4 h" in said
    assert "3 or more interruptions in the last 60 days: 1" in said
    assert main(["indices", "--events", str(path), "--customers", "10", *period, "--repeat-at", "0"]) == 2
    assert "alert_at must be at least 1" in capsys.readouterr().err


def test_customer_hours_of_each_event_and_each_area_add_up_to_the_whole(tmp_path, capsys):
    path = tmp_path / "events.jsonl"
    path.write_text(
        line("e", ["a", "b"], at_h=0) + line("e", ["a"], at_h=1) + line("e", ["a"], at_h=3, end_h=3)
        + line("e", ["a"], at_h=0, agent="y") + line("e", ["a"], at_h=2, end_h=2, agent="y")
    )
    assert indices(path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["by_event"] == {"x/e": {"customers": 2, "hours": 4.0}, "y/e": {"customers": 1, "hours": 2.0}}
    assert found["by_area"] == {"x": {"customers": 2, "hours": 4.0}, "y": {"customers": 1, "hours": 2.0}}
    assert found["low_voltage"]["customer_hours"] == 6.0
    assert found["low_voltage"]["saifi"] == 0.3          # the meter a of one area is not that of the other
    assert found["medium_voltage"]["customers"] == 2
    assert indices(path, "--areas", "4", "--json") == 0
    assert json.loads(capsys.readouterr().out)["medium_voltage"]["customers"] == 4
    assert indices(path, "--areas", "1") == 2
    assert "--areas 1: the events name 2 areas" in capsys.readouterr().err
    assert indices(path) == 0
    assert "y                                           1 customers            2 customer-hours" in capsys.readouterr().out


def test_an_area_is_where_supply_was_lost_and_not_who_told_it(tmp_path, capsys):
    """Agents may share a name in different places, and one may be replaced."""
    path = tmp_path / "events.jsonl"
    placed = [
        (line("e", ["a"], at_h=0, agent="old"), "area-1"), (line("f", ["a"], at_h=0, agent="new"), "area-1"),
        (line("g", ["a"], at_h=0, agent="new"), "area-2"),
    ]
    path.write_text("".join(text.replace('"scope"', f'"node_path": ["{area}", "f1"], "scope"') for text, area in placed))
    assert indices(path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {area: one["customers"] for area, one in found["by_area"].items()} == {"area-1": 1, "area-2": 1}
    assert found["low_voltage"]["saifi"] == 0.3


@pytest.mark.parametrize(("content", "said"), [
    ("{}\n", "line 1 is no event message"), ("x\n", "line 1 is no event message"),
    ('{"data": {"kind": "supply.lost"}}\n', "begin, event_id, evidence_to, scope"),
    (line("e", None, at_h=0), "must be lists of names"), (line("e", ["a"], at_h=0, agent=None), "must be text"),
    (line("e", ["a"], at_h=0).replace("2026-", "May "), "line 1 is no event message"),
])
def test_a_file_that_is_no_log_is_one_line(tmp_path, capsys, content, said):
    path = tmp_path / "events.jsonl"
    path.write_text(content)
    assert indices(path) == 2
    assert said in capsys.readouterr().err


def test_a_period_that_ends_before_it_begins_is_one_line(tmp_path, capsys):
    path = tmp_path / "events.jsonl"
    path.write_text("")
    assert main(["indices", "--events", str(path), "--customers", "1", "--from", "2026-02-01", "--to", "2026-01-01"]) == 2
    assert "must be after" in capsys.readouterr().err
    assert main(["indices", "--events", str(path), "--customers", "1", "--from", "May", "--to", "2026-01-01"]) == 2
    assert "--from May: write UTC as 2026-01-01" in capsys.readouterr().err
