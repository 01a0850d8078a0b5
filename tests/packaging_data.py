"""Builders of packaging's plain data, with defaults that a test only states where they matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from farm.model import Commands, Distro
from farm.packaging.details import TreeDetails, tree_details
from farm.packaging.info import PackagingInfo
from farm.packaging.manifest import Installed, Kind, Manifest
from farm.packaging.tree import tree_facts
from farm.version import SourceVersion
from tests.projects import TIMESTAMP

LIBDIR = "/usr/lib/x86_64-linux-gnu"

LIBOGG = PackagingInfo(
    name="libogg",
    version=SourceVersion("1.3.5+git4.gabc1234"),
    version_suffix="~deb12",
    summary="bitstream library",
    description="Ogg is a container format.\n\nIt is free.",
    licence="BSD-3-Clause",
    homepage="https://xiph.example.org/ogg/",
    vcs="https://git.example.org/ogg.git",
    commit="abc1234" + "0" * 33,
    maintainer="Build Farm <farm@example.invalid>",
    timestamp=1_700_000_000,
    changes=("Fix the framing.",),
    build_depends=(),
    commands=Commands(),
    configure_arguments=(),
    has_configure=True,
    test_target="check",
    details=TreeDetails(("COPYING",), ("README",), ("2002 Xiph.org",), "Do it.", True),
)


def packaging_info(**changes: object) -> PackagingInfo:
    """LIBOGG with other values."""
    return replace(LIBOGG, **changes)  # type: ignore[arg-type]  # any field, as the test says


def tree_info(tree: Path, distro: Distro, version: str, needs: Sequence[str]) -> PackagingInfo:
    """What a job says of the component in `tree`; its details are read as a job does."""
    commands = Commands()
    has_configure, test_target = tree_facts(tree, commands)
    return PackagingInfo(
        name=tree.name,
        version=SourceVersion(version),
        version_suffix=distro.version_suffix,
        summary=f"The tiny {tree.name}",
        description="",
        licence="MIT",
        homepage="",
        vcs=f"https://example.invalid/{tree.name}.git",
        commit="c0ffee" + "0" * 34,
        maintainer="Farm <farm@example.invalid>",
        timestamp=TIMESTAMP,
        changes=("First",),
        build_depends=tuple(needs),
        commands=commands,
        configure_arguments=(),
        has_configure=has_configure,
        test_target=test_target,
        details=tree_details(tree),
    )


def library(soname: str, directory: str = LIBDIR, *, release: str = "5.2") -> list[Installed]:
    """A shared library as libtool installs it: file, SONAME link, development link."""
    stem, dot_so, version = soname.partition(".so")
    real = f"{directory}/{soname}.{release}" if version else f"{directory}/{soname}"
    entries = [Installed(real, elf=True, soname=soname, needed=("libc.so.6",), size=9000)]
    if version:
        entries.append(Installed(f"{directory}/{soname}", Kind.LINK, target=f"{soname}.{release}"))
        entries.append(link(f"{directory}/{stem}{dot_so}", soname))
    return entries


def link(path: str, target: str) -> Installed:
    """A symbolic link."""
    return Installed(path, Kind.LINK, target=target)


def program(name: str) -> Installed:
    """An executable in /usr/bin."""
    return Installed(f"/usr/bin/{name}", mode=0o755, elf=True, needed=("libc.so.6",), size=9000)


def pkgconfig(name: str, requires: tuple[str, ...] = (), directory: str = LIBDIR) -> Installed:
    """A pkg-config file."""
    return Installed(f"{directory}/pkgconfig/{name}.pc", provides=name, requires=requires)


def ogg_manifest(directory: str = LIBDIR) -> Manifest:
    """What libogg installs, without its documentation."""
    return Manifest.of(
        [
            *library("libogg.so.0", directory),
            f"{directory}/libogg.a",
            f"{directory}/libogg.la",
            pkgconfig("ogg", directory=directory),
            "/usr/include/ogg/ogg.h",
            "/usr/include/ogg/os_types.h",
            "/usr/share/aclocal/ogg.m4",
        ]
    )
