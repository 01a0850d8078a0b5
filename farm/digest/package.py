"""A binary package as a digest sees it, whatever its family."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from farm.digest.own import Own
from farm.errors import FarmError

DEBUG_SUFFIXES = ("-dbgsym", "-dbg", "-debuginfo", "-debugsource")


class PackageUnreadable(FarmError):
    """A file is not the package that its name promises."""

    def __init__(self, path: Path, reason: str):
        self.path = path
        super().__init__(f"{path.name} cannot be read: {reason}")


@dataclass(frozen=True)
class Header:
    """Who a binary package is."""

    name: str
    version: str
    """As the package says it: with the revision or release, and the epoch if there is one."""
    architecture: str

    @property
    def epoch(self) -> str:
        """With its colon; empty when there is none."""
        epoch, colon, _ = self.version.rpartition(":")
        return epoch + colon

    @property
    def versions(self) -> tuple[str, str]:
        """The version without epoch, and that without revision or release."""
        full = self.version.rpartition(":")[2]
        return full, full.rsplit("-", 1)[0]


@dataclass(frozen=True)
class Entry:
    """One file, directory or link of a package."""

    path: str
    """Absolute."""
    kind: str
    """One character, as ``ls -l`` shows it."""
    mode: int
    owner: str
    target: str = ""
    """Of a link; the numbers of a device."""
    data: bytes = b""


@dataclass(frozen=True)
class Capabilities:
    """What a package offers to others and needs of them when it is installed, by name only."""

    name: str
    offers: frozenset[str]
    """Its name, what it provides, and the paths of its files where those can be required."""
    needs: frozenset[str]
    """Every alternative. Not what it recommends: build roots install no recommendations."""


class Family(Protocol):
    """How packages of one family are read."""

    def header(self, path: Path) -> Header:
        """Who the package is."""

    def facts(self, path: Path, own: Own) -> Iterator[str]:
        """Its relations and scripts, one fact a line."""

    def entries(self, path: Path) -> Iterator[Entry]:
        """What it contains, one at a time."""

    def capabilities(self, path: Path) -> Capabilities:
        """What it offers and needs."""


def family_of(path: Path) -> Family | None:
    """Who reads this file, or None when it is not a binary package."""
    if path.name.endswith((".deb", ".ddeb")):  # Ubuntu's debug packages are .ddeb
        return cast(Family, importlib.import_module("farm.digest.deb"))
    if path.name.endswith(".rpm") and not path.name.endswith((".src.rpm", ".nosrc.rpm")):
        return cast(Family, importlib.import_module("farm.digest.rpm"))
    return None


def header(path: Path) -> Header:
    """Name, version and architecture of a .deb or .rpm.

    :raises PackageUnreadable: it is neither, or damaged.
    """
    family = family_of(path)
    if family is None:
        raise PackageUnreadable(path, "it is not a binary package")
    return family.header(path)


def is_debug_package(name: str) -> bool:
    """Whether a package of this name only holds debug information, which no build needs."""
    return name.endswith(DEBUG_SUFFIXES)
