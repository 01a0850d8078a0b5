"""Which files are opened while a step runs, as the kernel tells (inotify(7)).

Nothing is slowed down or changed by being observed. A directory that cannot be watched, or events
that were lost, make the answer None: then every file may have been opened.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_IN_OPEN = 0x20
_IN_IGNORED = 0x8000
_IN_Q_OVERFLOW = 0x4000
_IN_ISDIR = 0x40000000
_IN_ONLYDIR = 0x01000000
_HEADER = struct.Struct("iIII")
_BUFFER = 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


class Observer:
    """Collects the names of files that are opened in directories, from now until it is closed.

    :param directories: what each is called in the answer, by its path.
    """

    def __init__(self, directories: Iterable[tuple[Path, str]]):
        self._names: dict[int, str] = {}
        self._opened: set[tuple[int, bytes]] = set()
        self._complete = True
        self._handle = -1
        if not hasattr(_libc, "inotify_init1"):
            self._complete = False
            return
        self._handle = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._complete = self._handle >= 0
        for directory, name in directories if self._complete else ():
            watch = _libc.inotify_add_watch(
                self._handle, os.fsencode(directory), _IN_OPEN | _IN_ONLYDIR
            )
            if watch < 0:
                self._complete = False
                break
            self._names[watch] = name

    def collect(self) -> None:
        """Read what has been told; call it now and then, since the kernel keeps only so much."""
        while self._complete:
            try:
                data = os.read(self._handle, _BUFFER)
            except BlockingIOError:
                return
            except OSError:
                self._complete = False
                return
            place, end = 0, len(data)
            while place < end:
                watch, mask, _cookie, length = _HEADER.unpack_from(data, place)
                place += _HEADER.size
                if mask & _IN_Q_OVERFLOW:
                    self._complete = False
                elif length and not mask & (_IN_ISDIR | _IN_IGNORED):
                    self._opened.add((watch, data[place : place + length]))
                place += length

    def opened(self) -> set[str] | None:
        """The files that were opened up to now, below the names of their directories."""
        self.collect()
        if not self._complete:
            return None
        found = set()
        for watch, padded in self._opened:
            name = os.fsdecode(padded.rstrip(b"\0"))
            directory = self._names[watch]
            found.add(f"{directory}/{name}" if directory else name)
        return found

    def close(self) -> None:
        """Stop observing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def source_directories(tree: Path, files: Iterable[str]) -> list[tuple[Path, str]]:
    """Every directory that holds a file of a source, with its name below the tree."""
    names = {path.rpartition("/")[0] for path in files}
    return [(tree / name, name) for name in sorted(names)]
