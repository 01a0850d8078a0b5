"""`summary.json`: a snapshot in a few lines, so that pages need not read whole manifests."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from farm.model import Family
from repo_publish.line import Line
from repo_publish.manifest import Manifest, Origin, Rollback, load_manifest

SUMMARY = "summary.json"


class Summary(BaseModel):
    """What lists of snapshots say of one."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    channel: str
    distro: str
    family: Family
    architecture: str
    title: str
    number: int
    timestamp: int
    """Seconds since 1970."""
    components: int
    packages: int
    """Binary packages."""
    changed: tuple[str, ...]
    """Components whose build is new in the snapshot."""
    removed: int
    """Components that the snapshot before it has besides."""
    refused: tuple[str, ...]
    """Components whose newer build was rolled back."""
    rollback: Rollback | None
    origin: Origin | None


def summary_of(manifest: Manifest, before: Manifest | None) -> Summary:
    """The summary of a snapshot; `before` is the manifest of the one that it replaces."""
    names = {component.component for component in manifest.components}
    return Summary(
        channel=manifest.channel,
        distro=manifest.distro,
        family=manifest.family,
        architecture=manifest.architecture,
        title=manifest.title,
        number=manifest.number,
        timestamp=manifest.timestamp,
        components=len(names),
        packages=sum(file.kind == "binary" for file in manifest.files().values()),
        changed=tuple(
            component.component
            for component in manifest.components
            if component.since == manifest.timestamp
        ),
        removed=len({c.component for c in before.components} - names) if before else 0,
        refused=tuple(sorted(manifest.refused)),
        rollback=manifest.rollback,
        origin=manifest.origin,
    )


def read_summary(snapshot: Path) -> Summary:
    """The summary of a snapshot on disk, made from its manifest where it has none.

    :raises PublishError: the snapshot is damaged.
    """
    try:
        return Summary.model_validate_json((snapshot / SUMMARY).read_bytes())
    except (OSError, ValidationError):
        return summary_of(load_manifest(snapshot), None)


def newest_summaries(line: Line, count: int) -> list[Summary]:
    """So many of a line's snapshots, newest first.

    :raises PublishError: a snapshot is damaged.
    """
    return [read_summary(line.snapshot(n)) for n in reversed(line.numbers()[-count:])]
