"""What leaves when space or age demands it, and what never does."""

import random
import tracemalloc

from edge_agent.journal import STREAMS, Journal, JournalSettings
from edge_agent.journal.record import HEAD_BYTES, RECORD_OVERHEAD_BYTES
from tests.journal.journal_script import DIRECTORY, read_all
from tests.journal.sim_fs import SimFs

TIGHT = JournalSettings(segment_bytes=4096, max_bytes=8 * 4096, ballast_bytes=0)
DAY_MS = 86_400_000


def fill(journal, stream, records, size=300):
    for _ in range(records):
        journal.append(stream, 1, lambda seq: bytes([1]) * size)
        journal.commit()


def test_nothing_leaves_while_there_is_space():
    journal = Journal.open(DIRECTORY, fs=SimFs(), settings=JournalSettings(segment_bytes=4096, max_bytes=2**20))
    fill(journal, "r", 200)
    journal.ack("r", 200)
    fill(journal, "r", 1)
    assert read_all(journal, "r")[0].seq == 1, "sent records are the ledger: they stay as long as they can"


def test_closed_segments_take_no_more_space_than_their_records():
    fs = SimFs()
    journal = Journal.open(DIRECTORY, fs=fs, settings=TIGHT)
    fill(journal, "r", 5, size=1500)
    closed = sorted(name for name in fs.names(DIRECTORY) if name.startswith("r-"))[:-1]
    assert [fs.size(DIRECTORY / name) for name in closed] == [HEAD_BYTES + 2 * (RECORD_OVERHEAD_BYTES + 1500)] * 2


def test_sent_segments_go_before_any_unsent_one():
    journal = Journal.open(DIRECTORY, fs=SimFs(), settings=TIGHT)
    fill(journal, "e", 60)
    journal.ack("e", 60)
    fill(journal, "r", 30)
    assert journal.take_losses() == []
    assert len(read_all(journal, "r")) == 30
    assert journal.stats().size_bytes <= 8 * 4096


def test_unsent_readings_go_before_events_and_alarms_stay_to_the_end():
    journal = Journal.open(DIRECTORY, fs=SimFs(), settings=TIGHT)
    fill(journal, "r", 40)
    fill(journal, "a", 40)
    fill(journal, "e", 40)
    fill(journal, "r", 40)
    losses = journal.take_losses()
    order = [loss.stream for loss in losses]
    assert order[0] == "r"
    assert set(order) == {"r", "e"}
    assert len(read_all(journal, "a")) == 40
    for stream in "re":
        lost = [seq for loss in losses if loss.stream == stream for seq in range(loss.from_seq, loss.to_seq + 1)]
        kept = [record.seq for record in read_all(journal, stream)]
        assert lost + kept == list(range(1, journal.next_seq(stream)))


def test_readings_in_use_go_before_alarms_and_the_epoch_stays():
    fs = SimFs()
    journal = Journal.open(DIRECTORY, fs=fs, settings=TIGHT)
    fill(journal, "r", 3)
    fill(journal, "a", 90)
    assert read_all(journal, "r") == []
    assert journal.take_losses()[0].stream == "r"
    journal.close()
    again = Journal.open(DIRECTORY, fs=fs, settings=TIGHT)
    assert (again.epoch, again.next_seq("r")) == (1, 4)


def test_alarms_alone_in_a_full_store_lose_their_oldest_declared():
    journal = Journal.open(DIRECTORY, fs=SimFs(), settings=TIGHT)
    fill(journal, "a", 300)
    lost = [seq for loss in journal.take_losses() for seq in range(loss.from_seq, loss.to_seq + 1)]
    kept = [record.seq for record in read_all(journal, "a")]
    assert lost
    assert lost + kept == list(range(1, 301))


def test_sent_records_leave_for_their_age_and_unsent_ones_never():
    now_ms = [1_000 * DAY_MS]
    journal = Journal.open(
        DIRECTORY, fs=SimFs(), settings=JournalSettings(segment_bytes=4096, max_bytes=2**20), utc_ms=lambda: now_ms[0]
    )
    for stream in "re":
        fill(journal, stream, 40)
    journal.ack("e", 40)
    now_ms[0] += 31 * DAY_MS
    fill(journal, "s", 1)
    assert len(read_all(journal, "r")) == 40, "not sent"
    journal.ack("r", 40)
    journal.store_cursor()
    fill(journal, "s", 1)
    assert len(read_all(journal, "r")) < 40
    assert len(read_all(journal, "e")) == 40, "events stay 400 days"
    now_ms[0] += 400 * DAY_MS
    fill(journal, "s", 1)
    assert len(read_all(journal, "e")) < 40
    assert journal.take_losses() == []


def test_a_power_cut_after_sent_segments_left_makes_no_loss_of_them():
    fs = SimFs()
    journal = Journal.open(DIRECTORY, fs=fs, settings=TIGHT)
    for _ in range(200):
        fill(journal, "r", 1)
        journal.ack("r", journal.committed("r"))
        if journal.committed("r") == 10:
            journal.store_cursor()
    again = Journal.open(DIRECTORY, fs=fs.restart(random.Random(0), loses_all=True), settings=TIGHT)
    read_all(again, "r", seq=again.cursor("r") + 1)
    assert again.take_losses() == []


def test_a_small_partition_gets_small_segments_and_half_of_it():
    fs = SimFs(capacity=2**20)
    journal = Journal.open(DIRECTORY, fs=fs, settings=JournalSettings(ballast_bytes=0))
    for _ in range(3000):
        for stream in STREAMS:
            journal.append(stream, 1, lambda seq: b"x" * 100)
        journal.commit()
        for stream in STREAMS:
            journal.ack(stream, journal.committed(stream))
    assert fs.used() <= 2**19 + 2 * 2**15
    assert journal.take_losses() == []


def test_memory_stays_flat_while_a_backlog_grows(tmp_path):
    journal = Journal.open(tmp_path, settings=JournalSettings(segment_bytes=2**18, max_bytes=2**26))

    def grow():
        for _ in range(50):
            for _ in range(200):
                journal.append("r", 1, lambda seq: b"%d" % seq * 20)
            journal.commit()

    grow()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        grow()
        first = tracemalloc.get_traced_memory()[0] - before
        grow()
        second = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert second - first < 300_000, "the records of the last 2000 are kept, not those of the backlog"
    journal.close()
