"""What people do to the farm through the interface; the plan scheduler carries it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from farm.access.identity import Identity
from farm.builders import build_builder_name
from farm.errors import FarmError, InfrastructureError
from farm.plan.planner import State
from farm.records.rows import Topic
from farm.records.store import LineId
from farm.topics import TOPIC, BadTopic, topic_channel
from www.api.answers import topics
from www.api.answers.known import Known
from www.api.asked import Force, LineName, NewTopic, Reason, Refresh
from www.api.model import Forced, TopicPage
from www.api.problem import Problem, bad_request

T = TypeVar("T")


@dataclass(frozen=True)
class Actor:
    """Somebody who may do what is asked, and what does it."""

    known: Known
    plan: Any
    """The `schedulers.plan.PlanScheduler`."""
    identity: Identity

    async def create_topic(self, asked: NewTopic) -> TopicPage:
        """Make a topic.

        :raises Problem: it cannot be made.
        """
        farm = self.known.farm
        name = _topic_name(asked.name)
        if name in farm.records.topics:
            raise Problem(
                HTTPStatus.CONFLICT, f"there is a topic {name} already: refresh or delete it"
            )
        topic = await _plain(
            lambda: self.plan.create_topic(
                asked.name,
                branch=asked.branch or asked.name.removeprefix("topic-"),
                base=asked.base or next(iter(farm.stack.channels)),
                days=asked.days or self.known.site.topic_days,
                reason=asked.reason,
                who=self.identity.name,
            )
        )
        return topics.page(self.known, topic)

    async def refresh_topic(self, name: str, asked: Refresh) -> TopicPage:
        """Take a topic up again on the newest of its branch and of its base.

        :raises Problem: there is no such topic, or its branch is gone.
        """
        self._topic(name)
        days = asked.days or self.known.site.topic_days
        topic = await _plain(lambda: self.plan.refresh_topic(name, days=days))
        return topics.page(self.known, topic)

    async def delete_topic(self, name: str) -> TopicPage:
        """End a topic and withdraw its archives; the answer says what it was.

        :raises Problem: there is no such topic.
        """
        page = topics.page(self.known, self._topic(name))
        await _plain(lambda: self.plan.delete_topic(name))
        return page

    def _topic(self, name: str) -> Topic:
        topic = topics.named(self.known, name)
        if topic.kind != TOPIC:
            raise Problem(
                HTTPStatus.CONFLICT, f"{topic.name} is of a pull request: its forge ends it"
            )
        return topic

    async def force(self, asked: Force) -> Forced:
        """Have components built again.

        :raises Problem: there is no such component, distro or channel, or branch or commit.
        """
        channel = self.known.channel(asked.channel)
        for name in asked.components:
            self.known.component(name)
        wanted: dict[str, list[str]] = {}
        for line in self._lines(channel, asked):
            graph = self.known.farm.graph(line[1])
            names = [name for name in asked.components if name in graph.position]
            if names:
                found = graph.with_dependents(names) if asked.dependents else set(names)
                wanted[line[1]] = [name for name in graph.order if name in found]
        if not wanted:
            raise Problem(HTTPStatus.CONFLICT, "none of the components is built for these distros")
        builders = [
            build_builder_name(name, distro)
            for distro, names in wanted.items()
            for name in names
            if name in asked.components
        ]
        await _plain(
            lambda: self.plan.force(
                builders,
                channel=channel,
                dependents=asked.dependents,
                reason=asked.reason,
                who=self.identity.name,
                at=asked.at or "",
            )
        )
        return Forced(channel=channel, builds=wanted)

    def _lines(self, channel: str, asked: Force) -> list[LineId]:
        lines = [line for line in self.known.farm.lines if line[0] == channel]
        if asked.distros is None:
            return lines
        return [self.known.line(channel, distro) for distro in dict.fromkeys(asked.distros)]

    async def rebuild_failed(self, line: LineName, asked: Reason) -> Forced:
        """Build again what failed on a line.

        :raises Problem: there is no such line, or nothing failed on it.
        """
        place = self.known.line(line.channel, line.distro)
        nodes = self.known.farm.line(place).plan.nodes
        failed = [name for name, node in nodes.items() if node.state is State.FAILED]
        if not failed:
            raise Problem(HTTPStatus.CONFLICT, f"nothing has failed on {place[0]}/{place[1]}")
        await _plain(
            lambda: self.plan.force(
                [build_builder_name(name, place[1]) for name in failed],
                channel=place[0],
                dependents=False,
                reason=asked.reason or "once more",
                who=self.identity.name,
            )
        )
        return Forced(channel=place[0], builds={place[1]: failed})


def _topic_name(name: str) -> str:
    try:
        return topic_channel(name)
    except BadTopic as error:
        raise bad_request(str(error)) from error


async def _plain(work: Callable[[], Awaitable[T]]) -> T:
    """Do it; what cannot be done because of what was asked is the client's problem."""
    try:
        return await work()
    except InfrastructureError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    except FarmError as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from error
