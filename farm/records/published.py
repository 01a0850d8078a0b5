"""What each snapshot of a line brought: which builds became published, and when."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from farm.records import tables
from farm.records.database import same_place
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
    # A row may say as well that only what was wanted is another, and was held back.
    before = sa.func.lag(builds.c.content).over(
        partition_by=builds.c.component, order_by=builds.c.number
    )
    found = sa.select(builds, before.label("before")).where(same_place(builds, line))
    if component:
        found = found.where(builds.c.component == component)
    row = found.subquery()
    same = [row.c[name] == snapshots.c[name] for name in ("channel", "distro", "number")]
    query = (
        sa.select(row.c.number, snapshots.c.published_at, row.c.component, row.c.content)
        .join(snapshots, sa.and_(*same))
        .where(row.c.number >= since, row.c.content.is_distinct_from(row.c.before))
        .order_by(row.c.number, row.c.component)
    )
    rows = connection.execute(query)
    return [PublishedChange(number, at, name, key or "") for number, at, name, key in rows]
