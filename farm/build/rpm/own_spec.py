"""A component's own spec file: found in its tree, and given the farm's version."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from farm.build.rpm.archive import ARCHIVE_SUFFIXES
from farm.build.rpm.sections import PREAMBLE, Section, join_sections, split_sections
from farm.errors import BuildFailure
from farm.packaging.info import PackagingInfo
from farm.packaging.tree import SPEC_DIRECTORIES

_TAG = r"^(?P<tag>[ \t]*{name}[ \t]*:[ \t]*).*$"


@dataclass(frozen=True)
class SpecSources:
    """What a spec says about its sources, macros expanded."""

    archive: str
    """File name of the source tarball that %setup unpacks."""
    directory: str
    """Name of the directory inside it."""
    others: tuple[str, ...]
    """File names of the further sources and patches."""


def find_spec(tree: Path) -> Path:
    """The one spec file of a component that brings its own packaging.

    :raises BuildFailure: it has none, or more than one in the same directory.
    """
    for directory in SPEC_DIRECTORIES:
        found = sorted((tree / directory).glob("*.spec"))
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(path.name for path in found)
            raise BuildFailure("package", f"expected one spec file in {directory}, found {names}")
    places = ", ".join(SPEC_DIRECTORIES)
    raise BuildFailure("package", f"the component has no *.spec in {places}")


def with_version(text: str, info: PackagingInfo) -> str:
    """The spec with the farm's Version, Release and changelog instead of its own.

    They are written into the text since an SRPM does not keep ``--define`` values: who rebuilds
    the published source package gets the published version.

    :raises BuildFailure: the spec has no Version or Release of its own to replace.
    """
    preamble, *rest = split_sections(text)
    tags = _with_tag(preamble.text, "Version", info.version.upstream)
    tags = _with_tag(tags, "Release", info.version.rpm_release(info.version_suffix))
    kept = [section for section in rest if section.name != "changelog"]
    return join_sections([Section(PREAMBLE, tags), *kept, Section("changelog", changelog(info))])


def _with_tag(preamble: str, name: str, value: str) -> str:
    tag = re.compile(_TAG.format(name=name), re.IGNORECASE | re.MULTILINE)
    replaced, count = tag.subn(lambda found: found["tag"] + value, preamble)
    if not count:
        raise BuildFailure("package", f"the component's spec has no {name} tag")
    return replaced


def changelog(info: PackagingInfo) -> str:
    """The ``%changelog`` section for one version: its only entry, dated as the commit."""
    day = datetime.fromtimestamp(info.timestamp, UTC)
    # strftime's names of days and months would follow the locale.
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day.weekday()]
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    release = info.version.rpm_release(info.version_suffix)
    lines = [
        "%changelog",
        f"* {weekday} {months[day.month - 1]} {day.day:02} {day.year} {info.maintainer}"
        f" - {info.version.upstream}-{release}",
        *(f"- {change}" for change in info.changes or (f"Build of commit {info.commit[:12]}",)),
    ]
    return "\n".join([lines[0], *(line.replace("%", "%%") for line in lines[1:]), ""])


def spec_sources(expanded: str, name: str, version: str) -> SpecSources:
    """Read what sources a spec names from the output of ``rpmspec --parse``.

    :raises BuildFailure: it names no archive that the component's tree could become.
    """
    found = re.findall(r"^(Source|Patch)(\d*)[ \t]*:[ \t]*(\S+)", expanded, re.M | re.I)
    files = [(kind.lower(), posixpath.basename(url)) for kind, _, url in found]
    archives = [f for kind, f in files if kind == "source" and f.endswith(ARCHIVE_SUFFIXES)]
    if not archives:
        endings = ", ".join(ARCHIVE_SUFFIXES)
        raise BuildFailure("package", f"the component's spec has no Source that ends in {endings}")
    setup = re.search(r"^%setup\b.*?[ \t]-n[ \t]*(\S+)", expanded, re.MULTILINE)
    return SpecSources(
        archives[0],
        setup[1] if setup else f"{name}-{version}",
        tuple(dict.fromkeys(f for _, f in files if f != archives[0])),
    )
