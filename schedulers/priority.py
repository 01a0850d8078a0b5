"""Which builders get a worker first: one query, whatever the number of builders.

Buildbot's default runs two or more queries per builder and starves at thousands of them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

FIRST = 200
"""Requests that are looked at before all others are; a master starts few builds at a time."""


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
    requests = master.db.model.buildrequests
    claims = master.db.model.buildrequest_claims
    query = (
        sa.select(requests.c.builderid)
        .select_from(requests.outerjoin(claims, requests.c.id == claims.c.brid))
        .where(claims.c.brid.is_(None), requests.c.complete == 0)
        .order_by(requests.c.priority.desc(), requests.c.submitted_at, requests.c.id)
    )

    def unclaimed(connection: Any, most: int | None) -> list[int]:
        return list(connection.execute(query.limit(most)).scalars())

    wanted = set(builders)
    for most in (FIRST, None):
        slots = free_slots(master.workers.workers.values())
        if not slots:
            return []
        ids = await master.db.pool.do(unclaimed, most)
        known = map(master.botmaster._builders_byid.get, dict.fromkeys(ids))
        chosen = with_free_worker([one for one in known if one in wanted], slots)
        # Others may be for workers that the first leave free.
        if len(ids) != most or not any(slots.values()):
            break
    return chosen


def with_free_worker(builders: list[Any], slots: dict[str, int]) -> list[Any]:
    """Those that could start now, each with a slot of its own, which is taken from `slots`."""
    chosen = []
    for builder in builders:
        for attached in builder.workers:
            name = attached.worker.workername
            if slots.get(name, 0) > 0 and not attached.isBusy():
                slots[name] -= 1
                chosen.append(builder)
                break
    return chosen
