"""Files of archives: hardlinks, durable writes."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

_NO_HARDLINK = (errno.EXDEV, errno.EPERM, errno.EMLINK)
_WORLD_READABLE = 0o044


def place(origin: Path | str, target: Path | str) -> None:
    """Make `target` the same file as `origin`: a hardlink where that is possible, else a copy.

    A file that a web server of another user could not read is copied, with mode 0644: its own
    mode belongs to whoever keeps it.

    :raises FileExistsError: `target` is there already.
    """
    status = os.stat(origin)  # noqa: PTH116 (an archive has thousands of files; a Path is slow)
    if status.st_mode & _WORLD_READABLE == _WORLD_READABLE:
        try:
            try:
                os.link(origin, target)
            except FileNotFoundError:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                os.link(origin, target)
            return
        except OSError as error:
            if error.errno not in _NO_HARDLINK:
                raise
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    with Path(origin).open("rb") as source, Path(target).open("xb") as copy:
        shutil.copyfileobj(source, copy)
    Path(target).chmod(0o644)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def place_all(paths: Iterable[str], origin: Path, target: Path) -> None:
    """`place` files of one tree at the same relative paths of another."""
    for path in paths:
        place(f"{origin}/{path}", f"{target}/{path}")


def place_if_missing(origin: Path, target: Path) -> None:
    """`place`, unless `target` exists."""
    if not target.exists():
        place(origin, target)


def write_durably(path: Path, text: str) -> None:
    """Write a small file so that it survives a power cut, name and content."""
    with path.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    sync_file(path.parent)


def sync_file(path: Path) -> None:
    """Make a file's content, or the names in a directory, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_filesystem(directory: Path) -> None:
    """Write everything out that the file system of `directory` still holds in memory.

    One syncfs(2) instead of an fsync(2) per file: a tree of thousands of new names costs one
    journal commit, and write errors of any of them are reported here.

    :raises OSError: something could not be written.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if libc.syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(directory))
    finally:
        os.close(descriptor)
