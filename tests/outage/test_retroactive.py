"""What only the meters remember: told once, afterwards, and as the suspicion that was taken back where there was one."""

import pytest

from edge_agent.model import Evidence, EvidenceKind, Stage
from edge_agent.outage.retroactive import PowerRecords
from tests.detect.areas import archive, at, frame


class Known:
    def __init__(self, *, covered=False, discarded=""):
        self.is_covered, self.name = covered, discarded

    def covers(self, index, from_ms, until_ms):
        return self.is_covered

    def discarded(self, index, from_ms, until_ms):
        return self.name


def tell(known, *, until_s=400, now_s=600):
    records, area = PowerRecords(archive(12)), frame(12)
    area.now_utc_ms = at(now_s)
    records.take(Evidence(kind=EvidenceKind.POWER_RECORD, at_utc_ms=at(100), until_utc_ms=at(until_s), meters=(3,)))
    found = records.tell(area, known)
    assert records.tell(area, known) == []
    return found


def test_it_begins_ends_and_is_closed_at_once():
    found = tell(Known())
    assert [(one.stage, one.outage.state, one.at_utc_ms) for one in found] == [
        (Stage.BEGIN, "confirmed", at(100)), (Stage.END, "restored", at(400)), (Stage.END, "closed", at(400)),
    ]
    assert all(one.outage.is_retroactive and one.meters == ("m3",) for one in found)
    assert len({one.outage.incident for one in found}) == 1


def test_a_suspicion_that_was_taken_back_too_soon_is_told_again_as_the_same():
    assert {one.outage.incident for one in tell(Known(discarded="1f-7"))} == {"1f-7"}


@pytest.mark.parametrize(("known", "until_s"), [(Known(covered=True), 400), (Known(), 700), (Known(), 50)])
def test_what_was_told_and_what_ends_in_the_future_or_before_it_begins_is_nothing(known, until_s):
    assert tell(known, until_s=until_s) == []


def test_what_waits_survives_a_restart_and_damaged_state_is_refused():
    records, again = PowerRecords(archive(12)), PowerRecords(archive(12))
    records.take(Evidence(kind=EvidenceKind.POWER_RECORD, at_utc_ms=at(100), until_utc_ms=at(400), meters=(3, 4)))
    again.load(records.save())
    area = frame(12)
    area.now_utc_ms = at(600)
    assert len(again.tell(area, Known())) == 6
    for damaged in ([0, [[99, 1, 2]], []], [0, [], [[99, 1]]], [0, []], ["x", [], []]):
        with pytest.raises((ValueError, TypeError)):
            again.load(damaged)


def test_the_same_record_read_again_after_a_restart_tells_nothing_new():
    """The last record of a meter is read whenever it was silent."""
    records, again, area = PowerRecords(archive(12)), PowerRecords(archive(12)), frame(12)
    area.now_utc_ms = at(600)
    record = Evidence(kind=EvidenceKind.POWER_RECORD, at_utc_ms=at(100), until_utc_ms=at(400), meters=(3,))
    records.take(record)
    assert len(records.tell(area, Known())) == 3
    again.load(records.save())
    again.take(record)
    assert again.tell(area, Known()) == []
