"""Named blobs on disk. A damaged newest one falls back to the one before; losing both loses no event, only what was learned."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from cython_ext.crc32c import crc32c
from edge_agent.errors import ConfigError
from edge_agent.journal.fs import FileSystem, RealFs, write_whole

_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_HEAD = struct.Struct("<4sI")
_MAGIC = b"HES2"


class StateStore:
    """``save`` is durable when it returns: temporary file, sync, rename, sync of the directory."""

    def __init__(self, directory: Path, *, fs: FileSystem | None = None) -> None:
        """Raises ConfigError: the directory cannot be made."""
        self._directory, self._fs = directory, fs or RealFs()
        try:
            self._fs.make_directory(directory)
        except OSError as exc:
            raise ConfigError([f"{directory}: cannot be used for state: {exc.strerror or exc}; choose another state_dir"]) from exc

    def save(self, name: str, data: bytes) -> None:
        """Replace the blob and keep the one before.

        Raises:
            OSError: the disk does not take it; what was there stays.
            ValueError: no possible name.
        """
        path = self._path(name)
        if self._read(path) is not None:   # a damaged one must not push out the good one before it
            self._fs.rename(path, path.with_suffix(".before"))
        write_whole(self._fs, path, _HEAD.pack(_MAGIC, crc32c(data)) + data)

    def load(self, name: str) -> bytes | None:
        """The newest intact content, None where there is none. Raises ValueError for no possible name."""
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
        return data if magic == _MAGIC and check == crc32c(data) else None

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"name {name!r}: small letters, digits, '-' and '_' only, 1 to 40 of them")
        return self._directory / f"{name}.state"
