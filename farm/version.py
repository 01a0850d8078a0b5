"""Versions: from git to a version both families sort the right way.

``<tag>+git<count>.g<hash>`` names a commit; a distro adds its suffix and the farm counts rebuilds
of the same source: ``1.3.5+git4.gabc1234-1~deb12+r2``, ``1.3.5+git4.gabc1234-1.el9.2``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from farm.version_order import precedes

HASH_DIGITS = 7
"""Of the commit id in a version: for people; the count before it decides the order."""

_COUNTED = re.compile(r"(?P<base>.+)\+git(?P<count>[0-9]+)\.g[0-9a-f]+")


@dataclass(frozen=True)
class SourceVersion:
    """The version of a component's source, and how often the farm has rebuilt that same source."""

    upstream: str
    """Debian upstream version and rpm Version: no ``-`` in it."""
    rebuild: int = 0

    def deb(self, suffix: str) -> str:
        """The Debian version for a distro's suffix (``~deb12``)."""
        again = f"+r{self.rebuild}" if self.rebuild else ""
        return f"{self.upstream}-1{suffix}{again}"

    def rpm_release(self, suffix: str) -> str:
        """The rpm Release for a dist tag (``.el9``); rebuilds count after it (minorbump)."""
        again = f".{self.rebuild}" if self.rebuild else ""
        return f"1{suffix}{again}"


@dataclass(frozen=True)
class Described:
    """Where a commit stands: `count` commits after the version `base`."""

    base: str
    """A tag's version, or what to count from while there is no tag."""
    count: int
    """0 only for the tagged commit itself."""
    commit: str

    @property
    def upstream_version(self) -> str:
        """``<base>+git<count>.g<hash>``, or just the base for the tagged commit."""
        return _counted(self.base, self.count, self.commit) if self.count else self.base


class Versioned(Protocol):
    """What `next_version` wants to know of the head that a line had before."""

    @property
    def commit(self) -> str:
        """Its full commit id."""

    @property
    def upstream_version(self) -> str:
        """The version it was given."""


def next_version(previous: Versioned | None, described: Described) -> str:
    """The version of a commit that follows `previous` in one line.

    The same commit keeps its version, unless a new tag raises it. Any other commit sorts strictly
    after the previous one by dpkg's and by rpm's rules: where history was rewritten or a tag was
    moved or names a lower version, the previous base stays and its count goes on.
    """
    wanted = described.upstream_version
    if previous is None or precedes(previous.upstream_version, wanted):
        return wanted
    if previous.commit == described.commit:
        return previous.upstream_version
    match = _COUNTED.fullmatch(previous.upstream_version)
    base, count = (match["base"], int(match["count"])) if match else (previous.upstream_version, 0)
    return _counted(base, count + 1, described.commit)


def base_version(upstream: str) -> str:
    """The version that an upstream version counts from; a release's own."""
    match = _COUNTED.fullmatch(upstream)
    return match["base"] if match else upstream


def _counted(base: str, count: int, commit: str) -> str:
    return f"{base}+git{count}.g{commit[:HASH_DIGITS]}"
