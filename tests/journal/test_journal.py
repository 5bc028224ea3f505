"""The journal: what was committed is there, in order, whatever happens in between."""

import errno
import itertools
import random
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from edge_agent.errors import ConfigError, OutboxFull
from edge_agent.journal import STREAMS, Journal, JournalSettings, RealFs, read_only
from edge_agent.journal.record import HEAD_BYTES
from tests.journal.sim_fs import SimFs

DIRECTORY = Path("/journal")
SMALL = JournalSettings(segment_bytes=2 * 65_536, max_bytes=2**30)


def payload(stream: str, seq: int, salt: str = "") -> bytes:
    return f"{stream} {seq} {salt} {zlib.crc32(f'{stream}{seq}'.encode()):x}".encode() * 3


def append(journal: Journal, stream: str, salt: str = "") -> int:
    return journal.append(stream, 1, lambda seq: payload(stream, seq, salt))


def test_records_come_back_in_order_with_their_numbers(tmp_path):
    journal = Journal.open(tmp_path)
    assert [append(journal, "r") for _ in range(5)] == [1, 2, 3, 4, 5]
    assert journal.read_from("r", 1, 10) == []            # not yet on disk: must not be sent
    journal.commit()
    assert [(record.seq, record.payload) for record in journal.read_from("r", 2, 3)] == [(seq, payload("r", seq)) for seq in (2, 3, 4)]
    journal.close()


def test_reopening_goes_on_where_it_ended(tmp_path):
    journal = Journal.open(tmp_path)
    for stream in STREAMS:
        append(journal, stream)
    journal.commit()
    journal.ack("r", 1)
    journal.close()
    again = Journal.open(tmp_path)
    assert again.epoch == journal.epoch
    assert {stream: again.next_seq(stream) for stream in STREAMS} == dict.fromkeys(STREAMS, 2)
    assert (again.cursor("r"), again.cursor("e")) == (1, 0)
    again.close()


def test_a_second_agent_on_the_same_directory_is_refused(tmp_path):
    journal = Journal.open(tmp_path)
    with pytest.raises(ConfigError, match="another agent uses this journal"):
        Journal.open(tmp_path)
    journal.close()


def test_a_file_in_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="choose another state_dir"):
        Journal.open(tmp_path / "file" / "journal")


def test_an_epoch_copy_that_is_lost_comes_back_and_both_lost_begin_a_new_one(tmp_path):
    def reopen() -> int:
        journal = Journal.open(tmp_path)
        append(journal, "e")
        journal.close()
        return journal.epoch

    assert [reopen(), reopen()] == [1, 1]
    (tmp_path / "epoch").write_bytes(b"damaged")
    assert reopen() == 1
    assert (tmp_path / "epoch").read_bytes() == (tmp_path / "epoch.copy").read_bytes()
    (tmp_path / "epoch").unlink()
    (tmp_path / "epoch.copy").unlink()
    assert reopen() == 2


def test_a_journal_made_anew_has_a_new_epoch(tmp_path):
    journal = Journal.open(tmp_path)
    append(journal, "e")
    journal.close()
    for segment in tmp_path.glob("*.seg"):
        segment.unlink()
    again = Journal.open(tmp_path)
    assert (again.epoch, again.next_seq("e")) == (2, 1)
    again.close()


def test_readings_that_wait_for_the_disk_are_bounded_and_events_are_not(tmp_path):
    journal = Journal.open(tmp_path, settings=JournalSettings(pending_records=3))
    for _ in range(3):
        append(journal, "r")
    with pytest.raises(OutboxFull):
        append(journal, "r")
    assert append(journal, "a") == 1
    assert journal.next_seq("r") == 4      # no number was used up
    journal.close()


@pytest.mark.parametrize("size", [0, 65_537])
def test_empty_and_oversized_records_are_refused(tmp_path, size):
    journal = Journal.open(tmp_path)
    with pytest.raises(ValueError, match="are possible"):
        journal.append("e", 1, lambda _: bytes(size))
    assert journal.next_seq("e") == 1
    journal.close()


def test_segments_roll_and_a_backlog_of_a_hundred_thousand_reads_in_order(tmp_path):
    journal = Journal.open(tmp_path, settings=SMALL)
    for _ in range(100):
        for _ in range(1000):
            append(journal, "r")
        journal.commit()
    assert len(list(tmp_path.glob("r-*.seg"))) > 30
    seq = 1
    while records := journal.read_from("r", seq, 500):
        assert [record.seq for record in records] == list(range(seq, seq + len(records)))
        seq = records[-1].seq + 1
    assert seq == 100_001
    journal.close()


def test_a_full_store_drops_the_oldest_sent_first_then_declares_what_it_drops(tmp_path):
    limits = JournalSettings(segment_bytes=2 * 65_536, max_bytes=16 * 65_536)
    journal = Journal.open(tmp_path, settings=limits)
    for _ in range(60):
        journal.append("a", 1, lambda seq: b"alarm")
        for _ in range(60):
            journal.append("r", 1, lambda seq: bytes([1]) * 1000)
        journal.commit()
        if journal.next_seq("r") < 1000:
            journal.ack("r", journal.committed("r"))
    losses = journal.take_losses()
    assert losses
    assert all(loss.stream == "r" for loss in losses)
    assert losses[0].from_seq > 900                       # what had been sent was dropped first, without a loss
    assert [record.seq for record in journal.read_from("a", 1, 100)] == list(range(1, 61))
    first = next(iter(read_only(tmp_path, "r"))).seq
    assert first == losses[-1].to_seq + 1
    journal.close()


