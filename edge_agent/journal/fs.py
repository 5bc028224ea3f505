"""The file system as the journal uses it; injected, so that power cuts and full disks can be simulated by the thousand."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Protocol


class FileSystem(Protocol):
    """Calls that write are durable only after ``sync`` (file content) and ``sync_directory`` (names). All raise OSError."""

    def make_directory(self, path: Path) -> None: ...
    def names(self, directory: Path) -> list[str]: ...
    def read(self, path: Path, *, offset: int = 0, limit: int = -1) -> bytes: ...
    def size(self, path: Path) -> int: ...
    def open(self, path: Path, *, create: bool) -> int: ...
    def close(self, handle: int) -> None: ...
    def write_at(self, handle: int, data: bytes | memoryview, offset: int) -> int: ...
    def allocate(self, handle: int, size: int) -> None: ...
    def resize(self, handle: int, size: int) -> None: ...
    def sync(self, handle: int) -> None: ...
    def sync_directory(self, directory: Path) -> None: ...
    def rename(self, old: Path, new: Path) -> None: ...
    def remove(self, path: Path) -> None: ...
    def lock(self, path: Path) -> int: ...
    def free_bytes(self, directory: Path) -> int: ...
    def total_bytes(self, directory: Path) -> int: ...


class RealFs:
    """The machine's own file system."""

    def make_directory(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)

    def names(self, directory: Path) -> list[str]:
        return os.listdir(directory)

    def read(self, path: Path, *, offset: int = 0, limit: int = -1) -> bytes:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(limit)

    def size(self, path: Path) -> int:
        return path.stat().st_size

    def open(self, path: Path, *, create: bool) -> int:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o640)

    def close(self, handle: int) -> None:
        os.close(handle)

    def write_at(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        """Gives the bytes written: a signal or a nearly full disk may cut a write short."""
        return os.pwrite(handle, data, offset)

    def allocate(self, handle: int, size: int) -> None:
        """Reserve space, read as zeros, so that later writes neither fail for space nor change the size."""
        os.posix_fallocate(handle, 0, size)

    def resize(self, handle: int, size: int) -> None:
        os.ftruncate(handle, size)

    def sync(self, handle: int) -> None:
        os.fdatasync(handle)

    def sync_directory(self, directory: Path) -> None:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, old: Path, new: Path) -> None:
        os.replace(old, new)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def lock(self, path: Path) -> int:
        """Raises BlockingIOError when another process holds the lock."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise
        return handle

    def free_bytes(self, directory: Path) -> int:
        found = os.statvfs(directory)
        return found.f_bavail * found.f_frsize

    def total_bytes(self, directory: Path) -> int:
        found = os.statvfs(directory)
        return found.f_blocks * found.f_frsize


def write_all(fs: FileSystem, handle: int, data: bytes, offset: int) -> None:
    """Write all of ``data``, however many calls it takes. Raises OSError."""
    written = fs.write_at(handle, data, offset)
    while written < len(data):
        more = fs.write_at(handle, memoryview(data)[written:], offset + written)
        if more <= 0:
            raise OSError(errno.EIO, "the disk takes no more bytes")
        written += more


def write_whole(fs: FileSystem, path: Path, data: bytes) -> None:
    """Replace a small file so that after a power cut either the old or the new content is there, whole."""
    partial = path.with_name(path.name + ".new")
    handle = fs.open(partial, create=True)
    try:
        fs.resize(handle, 0)
        write_all(fs, handle, data, 0)
        fs.sync(handle)
    finally:
        fs.close(handle)
    fs.rename(partial, path)
    fs.sync_directory(path.parent)
