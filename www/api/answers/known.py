"""What every answer is made from, and names checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from farm.generations import Farm
from farm.model.finding import did_you_mean, listed
from farm.plan.planner import Node, State
from farm.records.store import LineId, SnapshotRow
from farm.site import Site
from www.api.problem import not_found

PUBLISHED = "published"
HELD_BACK = "held-back"
_FEW = 8


@dataclass(frozen=True)
class Known:
    """What every answer is made from."""

    farm: Farm
    site: Site
    now: float
    """Seconds since 1970."""

    def line(self, channel: str, distro: str) -> LineId:
        """The line of these names.

        :raises Problem: there is none; the message suggests one.
        """
        line = (channel, distro)
        lines = self.farm.lines
        if line not in lines:
            channels = list(dict.fromkeys(c for c, _ in lines))
            if channel not in channels:
                raise not_found(unknown("channel", channel, channels))
            distros = [d for c, d in lines if c == channel]
            raise not_found(unknown("distro", distro, distros) + f" on channel {channel}")
        return line

    def channel(self, name: str | None) -> str:
        """The name itself, or that of the first channel.

        :raises Problem: there is no such channel; the message suggests one.
        """
        channels = self.farm.wishes.channels
        if name is None:
            return next(iter(channels))
        if name not in channels:
            raise not_found(unknown("channel", name, channels))
        return name

    def component(self, name: str) -> str:
        """The name itself.

        :raises Problem: there is no such component; the message suggests one.
        """
        if name not in self.farm.stack.components:
            raise not_found(unknown("component", name, self.farm.stack.components))
        return name

    def kind(self, channel: str) -> str:
        """``channel``, ``topic`` or ``pull``."""
        topic = self.farm.records.topics.get(channel)
        return topic.kind if topic else "channel"

    def snapshot(self, line: LineId) -> SnapshotRow | None:
        """The live one of a line."""
        return self.farm.records.snapshots.get(line)

    def archive(self, line: LineId) -> str | None:
        """Where a line's packages are."""
        if line not in self.farm.records.snapshots:
            return None
        return f"{self.site.archive.public_url}{line[0]}/{line[1]}/"

    def busy(self, line: LineId) -> str:
        """``building``, ``publishing`` or ``idle``."""
        generation = self.farm.records.generations.get(line)
        if generation is None or generation.done:
            return "idle"
        return "publishing" if self.farm.line(line).plan.settled else "building"

    def counts(self, line: LineId) -> dict[str, int]:
        """Components of a line by state."""
        snapshot = self.snapshot(line)
        content = snapshot.content if snapshot else {}
        nodes = self.farm.line(line).plan.nodes
        return dict(Counter(shown_state(name, node, content) for name, node in nodes.items()))


def shown_state(name: str, node: Node, published: Mapping[str, str]) -> str:
    """The planner's state of a component, or ``published``.

    :param published: component to build key, of the live snapshot.
    """
    if node.state is State.BUILT and node.uses == published.get(name, ""):
        return PUBLISHED
    return node.state.value


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """That there is no such thing, and what there is."""
    few = f"; there are {listed(list(known), last='and')}" if 0 < len(known) <= _FEW else ""
    return f"there is no {what} '{name}'{did_you_mean(name, known) or few}"
