"""What the utility announces: read whole when it changes, refused whole when it is damaged."""

import json
import logging
import os

import pytest

from edge_agent.config.work_file import WorkFile, parse_work
from edge_agent.errors import ConfigError
from edge_agent.model import Ticket
from tests.detect.areas import archive

PLANNED = {
    "id": "W-17", "nodes": ["f1/b1"], "from": "2026-11-26T09:00:00+08:00", "until": "2026-11-26T12:00:00+08:00", "reason": "更换开关",
}
TICKET = {"id": "T-3", "kind": "swap", "meter": "m2", "from": 1_790_000_000_000, "until": "2026-11-26T12:00:00Z"}


def written(tmp_path, content, name="work.json"):
    path = tmp_path / name
    new = tmp_path / "new"
    new.write_text(content if isinstance(content, str) else json.dumps(content, indent=0, ensure_ascii=False))
    os.replace(new, path)
    return path


def problems_of(tmp_path, content):
    path = written(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        parse_work(path, path.read_text(), archive())
    return [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_works_and_tickets_with_their_times(tmp_path):
    book = WorkFile(written(tmp_path, {"planned": [PLANNED], "tickets": [TICKET]}), archive()).poll()
    (work,), (ticket,) = book.planned, book.tickets
    assert (work.id, work.nodes, work.reason) == ("W-17", ("f1/b1",), "更换开关")
    assert (work.from_utc_ms, work.until_utc_ms) == (1_795_654_800_000, 1_795_665_600_000)      # GNU date
    assert (ticket.kind, ticket.meter, ticket.from_utc_ms, ticket.until_utc_ms) == ("swap", "m2", 1_790_000_000_000, 1_795_694_400_000)


def test_a_file_is_taken_once_for_each_change(tmp_path):
    path = written(tmp_path, {"planned": [PLANNED]})
    file = WorkFile(path, archive())
    assert [len(file.poll().planned), file.poll(), file.poll()] == [1, None, None]
    written(tmp_path, {"planned": [PLANNED, PLANNED | {"id": "W-18"}]})
    assert len(file.poll().planned) == 2
    written(tmp_path, {})
    book = file.poll()
    assert (book.planned, book.tickets) == ((), ())


def test_a_damaged_file_is_refused_with_one_line_and_taken_when_it_is_mended(tmp_path, caplog):
    path = written(tmp_path, {"planned": [PLANNED]})
    file = WorkFile(path, archive())
    file.poll()
    written(tmp_path, '{"planned": [{"id": "W-17", "nodes": ["f9"]}, {"id": 7}]')
    with caplog.at_level(logging.WARNING):
        assert [file.poll() for _ in range(5)] == [None] * 5
    assert len(caplog.records) == 1
    assert "what was announced before stays" in caplog.text
    written(tmp_path, {"planned": [PLANNED]})
    assert file.poll() is not None


def test_a_file_that_is_not_there_yet_is_waited_for_and_one_that_is_gone_changes_nothing(tmp_path, caplog):
    file = WorkFile(tmp_path / "work.json", archive())
    with caplog.at_level(logging.WARNING):
        assert [file.poll(), file.poll()] == [None, None]
    assert len(caplog.records) == 1
    path = written(tmp_path, {"planned": [PLANNED]})
    assert file.poll() is not None
    path.unlink()
    assert file.poll() is None
    written(tmp_path, {"planned": [PLANNED]})
    assert file.poll() is not None


def test_relays_that_are_open_in_the_archive_stay_so_in_every_book(tmp_path):
    standing = Ticket(id="relay-open-m3", kind="disconnect", meter="m3", from_utc_ms=0, until_utc_ms=1 << 60)
    book = WorkFile(written(tmp_path, {"tickets": [TICKET]}), archive(), [standing]).poll()
    assert [ticket.meter for ticket in book.tickets] == ["m2", "m3"]


@pytest.mark.parametrize("content", [None, "{"], ids=["no file", "damaged file"])
def test_relays_that_are_open_do_not_wait_for_a_good_file(tmp_path, content):
    standing = Ticket(id="relay-open-m3", kind="disconnect", meter="m3", from_utc_ms=0, until_utc_ms=1 << 60)
    if content is not None:
        written(tmp_path, content)
    file = WorkFile(tmp_path / "work.json", archive(), [standing])
    assert (file.poll().tickets, file.poll()) == ((standing,), None)
    written(tmp_path, {"tickets": [TICKET]})
    assert len(file.poll().tickets) == 2


def test_each_problem_is_told_with_its_line(tmp_path):
    content = {"planned": [
        PLANNED | {"nodes": ["f1/b9"]}, PLANNED, PLANNED | {"id": "W-18", "nodes": []},
        PLANNED | {"id": "W-19", "from": "2026-11-26T09:00:00"},
        PLANNED | {"id": "W-20", "until": PLANNED["from"]}, PLANNED | {"id": "W-21", "zone": "f1"}, {"id": "W-22"},
        PLANNED | {"id": ""}, PLANNED | {"id": "W-23", "reason": "a\nb"}, PLANNED | {"id": "W-24", "from": 1 << 50},
        PLANNED | {"id": "W-25", "from": "0001-01-01T00:00:00+14:00"},
    ], "tickets": [TICKET | {"meter": "m99"}, TICKET | {"id": "T-4", "kind": "holiday"}, TICKET | {"id": "W-17"}]}
    text = '{"planned": [\n' + ",\n".join(json.dumps(work) for work in content["planned"]) + '\n],\n"tickets": [\n'
    text += ",\n".join(json.dumps(ticket) for ticket in content["tickets"]) + "\n]}"
    found = problems_of(tmp_path, text)
    expected = [
        (2, "node 'f1/b9' is no place"), (3, "id 'W-17' is also at line 2"), (4, "a list of paths"), (5, "distance from UTC"),
        (6, "is not after"), (7, "unknown key 'zone'"), (8, "missing key 'nodes'"), (8, "missing key 'from'"), (8, "missing key 'until'"),
        (9, "id is empty"), (10, "that print"), (11, "distance from UTC"), (12, "out of range"), (15, "meter 'm99' is not in the archive"),
        (16, "kind = 'holiday'"), (17, "id 'W-17' is also at line 2"),
    ]
    for line, part in expected:
        assert [problem for problem in found if problem.startswith(f"work.json:{line}:") and part in problem], (line, part, found)
    assert len(found) == len(expected)


@pytest.mark.parametrize("content", ["", "[]", "7", '{"planned": {}}', '{"planned": [7]}', '{"planned": 3}', '{"other": []}', "\x00"])
def test_what_is_no_book_is_refused(tmp_path, content):
    assert problems_of(tmp_path, content)


def test_the_whole_area_may_be_announced(tmp_path):
    assert WorkFile(written(tmp_path, {"planned": [PLANNED | {"nodes": [""]}]}), archive()).poll().planned[0].nodes == ("",)
