"""What an apt client sees: InRelease, the indices it names, the packages they name."""

from __future__ import annotations

from pathlib import Path

from debian.deb822 import Release

from repo_publish.checks import check_file, check_signature, read_signed
from repo_publish.errors import VerifyError
from repo_publish.paragraphs import read_paragraphs
from repo_publish.release import by_hash

Offer = dict[str, tuple[str, int]]
"""Path to SHA256 and size."""


def check_indices(tree: Path, distro: str, keyring: Path, work: Path) -> None:
    """Check both signatures of the Release file, and every index by name and by hash.

    :raises VerifyError: something is wrong.
    """
    top = tree / "dists" / distro
    release = top / "Release"
    check_signature(top / "InRelease", keyring)
    check_signature(top / "Release.gpg", keyring, of=release)
    signed = read_signed(top / "InRelease", keyring, work / "Release")
    if signed != release.read_bytes():
        raise VerifyError(f"{top / 'InRelease'} and Release differ")
    entries = Release(release.read_bytes()).get("SHA256", [])
    if not entries:
        raise VerifyError(f"{release} names no indices")
    for entry in entries:
        name, digest, size = entry["name"], entry["sha256"], int(entry["size"])
        check_file(top, name, digest, size)
        check_file(top, by_hash(top, name, digest).relative_to(top).as_posix(), digest, size)


def offered_packages(tree: Path, distro: str, architecture: str) -> Offer:
    """Every package file that the indices name.

    :raises VerifyError: an index cannot be read.
    """
    main = tree / "dists" / distro / "main"
    packages = main / f"binary-{architecture}" / "Packages"
    sources = main / "source" / "Sources"
    offer: Offer = {}
    try:
        for package in read_paragraphs(packages, ["Filename", "SHA256", "Size"]):
            offer[package["Filename"]] = (package["SHA256"], int(package["Size"]))
        for source in read_paragraphs(sources, ["Directory", "Checksums-Sha256"]):
            for entry in source["Checksums-Sha256"].splitlines()[1:]:
                digest, size, name = entry.split()
                offer[f"{source['Directory']}/{name}"] = (digest, int(size))
    except (KeyError, ValueError) as error:
        raise VerifyError(
            f"{main}: an index has a paragraph that cannot be read: {error}"
        ) from error
    return offer
