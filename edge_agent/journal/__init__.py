"""Append-only segments, a cursor, group commit: the queue to the broker and the ledger are one thing."""

from edge_agent.journal.fs import FileSystem, RealFs
from edge_agent.journal.group_commit import GroupCommit
from edge_agent.journal.journal import STREAMS, Journal, JournalSettings, JournalStats, Loss, read_only
from edge_agent.journal.record import Record

__all__ = ["STREAMS", "FileSystem", "GroupCommit", "Journal", "JournalSettings", "JournalStats", "Loss", "RealFs", "Record", "read_only"]
