"""apt's Release file, and the index files that clients of earlier ones still ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import formatdate
from pathlib import Path

from debian.deb822 import Release

from farm.pool import sha256_of
from repo_publish.files import place_if_missing
from repo_publish.model import Publication

BY_HASH = "by-hash/SHA256"


def write_release(
    publication: Publication, *, tree: Path, number: int, timestamp: int, earlier: Iterable[Path]
) -> Path:
    """Hash the indices, make them reachable by hash, and write the Release file; its path.

    `earlier` are the trees of earlier snapshots whose indices stay reachable: a client that has
    one of their Release files still finds what it names.
    """
    top = tree / "dists" / publication.distro
    (top / "Release").unlink(missing_ok=True)
    indices = {
        path.relative_to(top).as_posix(): (sha256_of(path), path.stat().st_size)
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }
    for name, (digest, _size) in indices.items():
        place_if_missing(top / name, by_hash(top, name, digest))
    for old_tree in earlier:
        old_top = old_tree / "dists" / publication.distro
        for name, digest in listed(old_top / "Release"):
            place_if_missing(by_hash(old_top, name, digest), by_hash(top, name, digest))
    release = top / "Release"
    release.write_text(release_text(publication, number, timestamp, indices))
    return release


def release_text(
    publication: Publication,
    number: int,
    timestamp: int,
    indices: Mapping[str, tuple[str, int]],
) -> str:
    """The Release file (https://wiki.debian.org/DebianRepository/Format) with SHA256 sums only."""
    sums = "".join(f" {digest} {size} {name}\n" for name, (digest, size) in indices.items())
    return (
        f"Origin: {publication.title}\n"
        f"Label: {publication.title}\n"
        f"Suite: {publication.channel}\n"
        f"Codename: {publication.distro}\n"
        f"Date: {formatdate(timestamp, usegmt=True).replace('GMT', 'UTC')}\n"
        f"Architectures: {publication.architecture}\n"
        "Components: main\n"
        f"Description: {publication.channel} for {publication.distro}, snapshot {number}\n"
        "Acquire-By-Hash: yes\n"
        f"SHA256:\n{sums}"
    )


def listed(release: Path) -> list[tuple[str, str]]:
    """Name and SHA256 of every index in a Release file."""
    fields = Release(release.read_bytes())
    return [(entry["name"], entry["sha256"]) for entry in fields.get("SHA256", [])]


def by_hash(top: Path, name: str, digest: str) -> Path:
    """Where an index is found by its hash: beside it, so that names cannot collide."""
    return (top / name).parent / BY_HASH / digest
