"""The one scheduler of component builds: asks the farm what to do, submits it, reports back.

It decides nothing. What is submitted is found again after a restart by the buildsets' external
id (``build/<key>``, ``publish/<channel>/<distro>/<generation>``), so nothing is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from buildbot.data.resultspec import Filter
from buildbot.process.results import SUCCESS, WARNINGS
from buildbot.schedulers.base import ReconfigurableBaseScheduler
from buildbot.util import debounce
from buildbot.util.twisted import async_to_deferred
from twisted.internet import defer
from twisted.logger import Logger

from farm.builders import build_builder_name, builder_table, publish_builder_name
from farm.decisions import Publish, Start
from farm.pool import result as pool_result
from farm.records.store import LineId, SnapshotRow
from schedulers.state import FarmState, open_state
from schedulers.status import StatusWriter

SETTLE_S = 0.05
"""Events this close together are answered by one pass of the planner."""
PUBLISH_RETRY_S = 30.0
WATCH_S = 10.0
"""Seconds between passes that no event asked for: back-offs that have ended start then."""

_NO_SOURCE = {"codebase": "", "repository": "", "branch": None, "revision": None, "project": ""}
"""Buildbot's database refuses a buildset without any source stamp."""

_log = Logger()


@dataclass
class _Pending:
    """A buildset that is not complete: a build by its key, or a publication."""

    key: str = ""
    publish: Publish | None = None


