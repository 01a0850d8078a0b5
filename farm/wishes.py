"""What each line is to build: its components, their commits, and what goes into their keys."""

from __future__ import annotations

from collections.abc import Iterable

from debian.debian_support import NativeVersion

from farm import graph
from farm.heads import Followed, Head
from farm.model import Channel, Component, Stack
from farm.plan.key import TRUSTED, KeyInputs, OwnKeys, Wish
from farm.plan.line_plan import LineGraph, line_graph
from farm.records.rows import Topic
from farm.records.store import Generation, LineId, Records
from farm.topics import PULL, TOPIC, channel_of


def branches_of(channel: Channel, component: Component) -> tuple[str | None, ...]:
    """The branches of a component that a channel follows; the first that there is counts. None is
    the repository's default."""
    if exception := channel.branches.get(component.name):
        return (exception,)
    return (channel.branch, component.branch) if channel.branch else (component.branch,)


class Wishes:
    """Reads the stack and the records; decides nothing."""

    def __init__(self, stack: Stack, records: Records):
        self.stack = stack
        self.records = records
        self._own = OwnKeys(stack)
        self._graphs: dict[str, LineGraph] = {}
        self._concerned: dict[LineId, frozenset[str]] = {}  # by the code of a pull request

    @property
    def channels(self) -> dict[str, Channel]:
        """The channels of components.yml, then topics and pull requests."""
        channels = dict(self.stack.channels)
        for name, topic in self.records.topics.items():
            if topic.base in self.stack.channels:
                channels[name] = channel_of(topic, self.stack.channels[topic.base])
        return channels

    @property
    def lines(self) -> tuple[LineId, ...]:
        """Every channel on each of its distros."""
        return tuple(
            (channel.name, distro)
            for channel in self.channels.values()
            for distro in self.stack.distros
            if channel.distros is None or distro in channel.distros
        )

    def graph(self, distro: str) -> LineGraph:
        """The components of a distro, in build order."""
        if distro not in self._graphs:
            self._graphs[distro] = line_graph(graph.component_graph(self.stack, distro))
        return self._graphs[distro]

    def followed(self, components: Iterable[str]) -> list[Followed]:
        """Where the newest commits of components are to be looked for, on every channel."""
        found = []
        for name in components:
            component = self.stack.components[name]
            for channel in self.stack.channels.values():
                branches = branches_of(channel, component)
                previous = self.latest_head(channel.name, name)
                found.append(Followed(channel.name, component, branches, previous))
            for topic in self.records.topics.values():
                if topic.kind == TOPIC:
                    previous = self.latest_head(topic.name, name)
                    found.append(Followed(topic.name, component, (topic.branch,), previous, True))
        return found

    def latest_head(self, channel: str, name: str) -> Head | None:
        """The head with the highest version that a channel had of a component lately: versions go
        up from it, also where a line was made to build another commit."""
        topic = self.records.topics.get(channel)
        heads = [
            self.records.heads.get((channel, name)),
            topic.heads.get(name) if topic else None,
            *(self.records.forced_heads.get((channel, d, name)) for d in self.stack.distros),
        ]
        known = [head for head in heads if head is not None]
        return max(known, key=lambda head: NativeVersion(head.upstream_version), default=None)

    def newest_head(self, line_id: LineId, name: str) -> Head | None:
        """The commit of a component that a line would admit now."""
        channel, distro = line_id
        forced = self.records.forced_heads.get((channel, distro, name))
        if own := forced or self.records.heads.get((channel, name)):
            return own
        topic = self.records.topics.get(channel)
        return topic.heads.get(name) if topic else None

    def newest(self, line_id: LineId, name: str) -> Wish | None:
        """The newest of a component that a line would build now; None without a commit."""
        head = self.newest_head(line_id, name)
        forced = self.records.forces.get((*line_id, name), 0)
        return self.wish(line_id, head, forced) if head else None

    def admitted(self, generation: Generation, name: str) -> Wish | None:
        """What a generation builds of a component; None without a commit."""
        head = generation.admitted.get(name)
        line_id = (generation.channel, generation.distro)
        return self.wish(line_id, head, generation.forced.get(name, 0)) if head else None

    def wish(self, line_id: LineId, head: Head, forced: int) -> Wish:
        """What is to be built of a component at a commit."""
        trust = self.trust(line_id, head.component)
        return Wish(head.commit, head.upstream_version, forced, trust=trust)

    def trust(self, line_id: LineId, name: str) -> str:
        """Whether a component's build on a line is of trusted code: `TRUSTED`, or the channel of
        the pull request whose code gets into it."""
        topic = self.records.topics.get(line_id[0])
        if topic is None or topic.kind != PULL:
            return TRUSTED
        if line_id not in self._concerned:
            self._concerned[line_id] = self.graph(line_id[1]).with_dependents(self.changed(topic))
        return topic.name if name in self._concerned[line_id] else TRUSTED

    def changed(self, topic: Topic) -> tuple[str, ...]:
        """The components that a topic or pull request has commits of its own for."""
        heads = self.records.heads
        return tuple(sorted(name for channel, name in heads if channel == topic.name))

    def forget(self, channel: str) -> None:
        """A topic or pull request has other commits now."""
        for line_id in [line_id for line_id in self._concerned if line_id[0] == channel]:
            del self._concerned[line_id]

    def is_pull(self, line_id: LineId) -> bool:
        """Whether a line is of a pull request, and never published."""
        topic = self.records.topics.get(line_id[0])
        return topic is not None and topic.kind == PULL

    def digest(self, line_id: LineId, name: str, wish: Wish) -> str:
        """The digest of a component's own key inputs."""
        return self._own.digest(name, line_id[1], wish)

    def inputs(self, line_id: LineId, name: str, wish: Wish) -> KeyInputs:
        """A component's own key inputs."""
        return self._own.inputs(name, line_id[1], wish)

    def under_way(self, line_id: LineId) -> Generation | None:
        """The running generation of a line."""
        generation = self.records.generations.get(line_id)
        return None if generation is None or generation.done else generation
