"""What a start makes of what it finds: epoch, cursor, damaged segments."""

import struct

import pytest

from cython_ext.crc32c import crc32c
from edge_agent.errors import ConfigError
from edge_agent.journal import STREAMS, Recovered
from edge_agent.journal.record import HEAD_BYTES, MAGIC, decode_head
from tests.journal.journal_script import DIRECTORY, Run, payload, read_all
from tests.journal.sim_fs import SimFs


def filled(records=300):
    """A closed journal with several segments of readings and 10 records in each other stream."""
    run = Run(SimFs())
    run.open()
    for number in range(records):
        run.append("r")
        if number < 10:
            for stream in "aets":
                run.append(stream)
        if number % 10 == 9:
            run.commit()
    run.commit()
    return run


def reopened(run, salt=""):
    again = Run(run.fs, salt=salt)
    again.open()
    return again.journal


def segments(run, stream):
    return sorted(DIRECTORY / name for name in run.fs.names(DIRECTORY) if name.startswith(f"{stream}-") and name.endswith(".seg"))


def test_the_epoch_stays_over_restarts_even_when_nothing_was_ever_written():
    run = Run(SimFs())
    for _ in range(3):
        journal = reopened(run)
        assert journal.epoch == 1
        journal.close()


LOST = {"lost": None, "damaged": lambda data: b"garbage", "emptied": lambda data: b"", "bit flipped": lambda data: b"9" + data[1:]}


@pytest.mark.parametrize("damage", LOST.values(), ids=LOST)
@pytest.mark.parametrize("name", ["epoch", "epoch.copy"])
def test_one_damaged_copy_of_the_epoch_is_repaired_from_the_other(name, damage):
    run = filled()
    run.journal.close()
    run.fs.damage(DIRECTORY / name, damage)
    assert reopened(run).epoch == 1
    assert run.fs.read(DIRECTORY / "epoch") == run.fs.read(DIRECTORY / "epoch.copy")


def test_the_epoch_grows_when_both_copies_are_lost_each_time_they_are():
    run = filled()
    run.journal.close()
    for epoch in (2, 3, 4):
        run.fs.damage(DIRECTORY / "epoch", None)
        run.fs.damage(DIRECTORY / "epoch.copy", None)
        journal = reopened(run)
        assert journal.epoch == epoch
        assert journal.next_seq("r") == 301, "the records are still there and keep their numbers"
        assert [record.seq for record in read_all(journal, "r")] == list(range(1, 301))
        journal.close()


def test_a_stream_robbed_of_its_segments_begins_again_under_a_new_epoch():
    run = filled()
    run.journal.close()
    for path in segments(run, "r"):
        run.fs.damage(path, None)
    journal = reopened(run)
    assert (journal.epoch, journal.next_seq("r"), journal.next_seq("e")) == (2, 1, 11)


def test_a_damaged_older_segment_is_set_aside_and_its_numbers_are_declared():
    run = filled()
    run.journal.close()
    older, following = segments(run, "r")[1:3]
    run.fs.damage(older, lambda data: bytes(len(data)))
    journal = reopened(run)
    first, last = int(older.name[2:22]), int(following.name[2:22]) - 1
    aside = older.with_suffix(".bad")
    assert journal.recovered == [
        Recovered(stream="r", from_seq=first, to_seq=last, reason="segment damaged, set aside", path=aside),
    ]
    assert journal.set_aside == [aside]
    assert run.fs.size(aside) > 0
    assert [(loss.stream, loss.from_seq, loss.to_seq) for loss in journal.take_losses()] == [("r", first, last)]
    found = [record.seq for record in read_all(journal, "r")]
    assert found == [seq for seq in range(1, 301) if not first <= seq <= last]
    assert journal.take_losses() == [], "the hole was declared once"


def test_what_the_broker_has_is_not_declared_lost():
    run = filled()
    run.journal.ack("r", 300)
    run.journal.close()
    run.fs.damage(segments(run, "r")[1], lambda data: bytes(len(data)))
    journal = reopened(run)
    assert len(journal.recovered) == 1
    assert journal.take_losses() == []


