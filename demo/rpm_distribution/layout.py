"""Which RPM owns which path."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a path is on the machine."""

    ABSENT = "absent"
    DIRECTORY = "directory"
    FILE = "file"
    """Or a symbolic link, also one to a directory."""


@dataclass(frozen=True)
class ListedPath:
    """A path that a Debian package lists, and what the machine has there."""

    package: str
    listed: str
    path: str
    """`listed` with the links in its directory part resolved: rpm knows no merged /usr."""
    kind: Kind


@dataclass(frozen=True)
class Alternative:
    """A link that update-alternatives made, and the file it leads to in the end."""

    path: str
    target: str


@dataclass(frozen=True)
class Layout:
    """Every path of the distribution and its owner."""

    files: Mapping[str, tuple[str, ...]]
    """Package name to its files; directories belong to ``filesystem`` alone, since rpm refuses
    packages that disagree about one."""
    extra_provides: Mapping[str, tuple[str, ...]]
    """Package name to paths in /bin or /sbin that scripts name, and that rpm lists in /usr."""
    directories: tuple[str, ...]


_UNMERGED_PROGRAM = re.compile(r"^/s?bin/[^/]+$")


def lay_out(
    listed: Iterable[ListedPath],
    alternatives: Iterable[Alternative],
    *,
    generated: Iterable[str],
    base_directories: Sequence[str],
    excluded: re.Pattern[str],
) -> Layout:
    """Give every path to one package.

    The first package that lists a file gets it; an alternative goes with the file it leads to;
    `generated` paths belong to nobody here; `excluded` paths are left out.
    """
    owners: dict[str, str] = {}
    provides: dict[str, set[str]] = {}
    directories = set(base_directories)
    reserved = frozenset(generated)
    for entry in listed:
        if entry.kind is Kind.ABSENT or excluded.search(entry.path) or entry.path in reserved:
            continue
        if entry.kind is Kind.DIRECTORY:
            directories.add(entry.path)
        elif entry.path not in owners:
            owners[entry.path] = entry.package
            if _UNMERGED_PROGRAM.match(entry.listed) and entry.listed != entry.path:
                provides.setdefault(entry.package, set()).add(entry.listed)
    for link in alternatives:
        owner = owners.get(link.target)
        if owner is not None and link.path not in reserved and not excluded.search(link.path):
            owners.setdefault(link.path, owner)
    for path in (*owners, *reserved, *tuple(directories)):
        directories.update(_parents(path))
    files: dict[str, list[str]] = {}
    for path, owner in sorted(owners.items()):
        files.setdefault(owner, []).append(path)
    return Layout(
        {name: tuple(paths) for name, paths in files.items()},
        {name: tuple(sorted(paths)) for name, paths in provides.items()},
        tuple(sorted(directories - {"/"})),
    )


def _parents(path: str) -> list[str]:
    parents = []
    while (path := posixpath.dirname(path)) != "/":
        parents.append(path)
    return parents
