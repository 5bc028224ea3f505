"""mqtt_reliability R3, R4: the disk refuses at the n-th call, or is full."""

import errno
import random

import pytest

from edge_agent.errors import ConfigError, OutboxFull
from edge_agent.journal import STREAMS, Journal, JournalSettings
from tests.journal.journal_script import DIRECTORY, SMALL, Run, payload, read_all
from tests.journal.sim_fs import SimFs

FAULTS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EROFS": errno.EROFS, "short write": "short"}


def calls_of(action):
    run = Run(SimFs())
    action(run)
    return run.fs.calls


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_error_at_any_call_makes_no_false_commit(fault):
    for n in range(1, calls_of(lambda run: run.script(120)) + 1):
        run = Run(SimFs(faults={n: fault}))
        try:
            run.script(120)
        except ConfigError:
            continue    # the directory could not even be made ready: said in one line
        run.commit()    # the next try of what was refused
        for stream in STREAMS:
            appended = run.appended[stream]
            assert not run.journal.take_losses(), f"call {n}: one fault is no reason to drop anything"
            assert run.committed[stream] == len(appended), f"call {n}: stream {stream} was not taken up again"
            assert [record.payload for record in read_all(run.journal, stream)] == list(appended.values())
        # whatever was said to be committed must be there without a single unsynced byte
        again = Run(run.fs.restart(random.Random(n), loses_all=True))
        again.open()
        for stream in STREAMS:
            assert [record.payload for record in read_all(again.journal, stream)] == list(run.appended[stream].values()), f"call {n}"


def opened(**options):
    run = Run(SimFs(**options))
    run.open()
    return run


def test_a_failed_sync_is_told_and_never_repeated_on_the_same_file():
    run = opened()
    run.append("a")
    run.commit()
    before = [name for name in run.fs.names(DIRECTORY) if name.startswith("a-")]
    run.append("a")
    run.fs.faults = {run.fs.calls + 2: errno.EIO}     # write, then sync
    run.commit()
    assert run.journal.committed("a") == 2
    assert len([name for name in run.fs.names(DIRECTORY) if name.startswith("a-")]) == len(before) + 1
    assert len(run.journal.take_faults()) == 1
    assert run.journal.take_faults() == []
    assert run.journal.fault == ""


def test_while_the_disk_refuses_records_wait_and_are_not_handed_out():
    run = opened()
    run.fs.faults = {call: errno.EIO for call in range(run.fs.calls + 1, run.fs.calls + 500)}
    run.append("e")
    run.commit()
    assert run.journal.fault
    assert run.journal.read_from("e", 1, 10) == []
    assert run.journal.pending("e") == 1
    run.fs.faults = {}
    run.commit()
    assert run.journal.fault == ""
    assert len(run.journal.read_from("e", 1, 10)) == 1


def test_a_cursor_whose_sync_failed_is_written_through_a_new_descriptor():
    run = opened()
    run.append("e")
    run.commit()
    run.journal.ack("e", 1)
    run.fs.faults = {run.fs.calls + 2: errno.EIO}     # write, sync
    run.journal.store_cursor()
    assert run.journal.fault
    before = len(run.fs.log)
    run.journal.store_cursor()
    assert run.fs.log[before:] == ["open", "write", "sync"]
    run.journal.close()
    again = Run(run.fs.restart(random.Random(0)))
    again.open()
    assert again.journal.cursor("e") == 1


def test_when_memory_is_full_of_readings_that_no_disk_takes_the_oldest_are_dropped_declared():
    run = Run(SimFs(), settings=JournalSettings(segment_bytes=2**16, max_bytes=2**20, pending_records=50))
    run.open()
    for _ in range(20):
        run.append("r")
    run.commit()
    run.fs.faults = dict.fromkeys(range(run.fs.calls + 1, run.fs.calls + 100), errno.EIO)
    for _ in range(50):
        run.append("r")
    run.commit()
    run.fs.faults = {}
    run.commit()
    assert [record.seq for record in read_all(run.journal, "r", limit=10)] == [*range(1, 21), *range(46, 71)]
    assert [(loss.from_seq, loss.to_seq) for loss in run.journal.take_losses()] == [(21, 45)]
    assert run.journal.stats().lost == {"r": 25}


def test_append_refuses_when_too_much_waits_for_the_disk():
    run = opened()
    for _ in range(SMALL.pending_records):
        run.append("r")
    with pytest.raises(OutboxFull):
        run.append("r")
    run.append("a")     # readings do not take the room of alarms
    run.commit()
    run.append("r")


def test_on_a_full_disk_alarms_are_stored_and_readings_give_way_declared():
    settings = JournalSettings(segment_bytes=4096, max_bytes=10 * 4096, ballast_bytes=8192, pending_records=50)
    run = Run(SimFs(capacity=100_000), settings=settings)
    run.open()
    run.commit()
    run.fs.capacity = run.fs.used() + 3000
    for _ in range(30):
        for _ in range(20):
            if run.journal.pending("r") < 50:
                run.append("r")
        run.append("a")
        run.commit()
    assert run.committed["a"] == 30
    assert [record.payload for record in read_all(run.journal, "a")] == list(run.appended["a"].values())
    run.fs.capacity = None
    run.commit()
    kept = [record.seq for record in read_all(run.journal, "r")]
    lost = [seq for loss in run.journal.take_losses() for seq in range(loss.from_seq, loss.to_seq + 1)]
    assert lost, "the disk had no room for all of them"
    assert sorted(kept + lost) == list(run.appended["r"]), "each number is there or declared, once"
    assert kept[-1] == run.journal.next_seq("r") - 1, "the oldest went, the newest stayed"


def test_the_ballast_comes_back_when_there_is_room_again():
    run = Run(SimFs(capacity=10**6))
    run.open()
    run.commit()
    assert "ballast" in run.fs.names(DIRECTORY)
    run.fs.capacity = run.fs.used() + 100
    for _ in range(60):
        run.append("a")
        run.commit()
    assert run.committed["a"] == 60
    assert "ballast" not in run.fs.names(DIRECTORY)
    run.fs.capacity = 10**6
    run.append("a")
    run.commit()
    assert "ballast" in run.fs.names(DIRECTORY)


def test_a_bad_sector_does_not_hold_back_what_follows():
    run = opened()
    for _ in range(3000):
        run.append("r")
        if run.journal.pending("r") == 100:
            run.commit()
    run.commit()
    bad = DIRECTORY / sorted(name for name in run.fs.names(DIRECTORY) if name.startswith("r-"))[0]
    read = run.fs.read

    def failing_read(path, **options):
        if path == bad:
            raise OSError(errno.EIO, "bad sector")
        return read(path, **options)

    run.fs.read = failing_read
    records = run.journal.read_from("r", 1, 10)
    assert records[0].seq > 1
    assert records[0].payload == payload("r", records[0].seq)
    (loss,) = run.journal.take_losses()
    assert (loss.stream, loss.from_seq, loss.to_seq) == ("r", 1, records[0].seq - 1)


def test_a_directory_that_cannot_be_used_is_one_line(tmp_path):
    (tmp_path / "state").write_text("a file in its place")
    for directory in (tmp_path / "state", tmp_path / "state" / "journal"):
        with pytest.raises(ConfigError) as caught:
            Journal.open(directory)
        assert len(caught.value.problems) == 1
        assert str(directory) in str(caught.value)