def test_a_damaged_newest_segment_gives_its_numbers_to_nobody_else():
    run = filled()
    run.journal.close()
    newest = segments(run, "r")[-1]
    run.fs.damage(newest, lambda data: b"?" + data[1:])
    journal = reopened(run, salt="second life")
    assert journal.next_seq("r") > 300
    seq = journal.append("r", 1, lambda seq: payload("r", seq, "second life"))
    journal.commit()
    assert read_all(journal, "r", seq=seq)[0].seq == seq
    (loss,) = journal.take_losses()
    assert (loss.from_seq, loss.to_seq) == (int(newest.name[2:22]), seq - 1)


def test_numbers_behind_damage_in_the_newest_segment_are_declared_and_not_given_again():
    run = filled(20)
    run.journal.close()
    (newest,) = segments(run, "e")
    run.fs.damage(newest, lambda data: data.replace(b"e 4 ", b"e ? "))
    journal = reopened(run, salt="second life")
    assert [record.seq for record in read_all(journal, "e")] == [1, 2, 3]
    assert journal.next_seq("e") == 11
    assert [(loss.stream, loss.from_seq, loss.to_seq) for loss in journal.take_losses()] == [("e", 4, 10)]


def test_a_number_that_was_acked_is_not_given_again_although_its_record_is_gone():
    run = filled()
    run.journal.ack("e", 10)
    run.journal.close()
    (newest,) = segments(run, "e")
    run.fs.damage(newest, lambda data: data[: HEAD_BYTES + 20])
    journal = reopened(run)
    assert (journal.next_seq("e"), journal.cursor("e")) == (11, 10)
    assert journal.take_losses() == []


@pytest.mark.parametrize("slot", [0, 512])
def test_a_damaged_cursor_slot_falls_back_to_the_other(slot):
    run = filled()
    for seq in (100, 200):
        run.journal.ack("r", seq)
        run.journal.store_cursor()
    run.journal.close()
    run.fs.damage(DIRECTORY / "cursor", lambda data: data[: slot + 10] + b"????" + data[slot + 14 :])
    assert reopened(run).cursor("r") in (100, 200)


def test_a_lost_cursor_means_all_again_and_no_loss():
    run = filled()
    run.journal.ack("r", 250)
    run.journal.close()
    run.fs.damage(DIRECTORY / "cursor", None)
    journal = reopened(run)
    assert journal.cursor("r") == 0
    assert len(read_all(journal, "r")) == 300
    assert journal.take_losses() == []


def test_a_full_disk_does_not_keep_a_damaged_journal_from_starting():
    run = filled()
    run.journal.close()
    run.fs.damage(DIRECTORY / "epoch", lambda data: b"garbage")
    run.fs.damage(DIRECTORY / "cursor", None)
    run.fs.damage(segments(run, "r")[-1], lambda data: data[:-5] + b"?" * 5)
    run.fs.capacity = run.fs.used()
    journal = reopened(run)
    assert journal.epoch == 1
    assert len(read_all(journal, "r")) == 299
    assert journal.take_faults()


def test_a_cut_while_a_segment_was_begun_leaves_no_trace():
    run = filled()
    run.journal.close()
    handle = run.fs.open(DIRECTORY / f"r-{301:020d}.seg", create=True)
    run.fs.write_at(handle, MAGIC, 0)
    journal = reopened(run)
    assert (journal.recovered, journal.take_losses(), journal.next_seq("r")) == ([], [], 301)


def test_a_segment_of_a_newer_version_is_refused_in_one_line():
    run = filled(20)
    run.journal.close()
    (path,) = segments(run, "a")

    def newer(data):
        body = struct.pack("<H", 2) + data[10:HEAD_BYTES]
        return MAGIC + struct.pack("<I", crc32c(body)) + body + data[HEAD_BYTES:]

    run.fs.damage(path, newer)
    with pytest.raises(ConfigError, match="newer version") as caught:
        reopened(run)
    assert len(caught.value.problems) == 1
    run.fs.damage(path, lambda data: b"")     # the lock was given back: the next try gets past it
    assert reopened(run).epoch == 2


def test_heads_say_whose_records_a_file_holds():
    run = filled(10)
    for stream in STREAMS:
        head = decode_head(run.fs.read(segments(run, stream)[0], limit=HEAD_BYTES))
        assert (head.stream, head.agent, head.epoch, head.first_seq, head.version) == (stream, "a17", 1, 1, 1)
