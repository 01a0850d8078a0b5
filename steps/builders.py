"""Buildbot's builders, made from the table that `farm builders` prints."""

from __future__ import annotations

from collections.abc import Sequence

from buildbot.plugins import util

from farm.builders import BuilderKind, BuilderRow
from farm.site import Site
from steps.build import component_factory
from steps.publish import publish_factory
from workers.config import PUBLISHER, WorkerPlan, workers_for


def buildbot_builders(
    rows: Sequence[BuilderRow], site: Site, plans: tuple[WorkerPlan, ...]
) -> list[util.BuilderConfig]:
    """One builder per row of the table."""
    publish = publish_factory(site)
    # One object for all: Buildbot compares the factories of all builders when it is reconfigured.
    factories = {kind: component_factory(untrusted=kind) for kind in (False, True)}
    builders = []
    for row in rows:
        if row.component:
            untrusted = row.kind is BuilderKind.PULL
            factory = factories[untrusted]
            workers = workers_for(plans, row.distro, untrusted=untrusted)
        else:
            factory, workers = publish, [PUBLISHER]
        builders.append(
            util.BuilderConfig(
                name=row.name,
                workernames=workers,
                factory=factory,
                tags=list(row.tags),
                collapseRequests=False,
            )
        )
    return builders