class PlanScheduler(ReconfigurableBaseScheduler):
    """Carries the planner's decisions out; there is one, named ``plan``.

    :param site: farm.site.Site
    :param stack: farm.model.Stack
    """

    compare_attrs: ClassVar[tuple[str, ...]] = (
        *ReconfigurableBaseScheduler.compare_attrs,
        "site",
        "stack",
    )

    def __init__(self, name: str, **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.state: FarmState | None = None
        self._pending: dict[int, _Pending] = {}
        self._publish_after: dict[LineId, float] = {}
        self._trouble: dict[str, str] = {}
        self._superseded: set[str] = set()
        self._status: StatusWriter | None = None
        self._lock = defer.DeferredLock()
        self._consumer: Any = None
        self._watch: Any = None

    def checkConfig(self, site, stack, **kwargs):
        """Buildbot's check of the arguments."""
        super().checkConfig(**kwargs)

    @async_to_deferred
    async def reconfigService(self, site, stack, **kwargs):
        """Take on new settings; a running generation goes on with the new stack."""
        await super().reconfigService(**kwargs)
        self.site, self.stack = site, stack
        if self.state is not None:
            self.state.change_stack(stack)
            if self.active:
                await self._refresh(list(stack.components))

    @async_to_deferred
    async def activate(self):
        """Open the records, find what is under way, read every repository, and plan."""
        await super().activate()
        if not self.enabled:
            return
        self.state = open_state(self.site, self.stack)
        self._status = StatusWriter(
            self.master.reactor, self.site.state / "status.json", self.state.status
        )
        self._consumer = await self.master.mq.startConsuming(
            self._buildset_complete, ("buildsets", None, "complete")
        )
        await self._recover()
        await self.startConsumingChanges()
        self._plan_soon()
        # Reading a hundred repositories must not hold up the start of the master.
        defer.ensureDeferred(self._refresh(list(self.stack.components))).addErrback(
            lambda failure: _log.failure("reading the repositories", failure)
        )
        self._watch = self.master.reactor.callLater(WATCH_S, self._watch_again)

    @async_to_deferred
    async def deactivate(self):
        """Stop planning; what runs goes on and is found again."""
        await super().deactivate()
        await self._plan_soon.stop()
        if self._watch is not None and self._watch.active():
            self._watch.cancel()
        if self._consumer is not None:
            self._consumer.stopConsuming()
            self._consumer = None
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self.state is not None:
            self.state.close()
            self.state = None
        self._pending = {}

    def _watch_again(self) -> None:
        self._watch = self.master.reactor.callLater(WATCH_S, self._watch_again)
        self._plan_soon()

    async def _recover(self) -> None:
        farm = self.state.farm
        buildsets = await self.master.data.get(
            ("buildsets",), filters=[Filter("complete", "eq", [False])]
        )
        for buildset in buildsets:
            kind, _, rest = (buildset["external_idstring"] or "").partition("/")
            if kind == "build":
                self._pending[buildset["bsid"]] = _Pending(key=rest)
            elif kind == "publish":
                channel, distro, number = rest.split("/")
                wanted = self.state.read_publication((channel, distro))
                publish = Publish((channel, distro), int(number), wanted)
                self._pending[buildset["bsid"]] = _Pending(publish=publish)
        farm.resume(pending.key for pending in self._pending.values() if pending.key)
        for key in list(farm.records.unfinished):
            self._take_result(key)

    def gotChange(self, change, important):
        """A repository changed: read the heads of every component that lives in it."""
        return defer.ensureDeferred(
            self._refresh(self.state.components_of(change.repository), change.branch)
        )

    async def _refresh(self, components: list[str], branch: str | None = None) -> None:
        state = self.state
        if state is not None and components:
            await state.refresh(components, branch, self._plan_soon)

    @debounce.method(wait=SETTLE_S)
    def _plan_soon(self):
        return defer.ensureDeferred(self.advance())

    async def advance(self) -> dict[str, tuple[int, dict[int, int]]]:
        """Ask the farm about every line and submit what it says.

        :returns: builder name to what Buildbot says of the new buildset (its id, request ids).
        """
        submitted: dict[str, tuple[int, dict[int, int]]] = {}
        await self._lock.acquire()
        try:
            if self.state is None:
                return submitted
            for line in self.state.farm.lines:
                step = self.state.farm.advance(line)
                for key in step.cancel:
                    await self._cancel(key)
                for start in step.starts:
                    name = build_builder_name(start.build.component, start.build.distro)
                    submitted[name] = await self._submit_build(name, start)
                if step.publish is not None and self._may_publish(step.publish):
                    name = publish_builder_name(line[1])
                    submitted[name] = await self._submit_publish(name, step.publish)
            self._status.happened()
        finally:
            self._lock.release()
        return submitted

    def _may_publish(self, publish: Publish) -> bool:
        under_way = {p.publish.line for p in self._pending.values() if p.publish}
        after = self._publish_after.get(publish.line, 0.0)
        return publish.line not in under_way and self.master.reactor.seconds() >= after

    async def _submit_build(self, name: str, start: Start) -> tuple[int, dict[int, int]]:
        build = start.build
        self.state.write_job(start)
        properties = {
            "component": build.component,
            "distro": build.distro,
            "channel": build.channel,
            "generation": build.generation,
            "build_key": build.key,
            "why": "; ".join(build.reasons),
        }
        head = self.state.farm.records.generations[build.channel, build.distro].admitted
        stamp = {
            "codebase": "",
            "project": build.component,
            "repository": self.stack.components[build.component].git,
            "branch": head[build.component].branch,
            "revision": head[build.component].commit,
        }
        done = await self._submit(
            name, f"build/{build.key}", properties, properties["why"], start.priority, [stamp]
        )
        self._pending[done[0]] = _Pending(key=build.key)
        return done

    async def _submit_publish(self, name: str, publish: Publish) -> tuple[int, dict[int, int]]:
        channel, distro = publish.line
        self.state.write_publication(publish)
        properties = {"channel": channel, "distro": distro, "generation": publish.generation}
        done = await self._submit(
            name,
            f"publish/{channel}/{distro}/{publish.generation}",
            properties,
            f"generation {publish.generation} is built",
        )
        self._pending[done[0]] = _Pending(publish=publish)
        return done

    async def _submit(
        self,
        name: str,
        external_id: str,
        properties: dict[str, Any],
        reason: str,
        priority: int = 0,
        stamps: list[dict[str, Any]] | None = None,
    ) -> tuple[int, dict[int, int]]:
        builder_id = await self.master.data.updates.findBuilderId(name)
        return await self.master.data.updates.addBuildset(
            waited_for=False,
            scheduler=self.name,
            sourcestamps=stamps or [_NO_SOURCE],
            reason=reason,
            properties={
                **{key: (value, self.name) for key, value in properties.items()},
                "scheduler": (self.name, "Scheduler"),
            },
            builderids=[builder_id],
            external_idstring=external_id,
            priority=priority,
        )

    def _buildset_complete(self, key, message):
        pending = self._pending.pop(message["bsid"], None)
        if pending is None or self.state is None:
            return
        if pending.key:
            self._take_result(pending.key)
        elif message["results"] not in (SUCCESS, WARNINGS):
            line = pending.publish.line
            self._publish_after[line] = self.master.reactor.seconds() + PUBLISH_RETRY_S
        self._plan_soon()

    async def _cancel(self, key: str) -> None:
        """Take back a build that nobody wants any more, unless it has begun meanwhile."""
        for bsid, pending in list(self._pending.items()):
            if pending.key != key:
                continue
            requests = await self.master.data.get(("buildsets", str(bsid), "buildrequests"))
            for request in requests:
                if not request["claimed"]:
                    self._superseded.add(key)
                    await self.master.data.control(
                        "cancel",
                        {"reason": "superseded by a newer commit"},
                        ("buildrequests", str(request["buildrequestid"])),
                    )

    def _take_result(self, key: str) -> None:
        """Record what became of a build. The pool and the steps' verdicts are the truth: Buildbot's
        own result cannot tell a component's failure from a lost worker's."""
        farm = self.state.farm
        row = farm.records.unfinished.get(key)
        if row is None:
            farm.ended(key)
            return
        result = pool_result(self.state.pool, key)
        if result is not None:
            farm.built(key, result.output_digest, result.exposes)
        elif key in {p.key for p in self._pending.values()}:
            return
        elif key in self._superseded:
            farm.cancelled(key)
        else:
            trouble = self._trouble.pop(key, "the worker or the master was lost")
            attempts = farm.interrupted(key, trouble)
            _log.warn(
                "{component} on {distro}: interrupted {attempts} times: {trouble}",
                trouble=trouble,
                component=row.component,
                distro=row.distro,
                attempts=attempts,
            )
        self._superseded.discard(key)

    def _snapshot(self, channel: str, distro: str) -> SnapshotRow | None:
        return self.state.farm.records.snapshots.get((channel, distro))

    def began(self, key: str, worker: str) -> None:
        """A worker begins with a build."""
        self.state.farm.began(key, worker)

    def verdict(self, key: str, phase: str, message: str) -> None:
        """A step found that a component does not build."""
        self.state.farm.failed(key, phase, message)

    def trouble(self, key: str, message: str) -> None:
        """A step could not do its work, through no fault of the component."""
        self._trouble[key] = message

    def published(
        self, line: LineId, generation: int, snapshot: int, content: dict[str, str], held_back: dict
    ) -> None:
        """The publish step flipped a line's archive."""
        publish = Publish(line, generation, self.state.read_publication(line))
        self.state.farm.published(publish, snapshot, content, held_back)

    async def force(
        self, builder_names: list[str], *, channel: str, dependents: bool, reason: str, who: str
    ) -> tuple[int | None, dict[int, int]]:
        """Build components again because somebody asked.

        :returns: what Buildbot's UI wants: a buildset id and its request ids, of what could start
            at once; what waits for something else is started when that is settled.
        """
        by_distro: dict[str, list[str]] = {}
        for row in builder_table(self.stack):
            if row.name in builder_names:
                by_distro.setdefault(row.distro, [])
                if row.component:
                    by_distro[row.distro].append(row.component)
        for distro, components in by_distro.items():
            self.state.force(components, distro, channel, dependents, reason, who)
            self._publish_after.pop((channel, distro), None)
        submitted = await self.advance()
        for distro in by_distro:
            name, snapshot = publish_builder_name(distro), self._snapshot(channel, distro)
            if name in builder_names and name not in submitted and snapshot is not None:
                publish = Publish((channel, distro), snapshot.generation, snapshot.wanted)
                submitted[name] = await self._submit_publish(name, publish)
        mine = [submitted[name] for name in builder_names if name in submitted]
        requests: dict[int, int] = {}
        for _, ids in mine:
            requests.update(ids)
        return (mine[0][0] if mine else None), requests
