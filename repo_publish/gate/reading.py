"""The packages of a publication as the gate sees them: new ones from their files, published ones
from the indices, which are quicker to read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from farm.model import Family
from repo_publish.content import Content, Placed
from repo_publish.errors import VerifyError
from repo_publish.gate import deb_packages, rpm_packages
from repo_publish.gate.packages import Build, Package

_READERS = {
    Family.DEB: (deb_packages.published, deb_packages.package),
    Family.RPM: (rpm_packages.published, rpm_packages.package),
}


class Reader:
    """Reads the packages of contents.

    :param trees: published snapshots that the contents' files may be in.
    """

    def __init__(self, family: Family, trees: Iterable[Path], log: TextIO):
        published, self._read = _READERS[family]
        self._known: dict[Path, Package] = {}
        self.files: dict[Package, Placed] = {}
        """The files of the packages that were read."""
        for tree in trees:
            try:
                self._known.update(published(tree))
            except (VerifyError, OSError) as error:
                print(f"packages are read one by one, as an index is damaged: {error}", file=log)

    def builds(self, contents: Iterable[Content]) -> dict[str, Build]:
        """Component to its packages.

        :raises PublishError: a package cannot be read.
        """
        return {
            content.published.component: tuple(
                self._package(placed) for placed in content.files if _is_package(placed)
            )
            for content in contents
        }

    def _package(self, placed: Placed) -> Package:
        package = self._known.get(placed.origin)
        if package is None or package.version != placed.file.version:
            package = self._read(placed.origin)
        self.files[package] = placed
        return package


def _is_package(placed: Placed) -> bool:
    """Whether a file stands for a package: of Debian's source packages, the .dsc does."""
    return placed.origin.suffix in (".deb", ".dsc", ".rpm")
