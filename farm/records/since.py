"""Since when components fail: one question for all of a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import sqlalchemy as sa

from farm.records import tables
from farm.records.rows import BUILT, FAILED, LineId

AT_ONCE = 500
"""Components in one query."""


def failing_since(
    connection: sa.Connection, line: LineId, components: Iterable[str]
) -> dict[str, float]:
    """When the first of a line's builds failed of those since the last good one, by component.

    Components that have no such build there are left out.
    """
    names = iter(components)
    found: dict[str, float] = {}
    while some := list(islice(names, AT_ONCE)):
        found.update(_of(connection, line, some))
    return found


def _of(connection: sa.Connection, line: LineId, names: list[str]) -> Iterator[tuple[str, float]]:
    builds = tables.builds
    here = [builds.c.channel == line[0], builds.c.distro == line[1], builds.c.component.in_(names)]
    good = (
        sa.select(builds.c.component, sa.func.max(builds.c.requested_at).label("at"))
        .where(*here, builds.c.outcome == BUILT)
        .group_by(builds.c.component)
        .subquery()
    )
    query = (
        sa.select(builds.c.component, sa.func.min(builds.c.finished_at))
        .outerjoin(good, good.c.component == builds.c.component)
        .where(*here, builds.c.outcome == FAILED)
        .where(sa.or_(good.c.at.is_(None), builds.c.requested_at > good.c.at))
        .group_by(builds.c.component)
    )
    yield from connection.execute(query).tuples()
