"""A script of some 300 records, with commits, acks and rolls, that a test can break off anywhere; and what must hold afterwards."""

import random
from pathlib import Path

from edge_agent.journal import STREAMS, Journal, JournalSettings

DIRECTORY = Path("/journal")
SMALL = JournalSettings(segment_bytes=4096, max_bytes=1 << 20, ballast_bytes=8192, pending_records=1000)


def payload(stream, seq, salt=""):
    return f"{stream} {seq} {salt}".encode() + b"." * (seq * 37 % 120)


class Run:
    """``appended`` and ``committed`` outlive the power cut: they are what the outside world saw."""

    def __init__(self, fs, *, salt="", settings=SMALL):
        self.fs, self.salt, self.settings = fs, salt, settings
        self.appended = {stream: {} for stream in STREAMS}
        self.committed = dict.fromkeys(STREAMS, 0)
        self.journal = None

    def open(self):
        self.journal = Journal.open(DIRECTORY, fs=self.fs, settings=self.settings, agent="a17")

    def append(self, stream):
        def encode(seq):
            return payload(stream, seq, self.salt)

        seq = self.journal.append(stream, 1, encode)
        self.appended[stream][seq] = encode(seq)

    def commit(self):
        try:
            self.journal.commit()
        finally:
            for stream in STREAMS:
                self.committed[stream] = self.journal.committed(stream)

    def script(self, records=300, seed=7):
        chance = random.Random(seed)
        self.open()
        for number in range(records):
            self.append(chance.choice("aetsrrrrrrr"))
            if number % 7 == 6:
                self.commit()
            if number % 40 == 39:
                stream = chance.choice(STREAMS)
                self.journal.ack(stream, self.committed[stream])
                self.journal.store_cursor()
        self.commit()

    def script_and_close(self, records):
        self.script(records)
        self.journal.close()


def read_all(journal, stream, *, seq=1, limit=50):
    found = []
    while records := journal.read_from(stream, seq, limit):
        found += records
        seq = records[-1].seq + 1
    return found


def check_after_cut(run, fs):
    """Everything committed is there, what is there is an exact prefix of what was appended, and no number is given twice."""
    again = Run(fs, salt="second life")
    again.open()
    for stream in STREAMS:
        found = [(record.seq, record.payload) for record in read_all(again.journal, stream)]
        appended = list(run.appended[stream].items())
        assert found == appended[: len(found)], f"stream {stream}: no exact prefix"
        assert len(found) >= run.committed[stream], f"stream {stream}: committed up to {run.committed[stream]}, found {len(found)}"
        assert again.journal.next_seq(stream) > run.committed[stream]
        before = again.journal.next_seq(stream)
        again.append(stream)
        assert before not in [seq for seq, _ in found]
    again.commit()
    for stream in STREAMS:
        assert read_all(again.journal, stream)[-1].payload == payload(stream, again.journal.committed(stream), "second life")
    again.journal.close()
