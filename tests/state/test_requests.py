"""What an operator asks for waits on disk, is seen whole, done once, and removed when it has been saved."""

import logging

import pytest

from edge_agent.state import DispatchRequest, NeighbourRequest, RelearnRequest, Requests

ASKED = RelearnRequest(meters=("m1", "m2"), detectors=("residual",))


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "requests"


def test_a_request_left_while_nobody_runs_is_taken_at_the_start(directory):
    Requests(directory).add(ASKED)
    assert Requests(directory).take() == [ASKED]


def test_requests_are_taken_in_the_order_in_which_they_came(directory):
    for number in range(5):
        Requests(directory).add(RelearnRequest(meters=(f"m{number}",)))
    assert [request.meters[0] for request in Requests(directory).take()] == ["m0", "m1", "m2", "m3", "m4"]


def test_a_request_is_taken_once(directory):
    requests = Requests(directory)
    requests.add(ASKED)
    assert requests.take() == [ASKED]
    assert requests.take() == []


def test_one_that_was_not_finished_is_taken_again_by_the_next_run(directory):
    Requests(directory).add(ASKED)
    Requests(directory).take()
    again = Requests(directory)
    assert again.take() == [ASKED]
    again.finish()
    assert Requests(directory).take() == []


CREW = DispatchRequest(event_id="0" * 32, state="dispatched", at_utc_ms=1_790_000_000_000, by="crew 4", until_utc_ms=1_790_000_600_000)
NEIGHBOUR = NeighbourRequest(area="south-2", at_utc_ms=1_790_000_000_000)


def test_each_kind_of_request_is_taken_by_those_who_ask_for_it(directory):
    for request in (ASKED, CREW, NEIGHBOUR):
        Requests(directory).add(request)
    requests = Requests(directory)
    assert requests.take(DispatchRequest) == [CREW]
    assert requests.take(NeighbourRequest) == [NEIGHBOUR]
    assert requests.take(DispatchRequest) == []
    assert requests.take() == [ASKED]


def test_what_nobody_has_asked_for_yet_is_not_removed(directory):
    requests = Requests(directory)
    requests.add(ASKED)
    requests.add(CREW)
    requests.take()
    requests.finish()
    assert Requests(directory).take(DispatchRequest) == [CREW]


def test_a_request_of_an_earlier_version_is_read(directory):
    requests = Requests(directory)
    requests.prepare()
    (directory / "1-1.request").write_text('{"meters": ["m1", "m2"], "detectors": ["residual"]}')
    assert requests.take() == [ASKED]


def test_finishing_leaves_what_came_later(directory):
    requests = Requests(directory)
    requests.add(ASKED)
    requests.take()
    Requests(directory).add(ASKED)
    requests.finish()
    assert requests.take() == [ASKED]


def test_where_nothing_was_asked_there_is_nothing_to_take(directory):
    assert Requests(directory).take() == []


NO_REQUESTS = [
    '{"request": "dispatch", "event_id": "0"}', '{"request": "neighbour", "area": 1, "at_utc_ms": 1}', '{"request": "reboot"}',
    '{"request": "dispatch", "event_id": "0", "state": "lost", "at_utc_ms": 1, "by": "", "until_utc_ms": null}',
    '{"request": "dispatch", "event_id": "0", "state": "arrived", "at_utc_ms": null, "by": "", "until_utc_ms": null}',
    "", "{", "[]", '{"meters": ["m1"]}', '{"meters": "m1", "detectors": []}', '{"meters": [1], "detectors": []}',
]


@pytest.mark.parametrize("content", NO_REQUESTS)
def test_what_is_no_request_is_told_once_and_passed_over(directory, content, caplog):
    requests = Requests(directory)
    requests.prepare()
    (directory / "1-1.request").write_text(content)
    requests.add(ASKED)
    with caplog.at_level(logging.WARNING):
        assert requests.take() == [ASKED]
        requests.take()
    assert [record.message.startswith("request 1-1.request is passed over") for record in caplog.records] == [True]
