"""Where the packages are that a build was made with, for whoever wants to build the same."""

from __future__ import annotations

from collections.abc import Iterable

from farm.job.model import JobInput
from www.api.answers.known import Known


def archives_of(known: Known, distro: str, inputs: Iterable[JobInput]) -> dict[str, list[str]]:
    """Archives that have, or had, the packages of each input's build: key to URLs, best first."""
    wanted = {one.key: one.component for one in inputs}
    return {key: _archives(known, distro, name, key) for key, name in sorted(wanted.items())}


def _archives(known: Known, distro: str, component: str, key: str) -> list[str]:
    live, old = [], []
    base = known.site.archive.public_url
    for line in known.farm.lines:
        if line[1] != distro:
            continue
        place = "/".join(line)
        snapshot = known.snapshot(line)
        if snapshot is not None and snapshot.content.get(component) == key:
            live.append(f"{base}{place}/")
        changes = known.farm.records.published_changes(line, component)
        old += [f"{base}snapshots/{place}/{one.number}/" for one in changes if one.key == key]
    return [*live, *old]
