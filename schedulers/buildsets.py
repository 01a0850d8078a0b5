"""What the plan scheduler has submitted to Buildbot, and how it is found again after a restart.

The external id of a buildset says what it is for: ``build/<key>``,
``publish/<channel>/<distro>/<generation>`` or ``withdraw/<channel>/<distro>``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from buildbot.data.resultspec import Filter

from farm.builders import build_builder_name, publish_builder_name, pull_builder_name
from farm.decisions import Publish, Start
from farm.heads import Head
from farm.plan.key import TRUSTED
from farm.records.store import LineId

STARTED_AT = time.time()
"""When this run of the master read its configuration: before it could claim anything."""

Submitted = tuple[int, dict[int, int]]
"""What Buildbot says of a new buildset: its id, and its request ids by builder id."""

_NO_SOURCE = {"codebase": "", "repository": "", "branch": None, "revision": None, "project": ""}
"""Buildbot's database refuses a buildset without any source stamp."""


@dataclass
class Pending:
    """A buildset that is not complete: a build by its key, a publication, or a withdrawal."""

    key: str = ""
    publish: Publish | None = None
    withdraw: LineId | None = None


class Buildsets:
    """The buildsets of the plan scheduler.

    :param master: Buildbot's.
    :param scheduler: name of the scheduler that submits them.
    """

    def __init__(self, master: Any, scheduler: str):
        self._master = master
        self._scheduler = scheduler
        self._pending: dict[int, Pending] = {}
        self._idle: set[int] = set()
        """Requests that were claimed at the last look, with nobody at work on them."""

    async def recover(self, content_of: Callable[[LineId], dict[str, str]]) -> None:
        """Find what an earlier run of the master submitted.

        :param content_of: what a line was to publish.
        """
        buildsets = await self._master.data.get(
            ("buildsets",), filters=[Filter("complete", "eq", [False])]
        )
        for buildset in buildsets:
            kind, _, rest = (buildset["external_idstring"] or "").partition("/")
            if kind == "build":
                pending = Pending(key=rest)
            elif kind == "publish":
                channel, distro, number = rest.split("/")
                line = (channel, distro)
                pending = Pending(publish=Publish(line, int(number), content_of(line)))
            elif kind == "withdraw":
                channel, distro = rest.split("/")
                pending = Pending(withdraw=(channel, distro))
            else:
                continue
            self._pending[buildset["bsid"]] = pending

    async def release_stale(self) -> None:
        """Release the requests that are claimed and that nobody works on.

        What an earlier run of the master claimed Buildbot releases when it starts, but forgets it
        for ever when it is killed at just that. What is claimed for a worker that is lost at that
        moment it forgets, too: such a request is released at the second look.
        """
        mine = [
            Filter("complete", "eq", [False]),
            Filter("claimed_by_masterid", "eq", [self._master.masterid]),
        ]
        at_work = {
            request.id
            for builder in self._master.botmaster.builders.values()
            for build in (*builder.building, *builder.old_building)
            for request in build.requests
        }
        idle = {
            request["buildrequestid"]: request["claimed_at"].timestamp() <= STARTED_AT
            for request in await self._master.data.get(("buildrequests",), filters=mine)
            if request["buildrequestid"] not in at_work
        }
        stale = [request for request, old in idle.items() if old or request in self._idle]
        self._idle = idle.keys() - set(stale)
        if stale:
            for request in stale:
                self._master.botmaster.remove_in_progress_buildrequest(request)
            await self._master.data.updates.unclaimBuildRequests(stale)

    def complete(self, bsid: int) -> Pending | None:
        """What the buildset was for that is complete now; None where it is none of these."""
        return self._pending.pop(bsid, None)

    @property
    def keys(self) -> set[str]:
        """Of the builds that are submitted and not complete."""
        return {pending.key for pending in self._pending.values() if pending.key}

    @property
    def publishing(self) -> set[LineId]:
        """Lines whose archive is about to change."""
        found = set()
        for pending in self._pending.values():
            if pending.publish is not None:
                found.add(pending.publish.line)
            if pending.withdraw is not None:
                found.add(pending.withdraw)
        return found

    async def build(self, start: Start, repository: str, head: Head) -> tuple[str, Submitted]:
        """Submit a build; return its builder with what Buildbot says."""
        build = start.build
        trusted = build.inputs["trust"] == TRUSTED
        name = (build_builder_name if trusted else pull_builder_name)(build.component, build.distro)
        properties = {
            "component": build.component,
            "distro": build.distro,
            "channel": build.channel,
            "generation": build.generation,
            "build_key": build.key,
            "why": "; ".join(build.reasons),
            "timeout_minutes": start.timeout_minutes,
        }
        stamp = {
            "codebase": "",
            "project": build.component,
            "repository": repository,
            "branch": head.branch,
            "revision": head.commit,
        }
        done = await self._submit(
            name, f"build/{build.key}", properties, properties["why"], start.priority, stamp
        )
        self._pending[done[0]] = Pending(key=build.key)
        return name, done

    async def publish(self, publish: Publish) -> tuple[str, Submitted]:
        """Submit a publication; return its builder with what Buildbot says."""
        channel, distro = publish.line
        name = publish_builder_name(distro)
        properties = {"channel": channel, "distro": distro, "generation": publish.generation}
        done = await self._submit(
            name,
            f"publish/{channel}/{distro}/{publish.generation}",
            properties,
            f"generation {publish.generation} is built",
        )
        self._pending[done[0]] = Pending(publish=publish)
        return name, done

    async def withdraw(self, line: LineId) -> None:
        """Submit the withdrawal of a line's archive."""
        channel, distro = line
        done = await self._submit(
            publish_builder_name(distro),
            f"withdraw/{channel}/{distro}",
            {"channel": channel, "distro": distro, "withdraw": True},
            f"{channel} is over",
        )
        self._pending[done[0]] = Pending(withdraw=line)

    async def cancel(self, key: str, reason: str) -> bool:
        """Take back a build, unless a worker has it already.

        :returns: whether it was taken back.
        """
        cancelled = False
        for bsid, pending in list(self._pending.items()):
            if pending.key != key:
                continue
            found = [Filter("buildsetid", "eq", [bsid])]
            for request in await self._master.data.get(("buildrequests",), filters=found):
                if not request["claimed"]:
                    where = ("buildrequests", str(request["buildrequestid"]))
                    await self._master.data.control("cancel", {"reason": reason}, where)
                    cancelled = True
        return cancelled

    async def _submit(
        self,
        name: str,
        external_id: str,
        properties: dict[str, Any],
        reason: str,
        priority: int = 0,
        stamp: dict[str, Any] | None = None,
    ) -> Submitted:
        builder_id = await self._master.data.updates.findBuilderId(name)
        return await self._master.data.updates.addBuildset(
            waited_for=False,
            scheduler=self._scheduler,
            sourcestamps=[stamp or _NO_SOURCE],
            reason=reason,
            properties={
                **{key: (value, self._scheduler) for key, value in properties.items()},
                "scheduler": (self._scheduler, "Scheduler"),
            },
            builderids=[builder_id],
            external_idstring=external_id,
            priority=priority,
        )