def test_a_hole_in_the_middle_is_skipped_and_declared(tmp_path):
    journal = Journal.open(tmp_path, settings=SMALL)
    for _ in range(40):
        for _ in range(100):
            journal.append("r", 1, lambda seq: bytes([1]) * 100)
        journal.commit()
    journal.close()
    segments = sorted(tmp_path.glob("r-*.seg"))
    data = bytearray(segments[1].read_bytes())
    data[HEAD_BYTES + 5000] ^= 0xFF
    segments[1].write_bytes(data)
    again = Journal.open(tmp_path, settings=SMALL)
    seqs, seq = [], 1
    while records := again.read_from("r", seq, 100):
        seqs += [record.seq for record in records]
        seq = records[-1].seq + 1
    (loss,) = again.take_losses()
    assert seqs == [seq for seq in range(1, 4001) if not loss.from_seq <= seq <= loss.to_seq]
    assert loss.from_seq == loss.to_seq                   # one byte costs one record, not all that follow in the file
    again.close()


def test_a_damaged_segment_head_is_set_aside_and_the_journal_starts(tmp_path):
    journal = Journal.open(tmp_path, settings=SMALL)
    for _ in range(3000):
        append(journal, "r")
    journal.commit()
    journal.close()
    oldest = min(tmp_path.glob("r-*.seg"))
    oldest.write_bytes(b"garbage")
    again = Journal.open(tmp_path, settings=SMALL)
    assert [path.name for path in again.set_aside] == [oldest.with_suffix(".bad").name]
    assert again.next_seq("r") == 3001 or again.epoch > 1
    again.close()


def test_a_damaged_cursor_slot_falls_back_to_the_other(tmp_path):
    journal = Journal.open(tmp_path)
    for _ in range(10):
        append(journal, "r")
    journal.commit()
    journal.ack("r", 4)
    journal.store_cursor()
    journal.ack("r", 9)
    journal.close()
    cursor = bytearray((tmp_path / "cursor").read_bytes())
    for slot in (0, 512):
        damaged = bytearray(cursor)
        damaged[slot + 10] ^= 0xFF
        (tmp_path / "cursor").write_bytes(damaged)
        again = Journal.open(tmp_path)
        assert again.cursor("r") in (4, 9)
        again.close()
        (tmp_path / "cursor").write_bytes(cursor)


def test_a_failed_write_leaves_the_records_pending_for_the_next_commit():
    fs = SimFs()
    journal = Journal.open(DIRECTORY, fs=fs, settings=SMALL)
    append(journal, "a")
    fs.faults = dict.fromkeys(range(fs.calls + 1, fs.calls + 40), errno.ENOSPC)
    journal.commit()
    assert "injected" in journal.fault
    assert journal.read_from("a", 1, 1) == []
    fs.faults = {}
    journal.commit()
    assert journal.fault == ""
    assert [record.seq for record in journal.read_from("a", 1, 5)] == [1]


def test_a_torn_tail_keeps_an_exact_prefix(tmp_path):
    journal = Journal.open(tmp_path)
    for _ in range(50):
        append(journal, "e")
    journal.commit()
    journal.close()
    (segment,) = tmp_path.glob("e-*.seg")
    whole = segment.read_bytes()
    chance = random.Random(3)
    for trial in range(200):
        cut = chance.randrange(HEAD_BYTES, len(whole))
        tail = (bytes(300), chance.randbytes(300), b"")[trial % 3]
        segment.write_bytes(whole[:cut] + tail)
        again = Journal.open(tmp_path)
        found = again.read_from("e", 1, 100)
        assert [record.payload for record in found] == [payload("e", seq) for seq in range(1, len(found) + 1)]
        assert again.next_seq("e") == len(found) + 1
        again.close()


_CHILD = """
import sys
from pathlib import Path
from edge_agent.journal import Journal
journal = Journal.open(Path(sys.argv[1]))
while True:
    for _ in range(20):
        seq = journal.append("r", 1, lambda seq: b"%d" % seq * 20)
    journal.commit()
    print(seq, flush=True)
"""


def test_kill_9_loses_nothing_that_was_committed(tmp_path):
    known = 0
    for _ in range(10):
        child = subprocess.Popen([sys.executable, "-c", _CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        said = [int(line) for line in itertools.islice(child.stdout, 3)]
        child.kill()
        said += [int(line) for line in child.stdout if line.endswith("\n")]
        child.wait()
        child.stdout.close()
        assert min(said) > known
        known = max(said)
        found = [record.seq for record in read_only(tmp_path, "r")]
        assert found[:known] == list(range(1, known + 1))
    journal = Journal.open(tmp_path, fs=RealFs())
    assert journal.committed("r") >= known
    journal.close()
