"""Which builders get a worker first: one query, whatever the number of builders.

Buildbot's default runs two or more queries per builder and starves at thousands of them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def free_slots(workers: Any) -> dict[str, int]:
    """Worker name to the builds it could start now, of those that could start any."""
    slots = {}
    for one in workers:
        if one.conn and one.canStartBuild():
            slots[one.workername] = (one.max_builds or len(one.workerforbuilders)) - one._running
    return slots


async def prioritize_builders(master: Any, builders: list[Any]) -> list[Any]:
    """Buildbot's `prioritizeBuilders`: only builders that have a request and a free worker, in the
    order of priority, then age."""
    slots = free_slots(master.workers.workers.values())
    if not slots:
        return []
    requests = master.db.model.buildrequests
    claims = master.db.model.buildrequest_claims

    def unclaimed(connection: Any) -> list[Any]:
        query = (
            sa.select(
                requests.c.builderid,
                sa.func.max(requests.c.priority).label("priority"),
                sa.func.min(requests.c.submitted_at).label("submitted_at"),
                sa.func.min(requests.c.id).label("first"),
            )
            .select_from(requests.outerjoin(claims, requests.c.id == claims.c.brid))
            .where(claims.c.brid.is_(None), requests.c.complete == 0)
            .group_by(requests.c.builderid)
        )
        return list(connection.execute(query).fetchall())

    rows = await master.db.pool.do(unclaimed)
    rows.sort(key=lambda row: (-row.priority, row.submitted_at, row.first))
    wanted = {builder.name for builder in builders}
    chosen = []
    for row in rows:
        builder = master.botmaster._builders_byid.get(row.builderid)
        if builder is None or builder.name not in wanted:
            continue
        for attached in builder.workers:
            name = attached.worker.workername
            if slots.get(name, 0) > 0 and not attached.isBusy():
                slots[name] -= 1
                chosen.append(builder)
                break
    return chosen
