"""The front page of an archive: what it is, how to use it, what is in it. Static, without scripts.

It is part of the snapshot that it describes and never changes; what came later is on the pages of
`repo_publish.overview`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from repo_publish import going_back
from repo_publish.manifest import Manifest, ManifestComponent
from repo_publish.rendering import render
from repo_publish.summary import Summary

SHOWN_SNAPSHOTS = 10
"""So many earlier snapshots are listed; the page of all of them is linked."""
SHOWN_CHANGES = 20

_WEB_REPOSITORY = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?/[A-Za-z0-9._~/+-]+")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_SOURCES = (".dsc", ".src.rpm")


@dataclass(frozen=True)
class Link:
    """A package file of a row."""

    text: str
    href: str


@dataclass(frozen=True)
class Row:
    """One component, as the table of packages shows it."""

    component: str
    version: str
    since: int
    """When the line published it first, in seconds since 1970; 0: not known."""
    commit: str
    commit_url: str
    """Empty where the repository has no web page that is known."""
    licence: str
    log: str
    """Path of the build's log; may be empty."""
    provenance: str
    """Path of the statement of where the build came from; may be empty."""
    sources: tuple[Link, ...]
    binaries: tuple[Link, ...]
    changes: tuple[str, ...]
    """Newest first, or why it was built again."""


@dataclass(frozen=True)
class Surroundings:
    """What else there was in the archive when a snapshot was published."""

    snapshots: Sequence[Summary] = ()
    """Of the line, newest first."""
    releases: Sequence[str] = ()
    """Names of the releases for the same distro."""


def front_page(manifest: Manifest, *, configuration: str, surroundings: Surroundings) -> str:
    """The page as HTML.

    :param configuration: text of the client configuration file.
    """
    binaries = [file for file in manifest.files().values() if file.kind == "binary"]
    return render(
        "front_page.html.j2",
        manifest=manifest,
        line=f"{manifest.channel}/{manifest.distro}",
        deb=manifest.family.value == "deb",
        live=not manifest.release,
        lasting=f"{manifest.url}/{manifest.lasting_path}/",
        packages=len(binaries),
        example=binaries[0].package if binaries else "PACKAGE",
        configuration=configuration,
        rows=[row_of(component) for component in manifest.components],
        changed=sum(c.since == manifest.timestamp for c in manifest.components),
        taken_back=going_back.taken_back(manifest),
        going_back=going_back.commands(manifest),
        snapshots=surroundings.snapshots[:SHOWN_SNAPSHOTS],
        releases=surroundings.releases,
        shown_changes=SHOWN_CHANGES,
    )


def row_of(component: ManifestComponent) -> Row:
    """What the page says of one component."""
    return Row(
        component=component.component,
        version=component.version,
        since=component.since or component.finished,
        commit=component.commit,
        commit_url=commit_url(component.git, component.commit),
        licence=component.licence,
        log=component.log.path if component.log else "",
        provenance=component.provenance.path if component.provenance else "",
        sources=tuple(_links(component, "source")),
        binaries=tuple(_links(component, "binary")),
        changes=component.changes or ((component.reason,) if component.reason else ()),
    )


def commit_url(git: str, commit: str) -> str:
    """Where a forge shows a commit: the address that GitHub, GitLab and Gitea share; empty for a
    repository that is not on the web.
    """
    if not _WEB_REPOSITORY.fullmatch(git) or not _COMMIT.fullmatch(commit):
        return ""
    return f"{git.rstrip('/').removesuffix('.git')}/commit/{commit}"


def _links(component: ManifestComponent, kind: str) -> Iterator[Link]:
    for file in component.files:
        if file.kind == kind and (kind == "binary" or file.filename.endswith(_SOURCES)):
            yield Link(file.package, quote(file.path))
