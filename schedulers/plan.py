"""The one scheduler of component builds: asks the farm what to do, submits it, reports back.

It decides nothing and keeps nothing: what is submitted is found again after a restart.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, ClassVar

from buildbot.process.results import SUCCESS, WARNINGS
from buildbot.schedulers.base import ReconfigurableBaseScheduler
from buildbot.util import debounce
from buildbot.util.twisted import async_to_deferred
from twisted.internet import defer
from twisted.logger import Logger

from farm.builders import builder_table, built_by, publish_builder_name
from farm.decisions import Publish
from farm.errors import FarmError
from farm.records.rows import Topic
from farm.records.store import LineId, SnapshotRow
from schedulers.adoption import adopt
from schedulers.buildsets import Buildsets, Submitted
from schedulers.changes import pull_request_of
from schedulers.lost import build_again, lost_components, without
from schedulers.outcomes import Outcomes
from schedulers.state import FarmState, open_state
from schedulers.status import StatusWriter
from schedulers.topics import PullRequest, Topics
from services.forge import Forge
from services.notify import Notifier, notifier

SETTLE_S = 0.05
"""Events this close together are answered by one pass of the planner."""
PUBLISH_RETRY_S = 30.0
WATCH_S = 10.0
"""Seconds between passes that no event asked for: back-offs that have ended start then."""

_log = Logger()


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
        self._buildsets: Buildsets | None = None
        self._outcomes: Outcomes | None = None
        self._forge: Forge | None = None
        self._notifier: Notifier | None = None
        self.topics: Topics | None = None
        self._publish_after: dict[LineId, float] = {}
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
            to_read = self.state.change_stack(stack)
            if self.active:
                reactor = self.master.reactor
                self._notifier = notifier(reactor, site, self.state, self._notifier)
            if self.active:
                await self._take_back_unwanted("components.yml has changed")
                self._refresh_soon(to_read)
                self._plan_soon()

    @async_to_deferred
    async def activate(self):
        """Open the records, find what is under way, read every repository, and plan."""
        await super().activate()
        if not self.enabled:
            return
        self.state = open_state(self.site, self.stack)
        self._buildsets = Buildsets(self.master, self.name)
        self._outcomes = Outcomes(self.state, self._buildsets)
        self._forge = Forge(self.site)
        self._notifier = notifier(self.master.reactor, self.site, self.state)
        self.topics = Topics(self.state)
        self._status = StatusWriter(
            self.master.reactor, self.site.state / "status.json", self.state.status
        )
        self._consumer = await self.master.mq.startConsuming(
            self._buildset_complete, ("buildsets", None, "complete")
        )
        await self._recover()
        await self.startConsumingChanges()
        self._plan_soon()
        self._refresh_soon(list(self.stack.components))
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
        if self._notifier is not None:
            self._notifier.stop()
            self._notifier = None
        if self.state is not None:
            self.state.close()
            self.state = None

    def _watch_again(self) -> None:
        self._watch = self.master.reactor.callLater(WATCH_S, self._watch_again)
        for what, work in (
            ("ending topics", self._end_topics(self.topics.expired(time.time()))),
            ("releasing requests", self._buildsets.release_stale()),
        ):
            defer.ensureDeferred(work).addErrback(
                lambda failure, what=what: _log.failure(what, failure)
            )
        self._plan_soon()

    async def _end_topics(self, topics: Iterable[Topic]) -> None:
        """End topics; what they alone wanted is taken back, their archives are withdrawn."""
        for topic in topics:
            self.state.farm.delete_topic(topic.name)
        await self._take_back_unwanted("its topic is over")

    async def _take_back_unwanted(self, reason: str) -> None:
        for key in self.state.farm.unwanted():
            await self._outcomes.cancel(key, reason)

    async def create_topic(
        self, name: str, *, branch: str, base: str, days: float, reason: str, who: str
    ) -> Topic:
        """As `schedulers.topics.Topics.create`; building begins."""
        topic = await self.topics.create(
            name, branch=branch, base=base, days=days, reason=reason, who=who, now=time.time()
        )
        await self.advance()
        return topic

    async def refresh_topic(self, name: str, *, days: float) -> Topic:
        """As `schedulers.topics.Topics.refresh`; building begins."""
        topic = await self.topics.refresh(name, days=days, now=time.time())
        await self.advance()
        return topic

    async def delete_topic(self, name: str) -> Topic:
        """End a topic and withdraw its archives.

        :raises BadTopic: there is no such topic.
        """
        topic = self.topics.get(name)
        await self._end_topics([topic])
        await self.advance()
        return topic

    async def _recover(self) -> None:
        farm = self.state.farm
        await self._buildsets.recover(self.state.read_publication)
        await self._buildsets.release_stale()
        farm.resume(self._buildsets.keys)
        for key in list(farm.records.unfinished):
            self._outcomes.take(key)
        await self._take_back_unwanted("nobody wants it any more")

    def gotChange(self, change, important):
        """A repository changed: read the heads of every component that lives in it."""
        pull = pull_request_of(change)
        if pull is not None:
            return defer.ensureDeferred(self._pull_request(pull))
        return defer.ensureDeferred(self._refresh(self.state.components_of(change.repository)))

    async def _pull_request(self, pull: PullRequest) -> None:
        if not self.site.pull_request_distros(self.stack.distros):
            return
        if pull.closed:
            await self._end_topics(self.topics.pulls_of(pull.repository, pull.number))
            self._plan_soon()
            return
        try:
            await self.topics.pull_request(pull, days=self.site.topic_days, now=time.time())
        except FarmError as error:
            _log.error("pull request {number}: {error}", number=pull.number, error=error)
        self._plan_soon()

    def _refresh_soon(self, components: list[str]) -> None:
        # Reading hundreds of repositories must hold up neither a start nor a reconfiguration.
        started = self.master.initLock.run(lambda: None)
        started.addCallback(lambda _: defer.ensureDeferred(self._refresh(components)))
        started.addErrback(lambda failure: _log.failure("reading the repositories", failure))

    async def _refresh(self, components: list[str]) -> None:
        state = self.state
        if state is not None and components:
            await state.refresh(components, self._plan_soon)

    @debounce.method(wait=SETTLE_S)
    def _plan_soon(self):
        return defer.ensureDeferred(self.advance())

    async def advance(self) -> dict[str, Submitted]:
        """Ask the farm about every line and submit what it says.

        :returns: builder name to what Buildbot says of the new buildset (its id, request ids).
        """
        submitted: dict[str, Submitted] = {}
        await self._lock.acquire()
        try:
            if self.state is None:
                return submitted
            for line in self.state.farm.lines:
                submitted.update(await self._advance(line))
            for line in self.topics.over(self.site.state / "archive", self._buildsets.publishing):
                if self._may_publish(line):
                    await self._buildsets.withdraw(line)
            self._status.happened()
        finally:
            self._lock.release()
        self._tell_forge()
        return submitted

    async def _advance(self, line: LineId) -> dict[str, Submitted]:
        submitted: dict[str, Submitted] = {}
        farm = self.state.farm
        if line not in self._buildsets.publishing:
            adopt(farm, line, self.site.state / "archive")
        if self._notifier is not None:
            self._notifier.look(line)
        step = farm.advance(line)
        snapshot = farm.records.snapshots.get(line)
        live = snapshot.content if snapshot else {}
        lost = lost_components(step, live, self.state.has)
        build_again(farm, line, lost)
        for key in step.cancel:
            await self._outcomes.cancel(key, "superseded by a newer commit")
        for start in step.starts:
            build = start.build
            try:
                self.state.jobs.write(start)
            except FarmError as error:
                farm.interrupted(build.key, str(error))
                continue
            head = farm.records.generations[line].admitted[build.component]
            repository = self.stack.components[build.component].git
            name, done = await self._buildsets.build(start, repository, head)
            submitted[name] = done
        if step.publish is not None and self._may_publish(line):
            submitted.update([await self._publish(without(step.publish, lost, live))])
        return submitted

    async def _publish(self, publish: Publish) -> tuple[str, Submitted]:
        self.state.write_publication(publish)
        return await self._buildsets.publish(publish)

    def _may_publish(self, line: LineId) -> bool:
        after = self._publish_after.get(line, 0.0)
        return line not in self._buildsets.publishing and self.master.reactor.seconds() >= after

    def _tell_forge(self) -> None:
        for status in self.state.pull_statuses():
            defer.ensureDeferred(self._forge.say(status)).addErrback(
                lambda failure: _log.failure("telling the forge", failure)
            )

    def _buildset_complete(self, key, message):
        pending = self._buildsets.complete(message["bsid"])
        if pending is None or self.state is None:
            return
        if pending.key:
            self._outcomes.take(pending.key)
        elif message["results"] not in (SUCCESS, WARNINGS):
            line = pending.withdraw or pending.publish.line
            self._publish_after[line] = self.master.reactor.seconds() + PUBLISH_RETRY_S
        self._plan_soon()

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
        self._outcomes.trouble(key, message)

    def published(
        self, line: LineId, generation: int, snapshot: int, content: dict[str, str], held_back: dict
    ) -> None:
        """The publish step flipped a line's archive."""
        publish = Publish(line, generation, self.state.read_publication(line))
        self.state.farm.published(publish, snapshot, content, held_back)

    async def force(
        self,
        builder_names: list[str],
        *,
        channel: str,
        dependents: bool,
        reason: str,
        who: str,
        at: str = "",
    ) -> tuple[int | None, dict[int, int]]:
        """Build components again because somebody asked.

        :param at: a branch or commit at which they are to be built; default: the channel's newest.
        :raises FarmError: there is no such channel, or a component has no such branch or commit.
        :returns: what Buildbot's UI wants: a buildset id and its request ids, of what could start
            at once; what waits for something else is started when that is settled.
        """
        by_distro = built_by(builder_table(self.stack), builder_names)
        named = sorted({name for components in by_distro.values() for name in components})
        heads = await self.state.heads_at(named, channel, at) if at else {}
        for distro, components in by_distro.items():
            self.state.force(components, distro, channel, dependents, reason, who, heads)
            self._publish_after.pop((channel, distro), None)
        submitted = await self.advance()
        for distro in by_distro:
            name, snapshot = publish_builder_name(distro), self._snapshot(channel, distro)
            if name in builder_names and name not in submitted and snapshot is not None:
                publish = Publish((channel, distro), snapshot.generation, snapshot.wanted)
                submitted.update([await self._publish(publish)])
        mine = [submitted[name] for name in builder_names if name in submitted]
        requests: dict[int, int] = {}
        for _, ids in mine:
            requests.update(ids)
        return (mine[0][0] if mine else None), requests
