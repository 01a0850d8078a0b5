"""The overlay backend for deb distros: build and package in one pass, in an overlay of the root.

Generated packaging is written from what a component really installs. To learn that without
compiling twice, the component is built under provisional packaging and staged; then the final
debian/ is written, and ``debian/rules binary`` carries on from the same build. Building the
published source package from scratch gives the same packages, byte for byte.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

from farm.build.deb.roots import root_for
from farm.build.deb.source import SourcePackage, outcome_of, source_of
from farm.build.deb.staging import installed_overlay, stage, unpack
from farm.build.deb.tree import BuildTree
from farm.build.interface import BuildOutcome, BuildRequest
from farm.build.phases import Phases
from farm.model import Distro


class DebOverlay:
    """Builds Debian packages in overlays of mmdebstrap roots.

    :param jobs: compile jobs at once in one build; default: this machine's processors.
    :param on_disk: keep builds on disk instead of in memory; default: as memory allows.
    """

    def __init__(self, jobs: int | None = None, *, on_disk: bool | None = None):
        self._jobs = jobs or len(os.sched_getaffinity(0))
        self._on_disk = on_disk

    def prepare(self, distro: Distro, cache: Path, log: TextIO) -> str:
        """See `farm.build.interface.Backend.prepare`."""
        return root_for(distro, cache, log).identity

    def build(self, request: BuildRequest, log: TextIO) -> BuildOutcome:
        """See `farm.build.interface.Backend.build`."""
        phases = Phases(log, request.timeout_s)
        with phases.guard():
            phases.enter("root")
            root = root_for(request.distro, request.cache, log)
            source = source_of(request)
            phases.enter("dependencies")
            with installed_overlay(request, root, source, phases, self._on_disk) as overlay:
                tree = BuildTree(overlay, source, phases, f"parallel={self._jobs}")
                phases.enter("unpack")
                unpack(request, source, tree)
                changes = source.file(f"_{request.distro.architecture}.changes")
                if request.own_packaging:
                    tree.dpkg_buildpackage("build the package", "--build=full")
                else:
                    stage(request, tree, overlay, phases)
                    _package(source, tree, changes)
                phases.enter("package")
                files = tree.collect(changes, request.out)
        return outcome_of(source, files, tree.tested, root.identity, phases.seconds())


def _package(source: SourcePackage, tree: BuildTree, changes: str) -> None:
    """Make the binary packages of what is built, as dpkg-buildpackage does after building."""
    buildinfo = changes.replace(".changes", ".buildinfo")
    tree.run("empty the staging directory", ["rm", "-r", "debian/tmp"])
    tree.dpkg_buildpackage("package", "-d", "--rules-target=binary")
    # fmt: off
    tree.run("write the .buildinfo", ["dpkg-genbuildinfo", "--build=full", f"-O../{buildinfo}"])
    tree.run("write the .changes", ["dpkg-genchanges", "--build=full", f"-O../{changes}"])
    # fmt: on
