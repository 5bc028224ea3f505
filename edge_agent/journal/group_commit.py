"""When pending records are written: alarms at once, other events within a tenth of a second, readings in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from edge_agent.journal.journal import Journal
from edge_agent.journal.settings import JournalSettings

_CURSOR_EVERY_S = 1.0
_RETRY_S = 0.1             # after a fault; doubled up to the next line while it lasts
_MAX_RETRY_S = 5.0


class GroupCommit:
    """Commits in one thread of its own, so that a slow disk holds nobody up; ``on_committed`` runs in the event loop."""

    def __init__(self, journal: Journal, settings: JournalSettings, on_committed: Callable[[], None]) -> None:
        self._journal, self._settings, self._on_committed = journal, settings, on_committed
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._wake = asyncio.Event()
        self._due_s = self._cursor_due_s = float("inf")
        self._retry_s = _RETRY_S
        journal.on_cursor_due = self._cursor_is_due

    def notify(self, stream: str) -> None:
        """A record was appended to ``stream``: set when it must be on disk."""
        is_full = stream == "a" or self._journal.pending("r") >= self._settings.readings_records
        if stream == "r" and not is_full and self._due_s != float("inf"):
            return   # the usual case, a thousand times a second: a commit is due anyway
        now_s = asyncio.get_running_loop().time()
        if self._retry_s > _RETRY_S and stream != "a":
            return   # the disk refuses: the retry that is due takes all
        wait_s = self._settings.readings_s if stream == "r" else self._settings.events_s
        due_s = now_s if is_full else now_s + wait_s
        if due_s < self._due_s:
            self._due_s = due_s
            self._wake.set()

    async def run(self) -> None:
        """Commit for ever."""
        loop = asyncio.get_running_loop()
        self._cursor_due_s = loop.time() + _CURSOR_EVERY_S
        while True:
            await self._sleep()
            if loop.time() >= self._due_s:
                await self.flush()
            if loop.time() >= self._cursor_due_s:
                self._cursor_due_s = loop.time() + _CURSOR_EVERY_S
                await loop.run_in_executor(self._executor, self._journal.store_cursor)

    async def flush(self) -> None:
        """Have everything on disk that is pending now; what the disk refuses is tried again by ``run``."""
        self._due_s = float("inf")
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._journal.commit)
        if self._journal.fault:
            self._due_s = min(self._due_s, loop.time() + self._retry_s)
            self._retry_s = min(2 * self._retry_s, _MAX_RETRY_S)
        else:
            self._retry_s = _RETRY_S
        self._on_committed()

    def close(self) -> None:
        """Wait for the commit under way."""
        self._executor.shutdown(wait=True)

    def _cursor_is_due(self) -> None:
        self._cursor_due_s = 0.0
        self._wake.set()

    async def _sleep(self) -> None:
        """Until something is due, or may be due earlier than it was."""
        self._wake.clear()
        left_s = min(self._due_s, self._cursor_due_s) - asyncio.get_running_loop().time()
        if left_s <= 0:
            return
        try:
            async with asyncio.timeout(left_s):
                await self._wake.wait()
        except TimeoutError:
            return
