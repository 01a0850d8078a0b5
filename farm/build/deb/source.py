"""The Debian source package of a build: its names, its packaging, its changelog."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from debian.changelog import Changelog
from debian.deb822 import Deb822

from farm.build.deb.relations import Relation, parse_relations
from farm.build.interface import BuildOutcome, BuildRequest
from farm.errors import BuildFailure
from farm.packaging.build_tools import deb_build_depends
from farm.packaging.info import PackagingInfo
from farm.packaging.text import one_line, rfc5322_date

SOURCE_FORMAT = "3.0 (quilt)\n"
_FILE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9+.~_-]*$")
_HEADING = re.compile(r"\s*[A-Za-z0-9][A-Za-z0-9+.-]* \((?P<version>[^()\s]+)\)")
_SOURCE_NAME = re.compile(r"^[a-z0-9][a-z0-9+.-]+$")


@dataclass(frozen=True)
class SourcePackage:
    """What the files of one source package are called, and what building it needs."""

    name: str
    version: str
    """Full, with the epoch that a component's own changelog may have."""
    upstream: str
    timestamp: int
    build_depends: tuple[Relation, ...]

    @property
    def directory(self) -> str:
        """The unpacked source, as dpkg-source(1) calls it."""
        return f"{self.name}-{self.upstream}"

    @property
    def archive(self) -> str:
        """The tarball of the upstream source, without debian/."""
        return f"{self.name}_{self.upstream}.orig.tar.xz"

    @property
    def plain_version(self) -> str:
        """The version as it is in file names: without epoch."""
        return self.version.partition(":")[2] or self.version

    def file(self, suffix: str) -> str:
        """``name_version<suffix>``, as ``.dsc`` and the ``.changes`` are called."""
        return f"{self.name}_{self.plain_version}{suffix}"


def generated_source(info: PackagingInfo) -> SourcePackage:
    """The source package that generated packaging makes."""
    relations = parse_relations(", ".join(deb_build_depends(info)))
    version = info.version.deb(info.version_suffix)
    return SourcePackage(info.name, version, info.version.upstream, info.timestamp, relations)


def own_source(info: PackagingInfo, control: str, changelog: str) -> SourcePackage:
    """The source package that a component's own debian/ makes.

    :param control: text of debian/control.
    :param changelog: text of debian/changelog.
    :raises BuildFailure: they cannot be used.
    """
    latest = _latest_version(changelog)
    fields = next(iter(Deb822.iter_paragraphs(control)), Deb822())
    name = fields.get("Source", "")
    if not _SOURCE_NAME.match(name):
        raise BuildFailure("package", f"debian/control: no usable Source field: {name!r}")
    needed = (
        fields.get(field, "")
        for field in ("Build-Depends", "Build-Depends-Arch", "Build-Depends-Indep")
    )
    relations = tuple(relation for text in needed for relation in parse_relations(text))
    epoch = f"{latest.partition(':')[0]}:" if ":" in latest else ""
    version = f"{epoch}{info.version.deb(info.version_suffix)}"
    return SourcePackage(name, version, info.version.upstream, info.timestamp, relations)


def own_changelog(changelog: str, source: SourcePackage, info: PackagingInfo) -> str:
    """A component's changelog with an entry for this build on top, dated by the commit.

    A changelog that has this version on top already (that of a source package the farm made) stays
    as it is.
    """
    if _latest_version(changelog) == source.version:
        return changelog
    entry = Changelog()
    entry.new_block(
        package=source.name,
        version=source.version,
        distributions="unstable",
        urgency="medium",
        author=one_line(info.maintainer),
        date=rfc5322_date(info.timestamp),
    )
    for line in ("", *_entries(info), ""):
        entry.add_change(line)
    return f"{entry}\n{changelog}"


def read_packaging(tree: Path, name: str) -> str:
    """The text of a file in the tree's debian/.

    :raises BuildFailure: there is none, or it is a link that could lead anywhere.
    """
    path = tree / "debian" / name
    if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
        raise BuildFailure("package", f"debian/{name} is missing, or not a regular file")
    return path.read_text(errors="replace")


def source_of(request: BuildRequest) -> SourcePackage:
    """The source package that a request asks for.

    :raises BuildFailure: the component's own packaging cannot be used.
    """
    if not request.own_packaging:
        return generated_source(request.info)
    return own_source(
        request.info,
        read_packaging(request.tree, "control"),
        read_packaging(request.tree, "changelog"),
    )


def listed_files(listing: str) -> tuple[str, ...]:
    """File names in the Files field of a .changes or .dsc file.

    :raises BuildFailure: a name that could lead out of its directory.
    """
    rows = Deb822(listing).get("Files", "").split("\n")
    names = tuple(row.split()[-1] for row in rows if row.strip())
    for name in names:
        if not _FILE_NAME.match(name):
            raise BuildFailure("package", f"unusable file name in a list of results: {name!r}")
    return names


def outcome_of(
    source: SourcePackage,
    files: tuple[str, ...],
    tested: bool,
    root_identity: str,
    phases: dict[str, float],
) -> BuildOutcome:
    """Sort what a build left, as its .changes lists it."""
    other = tuple(f for f in files if f.endswith((".buildinfo", ".changes")))
    binaries = tuple(f for f in files if f.endswith((".deb", ".udeb", ".ddeb")))
    return BuildOutcome(
        version=source.plain_version,
        source=tuple(f for f in files if f not in other and f not in binaries),
        binaries=binaries,
        other=other,
        tests="passed" if tested else "none",
        root_identity=root_identity,
        phases=phases,
    )


def _latest_version(changelog: str) -> str:
    """The version on top: the rest of a changelog need not be well-formed, and often is not."""
    found = _HEADING.match(changelog)
    if not found:
        raise BuildFailure("package", "debian/changelog does not begin with an entry")
    return found["version"]


def _entries(info: PackagingInfo) -> list[str]:
    changes = [one_line(change) for change in info.changes if change.strip()]
    return [f"  * {change}" for change in changes or [f"Commit {info.commit}."]]
