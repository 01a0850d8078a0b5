"""RPM packages as the gate sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import createrepo_c

from farm.version_order import rpm_sort_key
from repo_publish.checks import check_file
from repo_publish.errors import PublishError, VerifyError
from repo_publish.gate.packages import Package, Relation, Relations
from repo_publish.yum import REPOSITORIES, read_repomd

_OPERATORS = {"EQ": "=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}


@dataclass(frozen=True)
class Record:
    """What metadata says of a package."""

    nevra: str
    """As libsolv writes it."""
    primary: str
    filelists: str


def published(tree: Path) -> Iterator[tuple[Path, Package]]:
    """Every package that the metadata of a snapshot names, by the path of its file.

    :raises VerifyError: metadata cannot be read, or is not what repomd.xml says.
    """
    for directory in REPOSITORIES.values():
        repository = tree / directory
        files = {}
        for record in read_repomd(repository).records:
            check_file(repository, record.location_href, record.checksum, record.size)
            files[record.type] = str(repository / record.location_href)
        try:
            for header in createrepo_c.PackageIterator(
                files["primary"], files["filelists"], files["other"]
            ):
                yield repository / header.location_href, _package(header)
        except (KeyError, OSError, createrepo_c.CreaterepoCError) as error:
            raise VerifyError(f"the metadata of {repository} cannot be read: {error}") from error


def package(path: Path) -> Package:
    """Read a package's header.

    :raises PublishError: it is none.
    """
    try:
        header = createrepo_c.package_from_rpm(str(path), location_href=path.name)
    except (OSError, createrepo_c.CreaterepoCError) as error:
        raise PublishError(f"{path.name} is not an RPM package") from error
    return _package(header)


def compare(one: str, other: str) -> int:
    """Below 0 when `one` is older than `other`, above 0 when it is newer.

    rpm leaves releases alone when one side does not say any.
    """
    mine, theirs = _parts(one), _parts(other)
    size = 3 if mine[2] and theirs[2] else 2
    keys = [tuple(rpm_sort_key(part) for part in parts[:size]) for parts in (mine, theirs)]
    return (keys[0] > keys[1]) - (keys[0] < keys[1])


def _package(header: createrepo_c.Package) -> Package:
    source = header.arch in ("src", "nosrc")
    version = _evr(header.epoch, header.version, header.release)
    return Package(
        "source" if source else "binary",
        header.name,
        version,
        partial(_relations, header),
        Record(
            f"{header.name}-{version}.{header.arch}",
            createrepo_c.xml_dump_primary(header),
            createrepo_c.xml_dump_filelists(header),
        ),
    )


def _relations(header: createrepo_c.Package) -> Relations:
    provides = [(one[0], _evr(*one[2:5])) for one in header.provides]
    files = [(f"{directory}{name}", "") for _, directory, name, *_ in header.files]
    requires = [
        (Relation(one[0], _OPERATORS.get(one[1] or "", ""), _evr(*one[2:5])),)
        for one in header.requires
    ]
    return Relations((*provides, *files), tuple(requires))


def _evr(epoch: str | None, version: str | None, release: str | None) -> str:
    if not version:
        return ""
    plain = f"{version}-{release}" if release else version
    return f"{epoch}:{plain}" if epoch and epoch != "0" else plain


def _parts(evr: str) -> tuple[str, str, str]:
    epoch, colon, rest = evr.partition(":")
    version, _, release = (rest if colon else evr).partition("-")
    return (epoch if colon else "0"), version, release
