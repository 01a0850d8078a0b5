"""Which names and versions are the farm's own, and so do not count in a digest."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

MARK = "@"
"""Stands for a version of the farm's own."""


@dataclass(frozen=True)
class Own:
    """What a build's packages share with all other builds of the same component.

    Their version rises with every commit and rebuild, which tells a dependent nothing: of the
    farm's own versions only the release that they count from is left. That one counts, because
    dependents ask for it (``pkg-config --atleast-version``, ``Build-Depends: libogg-dev (>= 1.4)``)
    and fail or behave differently for want of it. A bound such as ``libogg0 (>= 1.3.5+git4)`` on a
    package of the farm does not count at all: who installs the one gets the other with it.
    """

    packages: frozenset[str]
    """Names of the build's own packages and of all packages of the farm it was built with."""
    full: Mapping[str, str]
    """The packages' own versions, ``1.3.5+git4.gabc1234-1~deb12`` with and without epoch, to the
    release that each counts from, ``1.3.5``."""
    upstream: Mapping[str, str]
    """The same without revision or rpm release; and the release itself."""
    dates: tuple[bytes, ...] = ()
    """The time of the build, as compilers write it into programs; see `dates_of`."""

    def bound(self, package: str, version: str) -> str:
        """The version in a relation to `package`, perhaps qualified (``a:any``, ``a(isa)``)."""
        name = re.split(r"[:(]", package, maxsplit=1)[0]
        return MARK if name in self.packages or version in self.full else version

    def provided(self, version: str) -> str:
        """The version of something that the package itself is, has or provides."""
        return self.full.get(version) or self.upstream.get(version) or version

    def text(self, text: str) -> str:
        """A script or a list in which the full version may stand."""
        for version in sorted(self.full, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.+~-]){re.escape(version)}(?![\w.+~-])", MARK, text)
        return text

    def undated(self, data: bytes) -> bytes:
        """Compiled code without the build's own date and time; its length stays."""
        for date in self.dates:
            data = data.replace(date, MARK.encode() * len(date))
        return data


def dates_of(timestamp: int) -> tuple[bytes, ...]:
    """What ``__TIMESTAMP__``, ``__DATE__`` and ``__TIME__`` are in a build of that time.

    A build's SOURCE_DATE_EPOCH is the time of the commit, so that they differ from commit to
    commit. The longest comes first.
    """
    text = time.asctime(time.gmtime(timestamp))  # Tue Nov 14 22:13:20 2023, in every locale
    date, clock = text[4:11] + text[20:], text[11:19]
    return tuple(form.encode() for form in (text, date, clock))
