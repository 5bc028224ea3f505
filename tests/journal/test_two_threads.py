"""Appending and reading in one thread while another commits and retention drops segments under the reader."""

import threading

from edge_agent.journal import Journal, JournalSettings


def test_no_record_is_lost_doubled_or_reordered_between_the_threads(tmp_path):
    journal = Journal.open(tmp_path, settings=JournalSettings(segment_bytes=16_384, max_bytes=8 * 16_384, pending_records=100_000))
    is_over = threading.Event()

    def commit_for_ever():
        while not is_over.is_set():
            journal.commit()

    worker = threading.Thread(target=commit_for_ever)
    worker.start()
    try:
        seen, declared = [], []
        seq = 1
        for _ in range(400):
            for _ in range(25):
                journal.append("r", 1, lambda seq: b"%d " % seq * 10)
            for record in journal.read_from("r", seq, 40):      # slower in part: it falls out of memory, onto disk, over dropped segments
                assert record.payload == b"%d " % record.seq * 10
                seen.append(record.seq)
                seq = record.seq + 1
            if seq < 4000:
                journal.ack("r", seq - 1)
    finally:
        is_over.set()
        worker.join()
    journal.commit()
    while records := journal.read_from("r", seq, 1000):
        seen += [record.seq for record in records]
        seq = records[-1].seq + 1
    declared = {seq for loss in journal.take_losses() for seq in range(loss.from_seq, loss.to_seq + 1)}
    assert seen == sorted(set(seen))
    assert set(seen) | declared == set(range(1, 10_001))
    journal.close()
