"""Keeps the store within its budget and finds room on a full disk. Belongs to the committing thread."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from edge_agent.journal import retention
from edge_agent.journal.fs import FileSystem
from edge_agent.journal.losses import LossBook
from edge_agent.journal.segments import Segment, StreamFiles
from edge_agent.journal.settings import JournalSettings
from edge_agent.journal.small_files import Cursor

_MS_PER_DAY = 86_400_000
_BALLAST_RETURNS_AT = 8     # times its own size must be free: else the next write would need it again at once


class Space:
    """``utc_ms`` None: nothing leaves for its age."""

    def __init__(
        self, fs: FileSystem, directory: Path, files: Mapping[str, StreamFiles], cursor: Cursor, losses: LossBook, *,
        settings: JournalSettings, utc_ms: Callable[[], int] | None,
    ) -> None:
        self._fs, self._directory, self._files, self._cursor, self._losses = fs, directory, files, cursor, losses
        self._settings, self._utc_ms = settings, utc_ms
        self._budget_bytes = settings.budget_bytes(fs.total_bytes(directory))
        self._ballast = directory / "ballast"
        self._has_ballast = "ballast" in fs.names(directory) and fs.size(self._ballast) == settings.ballast_bytes

    def used_bytes(self) -> int:
        return sum(segment.size_bytes for files in self._files.values() for segment in files.segments)

    def tidy(self) -> None:
        """After a commit: drop what is too old or too much, and put the ballast back when there is room. Raises OSError."""
        if self._utc_ms is not None:
            now_ms, settings = self._utc_ms(), self._settings
            oldest = {
                stream: now_ms - int(_MS_PER_DAY * (settings.readings_days if stream == "r" else settings.events_days))
                for stream in self._files
            }
            while (stream := retention.aged(self._segments(), self._cursor.stored, oldest)) is not None:
                self._files[stream].drop_oldest()
        while self.used_bytes() > self._budget_bytes and (self._drop_sent() or self._drop_unsent(retention.DROP_ORDER)):
            pass
        size = self._settings.ballast_bytes
        if size and not self._has_ballast and self._fs.free_bytes(self._directory) > _BALLAST_RETURNS_AT * size:
            self._lay_ballast()

    def find_room(self, stream: str, *, is_pressed: bool) -> bool:
        """The disk is full and ``stream`` must write: give something up for it. False: nothing is left that may go.

        Readings can wait in memory for a while, until they are ``is_pressed``; all else takes what it needs at once.
        """
        if self._drop_sent() or (stream != "r" and self._free_ballast()):
            return True
        return (stream != "r" or is_pressed) and self._drop_unsent(retention.not_above(stream))

    def _segments(self) -> dict[str, tuple[Segment, ...]]:
        return {stream: files.segments for stream, files in self._files.items()}

    def _drop_sent(self) -> bool:
        if self._cursor.unstored_acks:
            self._cursor.store()   # else a power cut would make a hole of what was sent
        stream = retention.oldest_sent(self._segments(), self._cursor.stored)
        if stream is not None:
            self._files[stream].drop_oldest()
        return stream is not None

    def _drop_unsent(self, allowed: str) -> bool:
        stream = retention.oldest_unsent(self._segments(), allowed)
        if stream in (None, "a") and "e" in allowed and self._drop_readings_in_use():
            return True
        if stream is None:
            return False
        segment, following = self._files[stream].segments[:2]
        self._drop_declared(stream, segment.first_seq, following.first_seq - 1)
        return True

    def _drop_readings_in_use(self) -> bool:
        files = self._files["r"]
        if not files.segments or files.last_seq < files.segments[0].first_seq:
            return False
        first_seq = files.segments[0].first_seq
        with contextlib.suppress(OSError):   # on a full disk only the drop makes room for it
            files.begin(files.last_seq + 1)
        self._drop_declared("r", first_seq, files.last_seq)
        if not files.segments:
            files.begin(files.last_seq + 1)   # a start that finds none would take the stream for robbed and begin a new epoch
        return True

    def _drop_declared(self, stream: str, from_seq: int, to_seq: int) -> None:
        try:
            self._files[stream].drop_oldest()
            self._fs.sync_directory(self._directory)   # a power cut must not bring back what was declared lost
        finally:
            self._losses.declare(stream, max(from_seq, self._cursor.positions[stream] + 1), to_seq, "retention: no space is left")

    def _free_ballast(self) -> bool:
        if not self._has_ballast:
            return False
        self._has_ballast = False
        self._fs.remove(self._ballast)
        return True

    def _lay_ballast(self) -> None:
        handle = self._fs.open(self._ballast, create=True)
        try:
            self._fs.allocate(handle, self._settings.ballast_bytes)
            self._has_ballast = True
        except OSError:
            # no room after all, or a file system that cannot reserve any: an empty file would only pretend
            with contextlib.suppress(OSError):
                self._fs.remove(self._ballast)
        finally:
            self._fs.close(handle)
