"""Any sequence of calls, restarts and power cuts gives what a list would give."""

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_agent.journal import STREAMS, Journal, JournalSettings
from tests.journal.journal_script import DIRECTORY
from tests.journal.sim_fs import SimFs

ROOMY = JournalSettings(segment_bytes=4096, max_bytes=2**24, ballast_bytes=8192)
TIGHT = JournalSettings(segment_bytes=4096, max_bytes=8 * 4096, ballast_bytes=0)


class JournalMachine(RuleBasedStateMachine):
    settings_of_journal = ROOMY

    def __init__(self):
        super().__init__()
        self.fs = SimFs()
        self.appended = {stream: {} for stream in STREAMS}      # seq -> payload
        self.committed = dict.fromkeys(STREAMS, 0)
        self.acked = dict.fromkeys(STREAMS, 0)
        self.stored_acks = dict(self.acked)
        self.lost = set()
        self.open()

    def open(self):
        self.journal = Journal.open(DIRECTORY, fs=self.fs, settings=self.settings_of_journal)

    @rule(stream=st.sampled_from(STREAMS), size=st.integers(1, 1500), count=st.integers(1, 6))
    def append(self, stream, size, count):
        for _ in range(count):
            seq = self.journal.append(stream, 2, lambda seq: b"%d." % seq * size)
            assert seq > max(self.appended[stream], default=0)
            self.appended[stream][seq] = b"%d." % seq * size

    @rule()
    def commit(self):
        self.journal.commit()
        self.committed = {stream: max(records, default=self.committed[stream]) for stream, records in self.appended.items()}
        assert {stream: self.journal.committed(stream) for stream in STREAMS} == self.committed
        self.take_losses()

    @rule(stream=st.sampled_from(STREAMS), share=st.floats(0, 1))
    def ack(self, stream, share):
        seq = int(self.committed[stream] * share)
        self.journal.ack(stream, seq)
        self.acked[stream] = max(self.acked[stream], seq)

    @rule()
    def store_cursor(self):
        self.journal.store_cursor()
        self.stored_acks = dict(self.acked)

    @rule(stream=st.sampled_from(STREAMS), share=st.floats(0, 1), limit=st.integers(1, 20))
    def read(self, stream, share, limit):
        seq = 1 + int(self.committed[stream] * share)
        found = self.journal.read_from(stream, seq, limit)
        self.take_losses()
        there = [
            known for known in self.appended[stream]
            if seq <= known <= self.committed[stream] and (stream, known) not in self.lost
        ]
        if found:    # records at the broker may have left for space: reading then begins behind them
            assert all(known <= self.acked[stream] for known in there if known < found[0].seq)
            there = [known for known in there if known >= found[0].seq]
        else:
            assert all(known <= self.acked[stream] for known in there)
            there = []
        assert [record.seq for record in found] == there[: len(found)]
        assert [record.payload for record in found] == [self.appended[stream][record.seq] for record in found]

    @rule()
    def reopen(self):
        self.commit()
        self.journal.close()
        self.stored_acks = dict(self.acked)
        self.take_losses()
        self.open()
        self.take_losses()

    @rule(seed=st.integers(0, 1000))
    def power_cut(self, seed):
        self.fs = self.fs.restart(random.Random(seed), loses_all=seed % 3 == 0)
        self.open()
        for stream in STREAMS:
            survivors = self.journal.committed(stream)
            assert survivors >= self.committed[stream]
            assert self.stored_acks[stream] <= self.journal.cursor(stream) <= self.acked[stream]
            self.committed[stream] = survivors
            self.appended[stream] = {seq: data for seq, data in self.appended[stream].items() if seq <= survivors}
            self.acked[stream] = self.journal.cursor(stream)
        self.stored_acks = dict(self.acked)
        self.take_losses()

    def take_losses(self):
        for loss in self.journal.take_losses():
            assert self.may_lose(loss), f"{loss} without need"
            self.lost |= {(loss.stream, seq) for seq in range(loss.from_seq, loss.to_seq + 1)}

    def may_lose(self, loss):
        """In a store with room only what a power cut tore: numbers that were never committed."""
        never_committed = range(self.committed[loss.stream] + 1, loss.to_seq + 1)
        return loss.from_seq in never_committed

    @invariant()
    def cursor_is_what_was_acked(self):
        assert {stream: self.journal.cursor(stream) for stream in STREAMS} == self.acked


class TightMachine(JournalMachine):
    """The same where space is short: what goes was acked or is declared."""

    settings_of_journal = TIGHT

    def may_lose(self, loss):
        return loss.from_seq > self.stored_acks[loss.stream]


for machine in (JournalMachine, TightMachine):
    machine.TestCase.settings = settings(max_examples=30, stateful_step_count=40, deadline=None, derandomize=True)
TestJournal = JournalMachine.TestCase
TestTightJournal = TightMachine.TestCase
