"""The epoch, kept twice, and the cursor, kept in two slots written in turn."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

from edge_agent.journal.fs import FileSystem, write_whole

_EPOCH_NAMES = ("epoch", "epoch.copy")
_EPOCH = re.compile(rb"(\d{1,9}) ([0-9a-f]{8})\n")
_SLOT_BYTES = 512               # one sector: a torn write damages one slot only


def load_epoch(fs: FileSystem, directory: Path) -> int | None:
    """The larger of the two copies that are intact; a lost one is written again."""
    found = [epoch for name in _EPOCH_NAMES if (epoch := _read_epoch(fs, directory / name)) is not None]
    if found and len(found) < len(_EPOCH_NAMES):
        store_epoch(fs, directory, max(found))
    return max(found, default=None)


def store_epoch(fs: FileSystem, directory: Path, epoch: int) -> None:
    digits = b"%d" % epoch
    for name in _EPOCH_NAMES:
        write_whole(fs, directory / name, b"%s %08x\n" % (digits, zlib.crc32(digits)))


def _read_epoch(fs: FileSystem, path: Path) -> int | None:
    try:
        match = _EPOCH.fullmatch(fs.read(path))
    except OSError:
        return None
    return int(match[1]) if match and int(match[2], 16) == zlib.crc32(match[1]) else None


class Cursor:
    """What has reached the broker: for each stream the last seq of the contiguous acked prefix."""

    def __init__(self, fs: FileSystem, path: Path, streams: str, *, epoch: int) -> None:
        self._fs, self._streams, self._epoch = fs, streams, epoch
        self._layout = struct.Struct(f"<QI{len(streams)}Q")      # counter, epoch, positions
        self._counter = 0
        self.positions = dict.fromkeys(streams, 0)
        self._load(path)
        self._handle = fs.open(path, create=True)

    def store(self) -> None:
        """Write the older slot; the newer one stays whole whatever happens."""
        self._counter += 1
        body = self._layout.pack(self._counter, self._epoch, *self.positions.values())
        slot = (struct.pack("<I", zlib.crc32(body)) + body).ljust(_SLOT_BYTES, b"\0")
        self._fs.write_at(self._handle, slot, self._counter % 2 * _SLOT_BYTES)
        self._fs.sync(self._handle)

    def close(self) -> None:
        self._fs.close(self._handle)

    def _load(self, path: Path) -> None:
        try:
            data = self._fs.read(path)
        except OSError:
            return
        for start in (0, _SLOT_BYTES):
            body = data[start + 4 : start + 4 + self._layout.size]
            if len(body) < self._layout.size or data[start : start + 4] != struct.pack("<I", zlib.crc32(body)):
                continue
            counter, epoch, *positions = self._layout.unpack(body)
            if counter > self._counter:
                self._counter = counter
                # positions of another epoch say nothing about these records
                self.positions = dict(zip(self._streams, positions if epoch == self._epoch else [0] * len(positions), strict=True))
