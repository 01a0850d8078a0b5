"""Topics and pull requests on a running farm: made, refreshed, ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from farm.errors import FarmError
from farm.git import Mirror
from farm.heads import Head, head_at
from farm.model import Component
from farm.records.rows import Topic
from farm.records.store import LineId
from farm.topics import (
    DAY_S,
    PULL,
    TOPIC,
    BadTopic,
    checked_branch,
    checked_days,
    pinned,
    pull_channel,
    refreshed,
    topic_channel,
)
from schedulers.state import FarmState

_COMMIT = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True)
class PullRequest:
    """What a forge says of a pull request."""

    repository: str
    """Clone URL of the repository that it is to be merged into."""
    number: int
    commit: str
    branch: str
    """That it is to be merged into."""
    title: str
    who: str
    closed: bool = False
    """Merged or given up: nobody waits for it any more."""


class Topics:
    """Makes and ends topics; the planner does the rest."""

    def __init__(self, state: FarmState):
        self._state = state
        self._farm = state.farm
        self._records = state.farm.records

    async def create(
        self, name: str, *, branch: str, base: str, days: float, reason: str, who: str, now: float
    ) -> Topic:
        """A new topic on a branch; its builds are started by the next pass of the planner.

        :param base: the channel that gives what does not have the branch.
        :param now: seconds since 1970.
        :raises BadTopic: the name, branch or base cannot be, or there is such a topic.
        """
        channel = topic_channel(name)
        if channel in self._farm.wishes.channels:
            raise BadTopic(f"there is a topic {channel} already: refresh or delete it")
        if base not in self._farm.stack.channels:
            known = ", ".join(self._farm.stack.channels)
            raise BadTopic(f"there is no channel '{base}' to base a topic on; expected {known}")
        heads = await self._heads_on(checked_branch(branch), base, channel)
        topic = Topic(
            name=channel,
            kind=TOPIC,
            branch=branch,
            base=base,
            heads=pinned(base, self._records.heads),
            reason=reason,
            who=who,
            created_at=now,
            refreshed_at=now,
            expires_at=now + checked_days(days) * DAY_S,
        )
        self._farm.put_topic(topic, heads)
        return topic

    async def _heads_on(self, branch: str, base: str, channel: str) -> list[Head]:
        heads = await self._state.heads_on(branch, base, channel)
        if not heads:
            raise BadTopic(f"no component has a branch '{branch}': push it first")
        return heads

    async def refresh(self, name: str, *, days: float, now: float) -> Topic:
        """A topic on the newest of its branch and of its base, to live `days` from now.

        :raises BadTopic: there is no such topic.
        """
        topic = self.get(name)
        heads = await self._heads_on(topic.branch, topic.base, topic.name)
        topic = refreshed(topic, pinned(topic.base, self._records.heads), days, now)
        self._farm.put_topic(topic, heads)
        return topic

    def get(self, name: str) -> Topic:
        """The topic of that name.

        :raises BadTopic: there is none.
        """
        topic = self._records.topics.get(topic_channel(name))
        if topic is None:
            names = [one.name for one in self._records.topics.values() if one.kind == TOPIC]
            known = f"; there are {', '.join(names)}" if names else "; there is none at all"
            raise BadTopic(f"there is no topic '{name}'{known}")
        return topic

    def expired(self, now: float) -> list[Topic]:
        """Topics and pull requests whose time is over."""
        return [topic for topic in self._records.topics.values() if topic.expires_at <= now]

    async def pull_request(self, pull: PullRequest, *, days: float, now: float) -> list[Topic]:
        """Build a pull request, or its newest commit; see `farm.topics`.

        :returns: a topic for each channel that follows the branch it is to be merged into.
        """
        components = self._state.components_of(pull.repository)
        if not components or not _COMMIT.fullmatch(pull.commit):
            return []
        stack = self._farm.stack
        mirror = self._state.mirror(stack.components[components[0]].git)
        made = []
        for base in self._bases(components, pull.branch):
            channel = pull_channel(components[0], pull.number)
            before = pinned(base, self._records.heads)
            heads = await self._state.in_thread(
                _heads_of_pull, mirror, [stack.components[n] for n in components], pull, before
            )
            old = self._records.topics.get(channel)
            topic = Topic(
                name=channel,
                kind=PULL,
                branch=checked_branch(pull.branch),
                component=components[0],
                commit=pull.commit,
                number=pull.number,
                base=base,
                heads=old.heads if old else before,
                reason=pull.title[:200],
                who=pull.who[:200],
                created_at=old.created_at if old else now,
                refreshed_at=now,
                expires_at=now + checked_days(days) * DAY_S,
            )
            self._farm.put_topic(topic, heads)
            made.append(topic)
        return made

    def _bases(self, components: Iterable[str], branch: str) -> list[str]:
        """The first channel that builds some of the components from that branch."""
        heads = self._records.heads
        return [
            channel
            for channel in self._farm.stack.channels
            if any(
                (channel, name) in heads and heads[channel, name].branch == branch
                for name in components
            )
        ][:1]

    def pulls_of(self, repository: str, number: int) -> list[Topic]:
        """What is built of a pull request."""
        components = set(self._state.components_of(repository))
        return [
            topic
            for topic in self._records.topics.values()
            if topic.kind == PULL and topic.number == number and topic.component in components
        ]

    def over(self, archive: Path, pending: set[LineId]) -> list[LineId]:
        """Lines of topics in the archive that nobody follows any more, to be withdrawn."""
        lines = set(self._farm.lines) | pending
        found = ((p.parent.name, p.name) for p in archive.glob("topic-*/*") if p.is_symlink())
        return sorted(line for line in found if line not in lines and not line[1].startswith("."))


def _heads_of_pull(
    mirror: Mirror,
    components: list[Component],
    pull: PullRequest,
    before: Mapping[str, Head],
) -> list[Head]:
    """Runs in a thread: the heads of the components that a pull request changes."""
    mirror.ensure_commit(pull.commit)
    heads = []
    for component in components:
        old = before.get(component.name)
        try:
            head = head_at(mirror, component, f"pull-{pull.number}", pull.commit, old)
        except FarmError:  # the pull request removes the component's directory
            continue
        if old is None or head.tree != old.tree:
            heads.append(head)
    return heads
