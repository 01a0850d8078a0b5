"""Debian packages as the gate sees them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

from debian.deb822 import Dsc, PkgRelation
from debian.debian_support import version_compare

from farm.pool import sha256_of
from repo_publish.debs import control_fields
from repo_publish.errors import VerifyError
from repo_publish.gate.closure import BUILD_NEEDS, NEEDS, WANTED, Fields
from repo_publish.gate.packages import Need, Package, Relation, Relations
from repo_publish.paragraphs import read_paragraphs
from repo_publish.release import listed

compare = version_compare


def published(tree: Path) -> Iterator[tuple[Path, Package]]:
    """Every package that the indices of a snapshot name, by the path of its file.

    :raises VerifyError: an index cannot be read, or is not what the Release file says.
    """
    for release in tree.glob("dists/*/Release"):
        for name, digest in listed(release):
            index = release.parent / name
            if index.name not in ("Packages", "Sources"):
                continue
            if sha256_of(index) != digest:
                raise VerifyError(f"{index}: its SHA256 is not the one in the Release file")
            read = _binaries if index.name == "Packages" else _sources
            yield from read(index, tree)


def package(path: Path) -> Package:
    """Read a .deb or a .dsc.

    :raises PublishError: it is not one.
    """
    if path.suffix == ".deb":
        fields = control_fields(path)
        return package_of("binary", {name: fields[name] for name in WANTED if name in fields})
    dsc = Dsc(path.read_bytes())
    fields = {name: dsc[name] for name in WANTED if name in dsc}
    return package_of("source", {**fields, "Package": dsc["Source"]})


def _binaries(index: Path, tree: Path) -> Iterator[tuple[Path, Package]]:
    for fields in read_paragraphs(index, ("Filename", *WANTED)):
        yield tree / fields.pop("Filename"), package_of("binary", fields)


def _sources(index: Path, tree: Path) -> Iterator[tuple[Path, Package]]:
    for fields in read_paragraphs(index, ("Directory", "Checksums-Sha256", *WANTED)):
        names = [line.split()[-1] for line in fields.pop("Checksums-Sha256").split("\n") if line]
        directory = tree / fields.pop("Directory")
        for name in names:
            if name.endswith(".dsc"):
                yield directory / name, package_of("source", fields)


def package_of(kind: Literal["source", "binary"], fields: Fields) -> Package:
    """A package from its fields."""
    read = partial(_relations, fields, BUILD_NEEDS if kind == "source" else NEEDS)
    return Package(kind, fields["Package"], fields["Version"], read, fields)


def _relations(fields: Fields, needs: tuple[str, ...]) -> Relations:
    provided = [(r.name, r.version) for group in _groups(fields, "Provides") for r in group]
    requires = [group for field in needs for group in _groups(fields, field)]
    own = (fields["Package"], fields["Version"])
    return Relations((own, *provided), tuple(requires))


def _groups(fields: Fields, field: str) -> list[Need]:
    """The alternatives of each relation that a field asks for (Policy 7.1).

    What is asked for on some architectures or in some kinds of builds only is left out: it is for
    tools that know which.
    """
    text = fields.get(field, "").strip().rstrip(",")
    groups = PkgRelation.parse_relations(text) if text else []
    return [
        tuple(Relation(one["name"], *(one.get("version") or ())) for one in group)
        for group in groups
        if not any(one.get("arch") or one.get("restrictions") for one in group)
    ]
