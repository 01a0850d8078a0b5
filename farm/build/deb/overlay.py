"""The overlay backend for deb distros: build and package in one pass, in an overlay of the root.

Generated packaging is written from what a component really installs. To learn that without
compiling twice, the component is built under provisional packaging and staged; then the final
debian/ is written, and ``debian/rules binary`` carries on from the same build. Building the
published source package from scratch gives the same packages, byte for byte.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from farm.build.deb.apt import install_inputs, read_inputs
from farm.build.deb.layers import layer_for
from farm.build.deb.mirrors import mirror_directory
from farm.build.deb.relations import needs_of
from farm.build.deb.roots import DebRoot, root_for
from farm.build.deb.source import (
    SOURCE_FORMAT,
    SourcePackage,
    own_changelog,
    parse_owners,
    read_packaging,
    source_of,
)
from farm.build.deb.tree import BuildTree
from farm.build.interface import BuildOutcome, BuildRequest
from farm.build.phases import Phases
from farm.build.sandbox import Overlay
from farm.build.source_archive import write_source_archive
from farm.errors import BuildFailure, FarmError, InfrastructureError
from farm.model import Distro
from farm.packaging.debian import debian_files
from farm.packaging.manifest import scan
from farm.packaging.split import split_deb

STAMP = "debhelper-build-stamp"
"""debhelper's record in debian/ of the packages whose build is done."""


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
        try:
            phases.enter("root")
            root = root_for(request.distro, request.cache, log)
            source = source_of(request)
            phases.enter("dependencies")
            with _installed(request, root, source, phases, self._on_disk) as overlay:
                tree = BuildTree(overlay, source, phases, f"parallel={self._jobs}")
                _unpack(request, source, tree, phases)
                if request.own_packaging:
                    _build_own(tree)
                else:
                    _build_generated(request, source, tree, overlay, phases)
                phases.enter("package")
                files = tree.collect(
                    source.file(f"_{request.distro.architecture}.changes"), request.out
                )
        except OSError as error:
            raise InfrastructureError(f"{phases.current}: {error}") from error
        return _outcome(source, files, tree.tested, root.identity, phases)


@contextmanager
def _installed(
    request: BuildRequest,
    root: DebRoot,
    source: SourcePackage,
    phases: Phases,
    on_disk: bool | None,
) -> Iterator[Overlay]:
    """An overlay of the root with the build dependencies in it."""
    needs = needs_of(source.build_depends, read_inputs(request.inputs), root.packages())
    work = request.cache / "mnt"
    mirror = mirror_directory(request.distro.root)
    with (
        layer_for(root, needs.distro, phases, work, mirror) as lower,
        Overlay(lower, work, on_disk=on_disk) as overlay,
    ):
        phases.start_limit()
        install_inputs(overlay, needs.inputs, phases)
        yield overlay


def _unpack(request: BuildRequest, source: SourcePackage, tree: BuildTree, phases: Phases) -> None:
    phases.enter("unpack")
    with tempfile.TemporaryDirectory() as scratch:
        archive = write_source_archive(
            request.tree,
            Path(scratch, source.archive),
            top=source.directory,
            timestamp=source.timestamp,
        )
        tree.unpack(archive)
    if request.own_packaging:
        tree.copy_packaging(request.tree / "debian")
        changelog = read_packaging(request.tree, "changelog")
        tree.write_packaging(
            {
                "changelog": own_changelog(changelog, source, request.info),
                "source/format": SOURCE_FORMAT,
            }
        )
    else:
        tree.write_packaging(debian_files(request.info, None))


def _build_own(tree: BuildTree) -> None:
    tree.dpkg_buildpackage("build the package", "--build=full")


def _build_generated(
    request: BuildRequest,
    source: SourcePackage,
    tree: BuildTree,
    overlay: Overlay,
    phases: Phases,
) -> None:
    tree.dpkg_buildpackage("build", "--rules-target=build")
    phases.enter("install")
    tree.dpkg_buildpackage("install", "-d", "--rules-target=override_dh_auto_install")
    phases.enter("package")
    final = final_packaging(request, tree, overlay)
    tree.write_packaging(final)
    pristine = tree.unpack_again("pristine")
    tree.write_packaging({k: v for k, v in final.items() if k != STAMP}, pristine)
    # fmt: off
    tree.run("make the source package", ["dpkg-source", "-b", pristine], cwd="/build")
    tree.run("empty the staging directory", ["rm", "-r", "debian/tmp"])
    tree.dpkg_buildpackage("package", "-d", "--rules-target=binary")
    stem = source.file(f"_{request.distro.architecture}")
    tree.run("write the .buildinfo",
             ["dpkg-genbuildinfo", "--build=full", f"-O../{stem}.buildinfo"])
    tree.run("write the .changes", ["dpkg-genchanges", "--build=full", f"-O../{stem}.changes"])
    # fmt: on


def final_packaging(request: BuildRequest, tree: BuildTree, overlay: Overlay) -> dict[str, str]:
    """The files of debian/ for what is staged in debian/tmp, debhelper's stamp among them.

    :raises BuildFailure: nothing is staged, or nothing that can be packaged.
    """
    try:
        manifest = scan(overlay.path / tree.path.lstrip("/") / "debian/tmp")
    except FarmError as error:
        raise BuildFailure("install", str(error)) from error
    asked = sorted({n for f in manifest.files for n in (*f.requires, *f.requires_private)})
    packages = split_deb(request.info.name, manifest, pkgconfig_owners=_owners(tree, asked))
    files = debian_files(request.info, packages)
    return {**files, STAMP: "".join(f"{package.name}\n" for package in packages)}


def _owners(tree: BuildTree, names: list[str]) -> dict[str, str]:
    """The packages in the root that have these pkg-config files."""
    if not names:
        return {}
    patterns = [f"*/pkgconfig/{name}.pc" for name in names]
    # It fails when one of them has no owner: such a name is the component's own.
    script = 'dpkg-query --search -- "$@" 2>/dev/null || true'
    argv = ["sh", "-c", script, "sh", *patterns]
    return parse_owners(tree.ask("find the packages of pkg-config files", argv))


def _outcome(
    source: SourcePackage, files: tuple[str, ...], tested: bool, identity: str, phases: Phases
) -> BuildOutcome:
    other = tuple(f for f in files if f.endswith((".buildinfo", ".changes")))
    binaries = tuple(f for f in files if f.endswith((".deb", ".udeb", ".ddeb")))
    return BuildOutcome(
        version=source.plain_version,
        source=tuple(f for f in files if f not in other and f not in binaries),
        binaries=binaries,
        other=other,
        tests="passed" if tested else "none",
        root_identity=identity,
        phases=phases.seconds(),
    )
