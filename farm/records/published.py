"""What each snapshot of a line brought: which builds became published, and when."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from farm.records import tables
from farm.records.rows import LineId


@dataclass(frozen=True)
class PublishedChange:
    """A component of which a snapshot had another build than the one before."""

    number: int
    """Of the snapshot."""
    published_at: float
    component: str
    key: str
    """Of the build; empty: the component went out of the archive."""


def published_changes(
    connection: sa.Connection, line: LineId, component: str, since: int
) -> list[PublishedChange]:
    """What the snapshots of a line brought, in their order.

    :param component: only this one; empty: all.
    :param since: number of the first snapshot that is looked at.
    """
    builds, snapshots = tables.snapshot_builds, tables.snapshots
    same = [builds.c[name] == snapshots.c[name] for name in ("channel", "distro", "number")]
    query = (
        sa.select(builds.c.number, snapshots.c.published_at, builds.c.component, builds.c.content)
        .join(snapshots, sa.and_(*same))
        .where(builds.c.channel == line[0], builds.c.distro == line[1], builds.c.number >= since)
        .order_by(builds.c.number, builds.c.component)
    )
    if component:
        query = query.where(builds.c.component == component)
    rows = connection.execute(query)
    return [PublishedChange(number, at, name, key or "") for number, at, name, key in rows]
