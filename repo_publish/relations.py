"""What packages offer and need, read for the gate: new ones from their files, live ones from the
indices where the family's are quick to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import createrepo_c
from debian.deb822 import PkgRelation
from debian.debian_support import Version

from farm.model import Family
from farm.version_order import rpm_sort_key
from repo_publish.debs import control_fields
from repo_publish.gate import BinaryPackage, Build, Relation
from repo_publish.paragraphs import read_paragraphs

PackageFiles = Mapping[str, Iterable[tuple[str, Path]]]
"""Component to its binary packages: path in the snapshot, and where the file is now."""

_INDEX_FIELDS = ("Filename", "Package", "Version", "Provides", "Pre-Depends", "Depends")
_RPM_OPERATORS = {"EQ": "=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}


def read_builds(files: PackageFiles, family: Family, live_tree: Path | None) -> dict[str, Build]:
    """Read the relations of every component's binary packages.

    :param live_tree: the live snapshot, whose indices spare opening each of its packages.
    """
    if family is Family.RPM:
        return {
            component: tuple(rpm_package(path) for _, path in packages)
            for component, packages in files.items()
        }
    known = _live_debs(live_tree) if live_tree else {}
    return {
        component: tuple(
            deb_package(known.get(name) or control_fields(path)) for name, path in packages
        )
        for component, packages in files.items()
    }


def deb_package(fields: Mapping[str, str]) -> BinaryPackage:
    """A Debian package's relations (Policy 7) from its control fields."""
    name, version = fields["Package"], fields["Version"]
    provides = [(one.name, one.version) for group in _groups(fields, "Provides") for one in group]
    requires = _groups(fields, "Pre-Depends") + _groups(fields, "Depends")
    return BinaryPackage(name, ((name, version), *provides), tuple(requires))


def rpm_package(path: Path) -> BinaryPackage:
    """An RPM package's capabilities from its header."""
    package = createrepo_c.package_from_rpm(str(path))
    provides = tuple((one[0], _evr(*one[2:5])) for one in package.provides)
    requires = tuple(
        (Relation(one[0], _RPM_OPERATORS.get(one[1] or "", ""), _evr(*one[2:5])),)
        for one in package.requires
    )
    return BinaryPackage(package.name, provides, requires)


def compare(family: Family, one: str, other: str) -> int:
    """Below 0 when `one` is older than `other` in the family's order, above 0 when it is newer."""
    if family is Family.DEB:
        first, second = Version(one), Version(other)
        return (first > second) - (first < second)
    mine, theirs = _rpm_parts(one), _rpm_parts(other)
    # rpm leaves releases alone when one side does not say any.
    size = 3 if mine[2] and theirs[2] else 2
    keys = [tuple(rpm_sort_key(part) for part in parts[:size]) for parts in (mine, theirs)]
    return (keys[0] > keys[1]) - (keys[0] < keys[1])


def _groups(fields: Mapping[str, str], field: str) -> list[tuple[Relation, ...]]:
    """The alternatives of each relation that a field asks for."""
    if not fields.get(field, "").strip():
        return []
    return [
        tuple(Relation(one["name"], *(one.get("version") or ())) for one in alternatives)
        for alternatives in PkgRelation.parse_relations(fields[field])
    ]


def _live_debs(tree: Path) -> dict[str, Mapping[str, str]]:
    return {fields["Filename"]: fields for fields in _paragraphs(tree)}


def _paragraphs(tree: Path) -> Iterator[Mapping[str, str]]:
    for index in sorted(tree.glob("dists/*/main/binary-*/Packages")):
        yield from read_paragraphs(index, _INDEX_FIELDS)


def _evr(epoch: str | None, version: str | None, release: str | None) -> str:
    if not version:
        return ""
    plain = f"{version}-{release}" if release else version
    return f"{epoch}:{plain}" if epoch and epoch != "0" else plain


def _rpm_parts(evr: str) -> tuple[str, str, str]:
    epoch, colon, rest = evr.partition(":")
    version, _, release = (rest if colon else evr).partition("-")
    return (epoch if colon else "0"), version, release
