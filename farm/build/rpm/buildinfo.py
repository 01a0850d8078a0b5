"""A record of what RPMs were built from, enough to build them again bit for bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from farm.build.rpm.rpmbuild import MACROS
from farm.packaging.info import PackagingInfo


def buildinfo_name(info: PackagingInfo, architecture: str) -> str:
    """File name, in the manner of Debian's: ``NAME-VERSION-RELEASE.ARCH.buildinfo``."""
    release = info.version.rpm_release(info.version_suffix)
    return f"{info.name}-{info.version.upstream}-{release}.{architecture}.buildinfo"


def buildinfo_text(
    info: PackagingInfo,
    architecture: str,
    root_identity: str,
    checksums: Mapping[str, tuple[str, int]],
    installed: Iterable[str],
) -> str:
    """The record as a control stanza like Debian's deb-buildinfo(5); the same build, the same text.

    :param checksums: file name to SHA-256 and size of the packages made.
    :param installed: the root's packages during the build.
    """
    release = info.version.rpm_release(info.version_suffix)
    lines = [
        "Format: farm-rpm-1.0",
        f"Source: {info.name}",
        f"Version: {info.version.upstream}-{release}",
        f"Architecture: {architecture}",
        f"Vcs-Git: {info.vcs}",
        f"Vcs-Git-Commit: {info.commit}",
        f"Environment: SOURCE_DATE_EPOCH={info.timestamp}",
        "Macros:",
        *(f" {line}" for line in MACROS.splitlines()),
        f"Root-Identity: {root_identity}",
        "Checksums-Sha256:",
        *(f" {digest} {size} {name}" for name, (digest, size) in sorted(checksums.items())),
        "Installed-Build-Depends:",
        *(f" {package}" for package in sorted(installed)),
    ]
    return "\n".join([*lines, ""])
