"""A file system in memory that keeps "written" and "synced" apart, can lose power at any call and fail at any call."""

import errno
from pathlib import Path


class PowerCut(BaseException):
    """The machine is off: no call works any more, and no handler of the code under test may catch it."""


class _Inode:
    def __init__(self):
        self.seen = bytearray()       # what a running program reads
        self.durable = bytearray()    # what is left for sure
        self.unsynced = []            # [("write", offset, data) | ("resize", size)] in order

    def apply(self, operation):
        _apply(self.seen, operation)
        self.unsynced.append(operation)


def _apply(content, operation):
    if operation[0] == "write":
        _, offset, data = operation
        content.extend(bytes(max(0, offset + len(data) - len(content))))
        content[offset : offset + len(data)] = data
    else:
        size = operation[1]
        content.extend(bytes(max(0, size - len(content))))
        del content[size:]


class SimFs:
    """Mutating calls are counted; ``cut_at`` ends power in that call, ``faults`` {call: errno or "short"} makes it fail."""

    def __init__(self, *, cut_at=None, faults=None, capacity=None):
        self.calls = 0
        self.cut_at, self.faults, self.capacity = cut_at, faults or {}, capacity
        self.is_off = False
        self._seen, self._durable = {}, {}     # path -> inode
        self._unsynced_names = []              # [(path, inode or None)] in order
        self._handles, self._locks, self._next_handle = {}, {}, 3
        self.log = []

    def restart(self, chance, *, loses_all=False):
        """The file system after a power cut: of unsynced calls some survive, whole, torn or as zeros; names in their order."""
        after = SimFs(capacity=self.capacity)
        kept = 0 if loses_all else chance.randint(0, len(self._unsynced_names))
        names = dict(self._durable)
        for path, inode in self._unsynced_names[:kept]:
            names.pop(path, None)
            if inode is not None:
                names[path] = inode
        survivors = {}
        for path, inode in names.items():
            if id(inode) not in survivors:
                content = bytearray(inode.durable)
                for operation in [] if loses_all else inode.unsynced:
                    _survive(content, operation, chance)
                fresh = survivors[id(inode)] = _Inode()
                fresh.seen, fresh.durable = content, bytearray(content)
            after._seen[path] = after._durable[path] = survivors[id(inode)]
        return after

    def used(self):
        return sum(len(inode.seen) for inode in {id(inode): inode for inode in self._seen.values()}.values())

    def damage(self, path, change):
        """Alter a file behind the program's back: ``change(bytes) -> bytes``, or None to lose it."""
        if change is None:
            self._seen.pop(path, None)
            self._durable.pop(path, None)
            return
        inode = self._seen[path]
        inode.seen[:] = change(bytes(inode.seen))
        inode.durable[:] = inode.seen

    # the protocol

    def make_directory(self, path):
        self._alive()

    def names(self, directory):
        self._alive()
        return [path.name for path in self._seen if path.parent == directory]

    def read(self, path, *, offset=0, limit=-1):
        self._alive()
        content = bytes(self._inode(path).seen)
        return content[offset:] if limit < 0 else content[offset : offset + limit]

    def size(self, path):
        self._alive()
        return len(self._inode(path).seen)

    def open(self, path, *, create):
        self._count("open", path.name)
        if path not in self._seen:
            if not create:
                raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
            self._name(path, _Inode())
        self._next_handle += 1
        self._handles[self._next_handle] = self._seen[path]
        return self._next_handle

    def close(self, handle):
        if self._locks.pop(handle, None) is None:
            self._alive()
            del self._handles[handle]

    def write_at(self, handle, data, offset):
        inode, data = self._handles[handle], bytes(data)
        operation = ("write", offset, data)
        if self._count("write", operation, inode) == "short":
            inode.apply(("write", offset, data[: len(data) // 2]))
            return len(data) // 2
        self._room(offset + len(data) - len(inode.seen))
        inode.apply(operation)
        return len(data)

    def allocate(self, handle, size):
        inode = self._handles[handle]
        operation = ("resize", max(size, len(inode.seen)))
        self._count("allocate", operation, inode)
        self._room(size - len(inode.seen))
        inode.apply(operation)

    def resize(self, handle, size):
        inode = self._handles[handle]
        self._count("resize", ("resize", size), inode)
        inode.apply(("resize", size))

    def sync(self, handle):
        inode = self._handles[handle]
        try:
            self._count("sync", None)
        except OSError:
            inode.unsynced.clear()   # the kernel drops the dirty pages and says so only once: they never become durable
            raise
        for operation in inode.unsynced:
            _apply(inode.durable, operation)
        inode.unsynced.clear()

    def sync_directory(self, directory):
        self._count("sync directory", None)
        for path, inode in self._unsynced_names:
            self._durable.pop(path, None)
            if inode is not None:
                self._durable[path] = inode
        self._unsynced_names.clear()

    def rename(self, old, new):
        self._count("rename", new.name)
        inode = self._inode(old)
        self._name(new, inode)
        self._name(old, None)

    def remove(self, path):
        if path in self._seen:
            self._count("remove", path.name)
            self._name(path, None)

    def lock(self, path):
        self._alive()
        if path in self._locks.values():
            raise BlockingIOError(errno.EAGAIN, "locked")
        self._next_handle += 1
        self._locks[self._next_handle] = path
        return self._next_handle

    def free_bytes(self, directory):
        self._alive()
        return 2**40 if self.capacity is None else self.capacity - self.used()

    def total_bytes(self, directory):
        return 2**40 if self.capacity is None else self.capacity

    def _alive(self):
        if self.is_off:
            raise PowerCut

    def _count(self, name, detail, inode=None):
        self._alive()
        self.calls += 1
        self.log.append(name)
        if self.calls == self.cut_at:
            self.is_off = True
            if inode is not None:
                inode.apply(detail)   # it may have reached the disk, or a part of it
            raise PowerCut
        fault = self.faults.get(self.calls)
        if isinstance(fault, int):
            raise OSError(fault, f"injected at call {self.calls} ({name})")
        return fault

    def _room(self, more_bytes):
        if self.capacity is not None and more_bytes > 0 and self.used() + more_bytes > self.capacity:
            raise OSError(errno.ENOSPC, "no space left")

    def _inode(self, path):
        if path not in self._seen:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
        return self._seen[path]

    def _name(self, path, inode):
        self._seen.pop(path, None)
        if inode is not None:
            self._seen[path] = inode
        self._unsynced_names.append((Path(path), inode))


def _survive(content, operation, chance):
    fate = chance.choice(["lost", "whole", "torn", "zeros", "back part"])
    if fate == "lost":
        return
    if operation[0] == "resize" or fate == "whole":
        _apply(content, operation)
        return
    _, offset, data = operation
    cut = chance.randint(0, len(data))
    if fate == "torn":
        _apply(content, ("write", offset, data[:cut]))
    elif fate == "back part":      # pages reach the disk in any order
        _apply(content, ("write", offset + cut, data[cut:]))
    else:
        _apply(content, ("write", offset, data[:cut] + bytes(len(data) - cut)))
