"""Which names and versions are the farm's own, and so do not count in a digest."""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = "@"
"""Stands for a version of the farm's own."""


@dataclass(frozen=True)
class Own:
    """What a build's packages share with all other builds of the same component.

    A version only counts where it is somebody else's: a bound such as ``libogg0 (>= 1.3.5+git4)``
    rises with every commit of libogg, and tells a dependent that is built anew anyway nothing.
    """

    packages: frozenset[str]
    """Names of the build's own packages and of all packages of the farm it was built with."""
    full: frozenset[str]
    """The packages' own versions: ``1.3.5+git4.gabc1234-1~deb12``, with and without epoch."""
    upstream: frozenset[str]
    """Without revision or release, and the release it counts from: ``1.3.5+git4.g…``, ``1.3.5``."""

    def bound(self, package: str, version: str) -> str:
        """The version in a relation to `package`, perhaps qualified (``a:any``, ``a(isa)``)."""
        name = re.split(r"[:(]", package, maxsplit=1)[0]
        return MARK if name in self.packages or version in self.full else version

    def provided(self, version: str) -> str:
        """The version of something that the package itself is, has or provides."""
        return MARK if version in self.full or version in self.upstream else version

    def text(self, text: str) -> str:
        """A script or a list in which the full version may stand."""
        for version in sorted(self.full, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.+~-]){re.escape(version)}(?![\w.+~-])", MARK, text)
        return text
