"""Append-only segments, a cursor, group commit: the queue to the broker and the ledger are one thing."""

from edge_agent.journal.fs import FileSystem, RealFs
from edge_agent.journal.group_commit import GroupCommit
from edge_agent.journal.journal import Journal, JournalStats
from edge_agent.journal.losses import Loss
from edge_agent.journal.opening import STREAMS, read_only
from edge_agent.journal.record import Record
from edge_agent.journal.recovery import Recovered
from edge_agent.journal.settings import JournalSettings

__all__ = [
    "STREAMS", "FileSystem", "GroupCommit", "Journal", "JournalSettings", "JournalStats", "Loss", "RealFs", "Record", "Recovered",
    "read_only",
]
