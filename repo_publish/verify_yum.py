"""What a dnf client sees: repomd.xml, the metadata it names, the packages they name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import createrepo_c

from farm.errors import CommandError
from farm.run import clean_environment, run
from repo_publish.checks import check_file, check_signature
from repo_publish.errors import BadPackageSignature, VerifyError
from repo_publish.verify_apt import Offer
from repo_publish.yum import REPOSITORIES, read_repomd, repomd_files

_PACKAGES_PER_CALL = 200


def check_metadata(tree: Path, keyring: Path) -> None:
    """Check the signature of each repository's repomd.xml, and every file it names.

    :raises VerifyError: something is wrong.
    """
    for repomd in repomd_files(tree):
        check_signature(repomd.with_name(f"{repomd.name}.asc"), keyring, of=repomd)
        repository = repomd.parent.parent
        for record in read_repomd(repository).records:
            if record.checksum_type != "sha256":
                raise VerifyError(f"{repomd}: {record.type} has no SHA256")
            check_file(repository, record.location_href, record.checksum, record.size)


def offered_packages(tree: Path) -> Offer:
    """Every package file that the metadata names."""
    offer: Offer = {}
    for directory in REPOSITORIES.values():
        repository = Path(directory)

        def add(package: createrepo_c.Package, repository: Path = repository) -> bool:
            path = (repository / package.location_href).as_posix()
            offer[path] = (package.pkgId, package.size_package)
            return True

        for record in read_repomd(tree / repository).records:
            if record.type == "primary":
                _parse_primary(tree / repository / record.location_href, add)
    return offer


def check_package_signatures(packages: Sequence[Path], key: Path, work: Path) -> None:
    """Check that every package is signed with `key` (armoured), as rpm does, by a database of its
    own: the machine's would trust other keys.

    :raises BadPackageSignature: a package is not signed, or not with that key.
    """
    database = ["--dbpath", str(work / "rpmdb")]
    environment = clean_environment(TMPDIR=str(work))
    run("import the signing key", ["rpmkeys", *database, "--import", key], env=environment)
    for start in range(0, len(packages), _PACKAGES_PER_CALL):
        some = packages[start : start + _PACKAGES_PER_CALL]
        # Without "all" rpm takes an unsigned package for good.
        options = [*database, "--define", "_pkgverify_level all", "--checksig"]
        try:
            run("check package signatures", ["rpmkeys", *options, *some], env=environment)
        except CommandError as error:
            bad = [line for line in error.output.splitlines() if "NOT OK" in line]
            names = [Path(line.partition(": ")[0]).name for line in bad]
            raise BadPackageSignature(bad or [str(error)], names) from error


def _parse_primary(path: Path, add: Callable[[createrepo_c.Package], bool]) -> None:
    try:
        createrepo_c.xml_parse_primary(str(path), pkgcb=add, do_files=False)
    except (OSError, createrepo_c.CreaterepoCError) as error:
        raise VerifyError(f"{path} cannot be read: {error}") from error
