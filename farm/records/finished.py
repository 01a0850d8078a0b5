"""Which builds ended after a moment: for whoever counts them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from farm.records import tables
from farm.records.rows import BUILT, FAILED


@dataclass(frozen=True)
class Ended:
    """How a build ended."""

    distro: str
    outcome: str
    finished_at: float
    duration_s: float


def ended_since(connection: sa.Connection, distros: Iterable[str], moment: float) -> list[Ended]:
    """The builds with an outcome that ended after a moment, in the order of their ends."""
    builds = tables.builds
    wanted = ("distro", "outcome", "finished_at", "started_at", "requested_at")
    found: list[Ended] = []
    # Distro by distro and outcome by outcome, which is how the index has them.
    for distro in distros:
        for outcome in (BUILT, FAILED):
            query = sa.select(*(builds.c[name] for name in wanted)).where(
                builds.c.distro == distro,
                builds.c.outcome == outcome,
                builds.c.finished_at > moment,
            )
            found += [
                Ended(row.distro, row.outcome, row.finished_at, row.finished_at - began)
                for row in connection.execute(query)
                for began in [row.started_at or row.requested_at]
            ]
    return sorted(found, key=lambda one: one.finished_at)
