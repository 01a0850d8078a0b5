"""Removing directories for good: out of sight by one rename first, then file by file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

TRASH = "trash-"
"""Begins the name of what nobody refers to any more; whoever finds it removes it."""

_BLOCK = 512
"""Unit of st_blocks (stat(2))."""


def dispose(path: Path, trash: Path) -> None:
    """Remove a file or directory; `trash` is an existing directory on the same file system.

    A killed run leaves it where it was, or in `trash` (see `empty`).
    """
    gone = trash / f"{TRASH}{path.name}"
    _remove(gone)
    path.rename(gone)
    _remove(gone)


def empty(trash: Path) -> None:
    """Remove what a killed run left in `trash`."""
    for leftover in trash.glob(f"{TRASH}*"):
        _remove(leftover)


def freed_bytes(paths: Iterable[Path]) -> int:
    """How much room removing all of `paths` would give back.

    A file counts once, and only if it has no other name than below `paths`.
    """
    names: dict[tuple[int, int], int] = {}
    links: dict[tuple[int, int], tuple[int, int]] = {}
    for path in paths:
        for entry in _entries(path):
            status = entry.lstat()
            file = (status.st_dev, status.st_ino)
            names[file] = names.get(file, 0) + 1
            directory = entry.is_dir() and not entry.is_symlink()
            links[file] = (1 if directory else status.st_nlink, status.st_blocks * _BLOCK)
    return sum(size for file, (count, size) in links.items() if names[file] >= count)


def _entries(path: Path) -> Iterable[Path]:
    yield path
    if path.is_dir() and not path.is_symlink():
        for directory, directories, files in os.walk(path):
            for name in (*directories, *files):
                yield Path(directory, name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
