"""The workers of a site, as data and as Buildbot's objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from buildbot.plugins import worker
from buildbot.util.twisted import async_to_deferred

from farm.growing.master import own_worker
from farm.model import Stack
from farm.site import Site

PUBLISHER = "publisher"
"""The worker on the publishing host: the only one that reaches the signing keys."""


@dataclass(frozen=True)
class WorkerPlan:
    """One worker: its name, the distros it builds for, and how many builds at a time."""

    name: str
    distros: tuple[str, ...]
    builds: int
    untrusted: bool = False
    """It builds pull requests, and nothing else."""
    here: bool = True
    """`workers.setup` makes it on this machine."""


def worker_plans(site: Site, stack: Stack) -> tuple[WorkerPlan, ...]:
    """The workers of a site: those it names, else one for each distro; and the publisher.

    A distro that no worker builds for has a worker that nobody made: a builder without any would
    be a mistake to Buildbot, and so its builds wait where people see what for.
    """
    if site.workers:
        plans = [
            WorkerPlan(
                name,
                tuple(d for d in stack.distros if not one.distros or d in one.distros),
                one.builds,
                one.untrusted,
                here=not one.remote,
            )
            for name, one in site.workers.items()
        ]
    else:
        plans = [WorkerPlan(own_worker(d), (d,), 1) for d in stack.distros]
    without = [d for d in stack.distros if not workers_for(tuple(plans), d)]
    plans += [WorkerPlan(f"awaited-{d.replace('.', '-')}", (d,), 1, here=False) for d in without]
    return (*plans, WorkerPlan(PUBLISHER, (), len(stack.distros) or 1))


def workers_for(
    plans: tuple[WorkerPlan, ...], distro: str, *, untrusted: bool = False
) -> list[str]:
    """Names of the workers that build for a distro.

    :param untrusted: those for pull requests, instead of those for everything else.
    """
    return [plan.name for plan in plans if distro in plan.distros and plan.untrusted == untrusted]


class CountingWorker(worker.Worker):
    """A worker that counts its running builds.

    Buildbot's own `max_builds` looks at every builder of the worker each time it is asked, which
    at thousands of builders costs more than the builds.
    """

    _running = 0

    @async_to_deferred
    async def attached(self, conn: Any) -> None:
        """Begin to count anew: Buildbot tells a worker that was lost nothing of its builds' end."""
        self._running = 0
        await super().attached(conn)

    def buildStarted(self, wfb: Any) -> None:
        """Count one more."""
        self._running += 1
        super().buildStarted(wfb)

    def buildFinished(self, wfb: Any) -> Any:
        """Count one less."""
        self._running -= 1
        return super().buildFinished(wfb)

    def canStartBuild(self) -> bool:
        """As the base class says, with the counted number."""
        if self._graceful or self._paused or self.quarantine_timer:
            return False
        if self.max_builds and self._running >= self.max_builds:
            return False
        return self.locksAvailable()


def buildbot_workers(site: Site, plans: tuple[WorkerPlan, ...]) -> list[worker.Worker]:
    """Buildbot's objects, with passwords made on first use."""
    return [
        CountingWorker(plan.name, site.secret(f"worker-{plan.name}"), max_builds=plan.builds)
        for plan in plans
    ]
