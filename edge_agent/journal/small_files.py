"""The epoch, kept twice, and the cursor, kept in two slots written in turn."""

from __future__ import annotations

import contextlib
import re
import struct
from pathlib import Path

from cython_ext.crc32c import crc32c
from edge_agent.journal.fs import FileSystem, write_all, write_whole

_EPOCH_NAMES = ("epoch", "epoch.copy")
_EPOCH = re.compile(rb"(\d{1,9}) ([0-9a-f]{8})\n")
_SLOT_BYTES = 512               # one sector: a torn write damages one slot only


def load_epoch(fs: FileSystem, directory: Path) -> int | None:
    """The larger of the two copies that are intact; a lost or older one is written again where the disk allows."""
    found = [_read_epoch(fs, directory / name) for name in _EPOCH_NAMES]
    intact = [epoch for epoch in found if epoch is not None]
    if intact and found != [max(intact)] * len(found):
        with contextlib.suppress(OSError):   # one copy is enough to start with, also on a full disk
            store_epoch(fs, directory, max(intact))
    return max(intact, default=None)


def store_epoch(fs: FileSystem, directory: Path, epoch: int) -> None:
    """Raises OSError; one of the copies is then the new or the old one, whole."""
    digits = b"%d" % epoch
    for name in _EPOCH_NAMES:
        write_whole(fs, directory / name, b"%s %08x\n" % (digits, crc32c(digits)))


def _read_epoch(fs: FileSystem, path: Path) -> int | None:
    try:
        match = _EPOCH.fullmatch(fs.read(path))
    except OSError:
        return None
    return int(match[1]) if match and int(match[2], 16) == crc32c(match[1]) else None


class Cursor:
    """What has reached the broker: for each stream the last seq of the contiguous acked prefix.

    ``positions`` belongs to the event loop's thread, ``store`` to the committing one.
    """

    def __init__(self, fs: FileSystem, path: Path, streams: str, *, epoch: int) -> None:
        self._fs, self._path, self._streams, self._epoch = fs, path, streams, epoch
        self._layout = struct.Struct(f"<QI{len(streams)}Q")      # counter, epoch, positions
        self._counter = 0
        self._handle: int | None = None
        self.positions = dict.fromkeys(streams, 0)
        self.is_lost = True
        self._load()
        self.stored = dict(self.positions)      # what a power cut leaves


    @property
    def unstored_acks(self) -> int:
        return sum(self.positions.values()) - sum(self.stored.values())

    def store(self) -> None:
        """Write over the older slot; the newer one stays whole whatever happens. Raises OSError."""
        positions = dict(self.positions)
        body = self._layout.pack(self._counter + 1, self._epoch, *positions.values())
        slot = (struct.pack("<I", crc32c(body)) + body).ljust(_SLOT_BYTES, b"\0")
        try:
            if self._handle is None:
                self._handle = self._fs.open(self._path, create=True)
            write_all(self._fs, self._handle, slot, (self._counter + 1) % 2 * _SLOT_BYTES)
            self._fs.sync(self._handle)
        except OSError:
            self.close()   # a descriptor whose sync failed is not used again
            raise
        self._counter += 1
        self.stored = positions

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):   # nothing unsynced is in it that counts
                self._fs.close(handle)

    def _load(self) -> None:
        try:
            data = self._fs.read(self._path)
        except OSError:
            return
        for start in (0, _SLOT_BYTES):
            body = data[start + 4 : start + 4 + self._layout.size]
            if len(body) < self._layout.size or data[start : start + 4] != struct.pack("<I", crc32c(body)):
                continue
            counter, epoch, *positions = self._layout.unpack(body)
            if counter > self._counter:
                self._counter = counter
                self.is_lost = epoch != self._epoch     # positions of another epoch say nothing about these records
                self.positions = dict(zip(self._streams, [0] * len(positions) if self.is_lost else positions, strict=True))
