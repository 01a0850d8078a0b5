"""The one interface of the build backends (overlay, sbuild, mock)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TextIO

from farm.model import Distro
from farm.packaging.info import PackagingInfo


@dataclass(frozen=True)
class InputPackage:
    """A binary package of another component that a build may install, as a file on this machine."""

    component: str
    package: str
    version: str
    path: Path
    direct: bool
    """Of a component that the built one depends on itself (not through another)."""


@dataclass(frozen=True)
class BuildRequest:
    """One build, as plain data."""

    info: PackagingInfo
    """`info.build_depends` is complete: distro packages and the direct inputs' -dev packages."""
    tree: Path
    """The component's checked-out directory without ``.git``; the backend may not change it.
    Every file has the commit's time."""
    own_packaging: bool
    """Use the tree's own ``debian/`` or ``*.spec`` instead of generating one."""
    distro: Distro
    inputs: tuple[InputPackage, ...]
    cache: Path
    """Where roots and layers are kept between builds; shared by all builds on this machine."""
    out: Path
    """An empty directory for the results."""
    timeout_s: int
    source_package: Path | None = None
    """A published source RPM, to be built as it is instead of `tree`."""


@dataclass(frozen=True)
class BuildOutcome:
    """What a successful build left in `BuildRequest.out`; all paths are file names there."""

    version: str
    """The full version as packages carry it, without epoch."""
    source: tuple[str, ...]
    """.dsc and its tarballs, or the .src.rpm."""
    binaries: tuple[str, ...]
    """.deb or .rpm files, debug packages included."""
    other: tuple[str, ...]
    """.buildinfo, .changes: kept with the build, published where the family does so."""
    tests: str
    """``passed``, or ``none`` when the component has no tests."""
    root_identity: str
    """Digest of the root's own packages (not the component's dependencies)."""
    phases: dict[str, float] = field(default_factory=dict)
    """Wall seconds: root, dependencies, build, test, install, package …"""


class Backend(Protocol):
    """Makes roots and builds in them.

    Every build runs without network, as an unprivileged user that has a passwd entry, with a
    scrubbed environment, in its own pid namespace that dies with this process.
    """

    def prepare(self, distro: Distro, cache: Path, log: TextIO) -> str:
        """Make the distro's root unless `cache` has it; return its identity.

        Two calls at once on one cache are safe.

        :raises InfrastructureError: the mirror or the disk fails.
        """
        ...

    def build(self, request: BuildRequest, log: TextIO) -> BuildOutcome:
        """Build, test and package; everything the tools print goes to `log`.

        :raises BuildFailure: the component's own fault, with the phase; also on timeout.
        :raises InfrastructureError: anything else.
        """
        ...
