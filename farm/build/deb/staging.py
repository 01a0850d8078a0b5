"""From a tree to a source package, in an overlay with the build dependencies: for both backends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farm.build.deb.apt import install_inputs, read_inputs
from farm.build.deb.layers import layer_for
from farm.build.deb.mirrors import mirror_directory
from farm.build.deb.relations import needs_of
from farm.build.deb.roots import DebRoot
from farm.build.deb.source import (
    SOURCE_FORMAT,
    SourcePackage,
    own_changelog,
    read_packaging,
)
from farm.build.deb.tree import BUILD, BuildTree
from farm.build.interface import BuildRequest
from farm.build.phases import Phases
from farm.build.sandbox import Overlay
from farm.build.source_archive import write_source_archive
from farm.errors import BuildFailure, FarmError
from farm.packaging.debian import debian_files
from farm.packaging.manifest import scan
from farm.packaging.owners import asked_names, parse_owners, search_pattern
from farm.packaging.split import split_deb

STAMP = "debhelper-build-stamp"
"""debhelper's record in debian/ of the packages whose build is done."""


@contextmanager
def installed_overlay(
    request: BuildRequest,
    root: DebRoot,
    source: SourcePackage,
    phases: Phases,
    on_disk: bool | None = None,
) -> Iterator[Overlay]:
    """An overlay of the root with the build dependencies in it; the time limit begins with it.

    :raises BuildFailure: they cannot be fulfilled.
    :raises InfrastructureError: they cannot be fetched or installed now.
    """
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


def unpack(request: BuildRequest, source: SourcePackage, tree: BuildTree) -> None:
    """Unpack the upstream tarball, with the component's own or with provisional packaging."""
    with tempfile.TemporaryDirectory() as scratch:
        archive = write_source_archive(
            request.tree,
            Path(scratch, source.archive),
            top=source.directory,
            timestamp=source.timestamp,
        )
        tree.unpack(archive)
    if not request.own_packaging:
        tree.write_packaging(debian_files(request.info, None))
        return
    tree.copy_packaging(request.tree / "debian")
    changelog = own_changelog(read_packaging(request.tree, "changelog"), source, request.info)
    tree.write_packaging({"changelog": changelog, "source/format": SOURCE_FORMAT})


def stage(request: BuildRequest, tree: BuildTree, overlay: Overlay, phases: Phases) -> None:
    """Build under provisional packaging, write the final one, make the source package.

    The build goes on under the final packaging where it was: debhelper takes it for built.
    """
    tree.dpkg_buildpackage("build", "--rules-target=build")
    phases.enter("install")
    tree.dpkg_buildpackage("install", "-d", "--rules-target=override_dh_auto_install")
    phases.enter("package")
    final, packages = _final_packaging(request, tree, overlay)
    tree.write_packaging({**final, STAMP: "".join(f"{name}\n" for name in packages)})
    pristine = tree.unpack_again("pristine")
    tree.write_packaging(final, pristine)
    tree.run("make the source package", ["dpkg-source", "-b", pristine], cwd=BUILD)


def _final_packaging(
    request: BuildRequest, tree: BuildTree, overlay: Overlay
) -> tuple[dict[str, str], list[str]]:
    """The files of debian/ for what is staged in debian/tmp, and the binary packages' names.

    :raises BuildFailure: nothing is staged, or nothing that can be packaged.
    """
    try:
        manifest = scan(overlay.path / tree.path.lstrip("/") / "debian/tmp")
    except FarmError as error:
        raise BuildFailure("install", str(error)) from error
    known = tree.ask("list the distribution's packages", ["apt-cache", "pkgnames"])
    packages = split_deb(
        request.info.name,
        manifest,
        owners=_owners(tree, asked_names(manifest)),
        distribution=frozenset(known.split()),
    )
    return debian_files(request.info, packages), [package.name for package in packages]


def _owners(tree: BuildTree, names: list[str]) -> dict[str, str]:
    """The packages in the root that have what these names mean."""
    if not names:
        return {}
    patterns = [search_pattern(name) for name in names]
    # It fails when one of them has no owner: such a name is the component's own.
    script = 'dpkg-query --search -- "$@" 2>/dev/null || true'
    argv = ["sh", "-c", script, "sh", *patterns]
    return parse_owners(tree.ask("find the packages of what is required", argv))
