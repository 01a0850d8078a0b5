"""The part of the prefix that one component's build sees: links to its dependencies' files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def update_view(view: Path, prefix: Path, paths: Iterable[str]) -> None:
    """Make `view` hold exactly the given files of the prefix, by the same names.

    Files that are right already are not touched, and neither are their directories' other files.

    :raises OSError: it cannot be written.
    """
    wanted = set(paths)
    right = set()
    for folder, _folders, names in os.walk(view, topdown=False):
        below = os.path.relpath(folder, view)
        for name in names:
            path = name if below == "." else f"{below}/{name}"
            if path in wanted and _same(f"{folder}/{name}", f"{prefix}/{path}"):
                right.add(path)
            else:
                os.unlink(f"{folder}/{name}")
    view.mkdir(parents=True, exist_ok=True)
    made = set()
    for path in sorted(wanted - right):
        directory = path.rpartition("/")[0]
        if directory not in made:
            os.makedirs(f"{view}/{directory}", exist_ok=True)
            made.add(directory)
        _link(f"{prefix}/{path}", f"{view}/{path}")
    _remove_unused(view, wanted)


def _same(one: str, other: str) -> bool:
    try:
        here, there = os.lstat(one), os.lstat(other)
    except OSError:
        return False
    if os.path.islink(one):
        return os.path.islink(other) and os.readlink(one) == os.readlink(other)
    return (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev)


def _link(original: str, place: str) -> None:
    if os.path.islink(original):
        os.symlink(os.readlink(original), place)
        return
    try:
        os.link(original, place)
    except OSError:  # a file system without links
        shutil.copy2(original, place)


def _remove_unused(view: Path, wanted: set[str]) -> None:
    inhabited = set()
    for path in wanted:
        directory = path.rpartition("/")[0]
        while directory not in inhabited:
            inhabited.add(directory)
            directory = directory.rpartition("/")[0]
    for folder, _folders, _names in os.walk(view, topdown=False):
        if os.path.relpath(folder, view) not in inhabited | {"."}:
            os.rmdir(folder)
