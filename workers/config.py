"""The workers of a site, as data and as Buildbot's objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from farm.growing.master import own_worker
from farm.model import Stack
from farm.site import Site
from workers.cloud import EC2, LIBVIRT, OPENSTACK
from workers.container import DOCKER
from workers.kinds import Kind, Start, made
from workers.kubernetes import KUBERNETES
from workers.permanent import CountingWorker

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
                here=not one.remote and one.kind == "permanent",
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


KINDS: dict[str, Kind] = {
    "docker": DOCKER,
    "kubernetes": KUBERNETES,
    "ec2": EC2,
    "openstack": OPENSTACK,
    "libvirt": LIBVIRT,
}
"""The kinds that are started when there is something to build, by their key in the site file."""


def buildbot_workers(site: Site, plans: tuple[WorkerPlan, ...]) -> list[Any]:
    """Buildbot's objects, with passwords made on first use.

    :raises FarmError: one of them needs what is not there.
    """
    return [_buildbot_worker(site, plan) for plan in plans]


def _buildbot_worker(site: Site, plan: WorkerPlan) -> Any:
    settings = site.workers.get(plan.name)
    if settings is None or settings.kind == "permanent":
        password = site.secret(f"worker-{plan.name}")
        return CountingWorker(plan.name, password, max_builds=plan.builds)
    start = Start(site, plan.name, plan.builds, getattr(settings, settings.kind))
    return made(KINDS, settings.kind, start)
