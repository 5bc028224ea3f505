"""Named blobs on disk. A damaged newest one falls back to the one before; losing both loses no event, only what was learned."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

from edge_agent.journal.fs import FileSystem, RealFs, write_whole

_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_HEAD = struct.Struct("<4sI")
_MAGIC = b"HES1"


class StateStore:
    """``save`` is durable when it returns: temporary file, sync, rename, sync of the directory."""

    def __init__(self, directory: Path, *, fs: FileSystem | None = None) -> None:
        self._directory, self._fs = directory, fs or RealFs()
        self._fs.make_directory(directory)

    def save(self, name: str, data: bytes) -> None:
        """Raises OSError when the disk does not take it; what was there stays."""
        path = self._path(name)
        if self._read(path) is not None:
            self._fs.rename(path, path.with_suffix(".before"))
        write_whole(self._fs, path, _HEAD.pack(_MAGIC, zlib.crc32(data)) + data)

    def load(self, name: str) -> bytes | None:
        """The newest intact content, None where there is none."""
        path = self._path(name)
        newest = self._read(path)
        return newest if newest is not None else self._read(path.with_suffix(".before"))

    def _read(self, path: Path) -> bytes | None:
        try:
            raw = self._fs.read(path)
        except OSError:
            return None
        if len(raw) < _HEAD.size:
            return None
        magic, check = _HEAD.unpack_from(raw)
        data = raw[_HEAD.size :]
        return data if magic == _MAGIC and check == zlib.crc32(data) else None

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"name {name!r}: small letters, digits, '-' and '_' only")
        return self._directory / f"{name}.state"
