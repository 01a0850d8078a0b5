"""Versions: from git to a version both families sort the right way.

``<tag>+git<count>.g<hash>`` names a commit; a distro adds its suffix and the farm counts rebuilds
of the same source: ``1.3.5+git4.gabc1234-1~deb12+r2``, ``1.3.5+git4.gabc1234-1.el9.2``.
"""

from __future__ import annotations

from dataclasses import dataclass


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
