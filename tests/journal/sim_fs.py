"""A file system in memory that keeps "written" and "synced" apart, so that power can be cut at any call."""

from __future__ import annotations

import errno
import random
from dataclasses import dataclass, field
from pathlib import Path


class PowerCut(BaseException):
    """The machine is off. No handler of the code under test may catch it."""


@dataclass
class _File:
    content: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    writes: list[tuple[int, bytes]] = field(default_factory=list)     # since the last sync


class SimFs:
    """Implements the journal's FileSystem. ``cut_at``: power is cut at that write, resize, sync, rename or remove."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)
        self._files: dict[Path, _File] = {}
        self._durable_names: dict[Path, _File] = {}
        self._open: dict[int, _File] = {}
        self._next_handle = 3
        self.calls = 0
        self.cut_at: int | None = None
        self.fail_at: dict[int, int] = {}      # call number -> errno

    def reboot(self) -> None:
        """What is left after the cut: synced names with synced content; un-synced writes survive, tear or vanish by chance."""
        for file in self._durable_names.values():
            survived = bytearray(file.durable)
            for offset, data in file.writes:
                fate = self._chance.random()
                if fate < 0.4:
                    continue                                          # dropped
                if fate < 0.7:
                    data = data[: self._chance.randrange(len(data) + 1)]      # torn
                if len(survived) < offset + len(data):
                    survived.extend(bytes(offset + len(data) - len(survived)))
                survived[offset : offset + len(data)] = data
            file.content, file.durable, file.writes = survived, bytes(survived), []
        self._files = dict(self._durable_names)
        self._open, self.cut_at, self.fail_at = {}, None, {}

    def _call(self) -> None:
        self.calls += 1
        if self.calls == self.cut_at:
            raise PowerCut
        if self.calls in self.fail_at:
            raise OSError(self.fail_at[self.calls], "simulated")

    def make_directory(self, path: Path) -> None:
        pass

    def names(self, directory: Path) -> list[str]:
        return [path.name for path in self._files if path.parent == directory]

    def read(self, path: Path, *, offset: int = 0, limit: int = -1) -> bytes:
        if path not in self._files:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
        content = bytes(self._files[path].content)
        return content[offset:] if limit < 0 else content[offset : offset + limit]

    def size(self, path: Path) -> int:
        return len(self._files[path].content)

    def open(self, path: Path, *, create: bool) -> int:
        if path not in self._files:
            if not create:
                raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
            self._files[path] = _File()
        self._next_handle += 1
        self._open[self._next_handle] = self._files[path]
        return self._next_handle

    def close(self, handle: int) -> None:
        self._open.pop(handle, None)

    def write_at(self, handle: int, data: bytes, offset: int) -> None:
        file = self._open[handle]
        try:
            self._call()
        except OSError:
            part = data[: len(data) // 2]           # a failing write may still have written some of it
            self._put(file, part, offset)
            raise
        except PowerCut:
            self._put(file, data, offset)
            raise
        self._put(file, data, offset)

    def _put(self, file: _File, data: bytes, offset: int) -> None:
        if len(file.content) < offset + len(data):
            file.content.extend(bytes(offset + len(data) - len(file.content)))
        file.content[offset : offset + len(data)] = data
        file.writes.append((offset, bytes(data)))

    def resize(self, handle: int, size: int) -> None:
        self._call()
        file = self._open[handle]
        del file.content[size:]
        file.content.extend(bytes(size - len(file.content)))
        file.writes = [(offset, data[: max(0, size - offset)]) for offset, data in file.writes if offset < size]
        file.durable = file.durable[:size] + bytes(max(0, size - len(file.durable)))

    def sync(self, handle: int) -> None:
        self._call()
        file = self._open[handle]
        file.durable, file.writes = bytes(file.content), []

    def sync_directory(self, directory: Path) -> None:
        self._call()
        for path in [path for path in self._durable_names if path.parent == directory and path not in self._files]:
            del self._durable_names[path]
        self._durable_names.update({path: file for path, file in self._files.items() if path.parent == directory})

    def rename(self, old: Path, new: Path) -> None:
        self._call()
        self._files[new] = self._files.pop(old)

    def remove(self, path: Path) -> None:
        self._call()
        self._files.pop(path, None)

    def lock(self, path: Path) -> int:
        return self.open(path, create=True)

    def free_bytes(self, directory: Path) -> int:
        return 2**40
