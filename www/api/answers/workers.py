"""The machines that build: whether they are there, and how busy they are."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from workers.config import WorkerPlan, worker_plans
from www.api.model import WorkerPage, Workers
from www.api.source import Source


async def workers(source: Source) -> Workers:
    """The workers of the site, in its order."""
    known = source.known()
    plans = worker_plans(source.site, known.farm.stack)
    builds = await source.master.db.builds.getBuilds(complete=False)
    running = Counter(build.workerid for build in builds)
    disk = os.statvfs(source.site.state)
    return Workers(
        workers=[await _worker(source, plan, running) for plan in plans],
        disk_free=disk.f_bavail * disk.f_frsize,
        disk_size=disk.f_blocks * disk.f_frsize,
    )


async def _worker(source: Source, plan: WorkerPlan, running: Counter[int]) -> WorkerPage:
    # Buildbot's own list of workers counts the builders of each, which takes a second at 6,000.
    worker = source.master.workers.workers.get(plan.name)
    connected = worker is not None and worker.conn is not None
    paused = connected and worker.isPaused()
    number = worker.workerid if worker is not None else None
    missing = not connected and number is not None
    return WorkerPage(
        name=plan.name,
        state="paused" if paused else "connected" if connected else "missing",
        distros=list(plan.distros),
        running=running[number] if connected else 0,
        builds=plan.builds,
        untrusted=plan.untrusted,
        last_seen=await _last_seen(source.master, number) if missing else 0.0,
        page=f"{source.site.www.public_url}#/workers/{number}" if number is not None else None,
    )


async def _last_seen(master: Any, number: int) -> float:
    """When a worker ended its newest build."""
    where = ("workers", number, "builds")
    newest = await master.data.get(where, order=["-buildid"], limit=1)
    return float(newest[0]["complete_at"] or newest[0]["started_at"]) if newest else 0.0
