"""A line's plan kept up to date: a change costs what it affects, not the size of the graph.

At any time it equals what `farm.plan.planner.plan_line` says of the same facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import heapify, heappop, heappush

from farm.graph import Graph, build_order
from farm.plan.planner import (
    DEFAULT_DURATION_S,
    LineFacts,
    Node,
    Plan,
    State,
    content_of,
    decide,
)


@dataclass(frozen=True)
class LineGraph:
    """The fixed part of a line: its components in build order, and who needs whom, directly."""

    order: tuple[str, ...]
    depends: Mapping[str, tuple[str, ...]]
    dependents: Mapping[str, tuple[str, ...]]

    @cached_property
    def position(self) -> dict[str, int]:
        """Where a component stands in `order`."""
        return {name: number for number, name in enumerate(self.order)}

    def all_dependents(self, name: str) -> frozenset[str]:
        """What is built with a component, directly or through others."""
        return self.with_dependents([name]) - {name}

    def with_dependents(self, names: Iterable[str]) -> frozenset[str]:
        """Those of some components that are built here, and everything that is built with them."""
        left = [name for name in names if name in self.position]
        found = set(left)
        while left:
            for dependent in self.dependents[left.pop()]:
                if dependent not in found:
                    found.add(dependent)
                    left.append(dependent)
        return frozenset(found)


def line_graph(graph: Graph[str]) -> LineGraph:
    """The fixed part of a line with that component graph."""
    return LineGraph(
        build_order(graph),
        {name: tuple(sorted(graph.predecessors(name))) for name in graph},
        {name: tuple(sorted(graph.successors(name))) for name in graph},
    )


_UNDECIDED = Node(State.WAITING)


@dataclass
class LinePlan:
    """The plan of a line. Tell it what changed, then `refresh`.

    `facts.builds`, `running`, `given_up` and `durations` may be live mappings of others; then
    `key_changed` says that something was changed there.
    """

    graph: LineGraph
    facts: LineFacts
    nodes: dict[str, Node] = field(default_factory=dict)
    ready: set[str] = field(default_factory=set)
    """Components that can start now."""
    remaining_s: dict[str, float] = field(default_factory=dict)
    """As `Plan.remaining_s`."""
    _names: dict[str, str] = field(default_factory=dict)  # by build key
    _dropped: list[str] = field(default_factory=list)  # keys that were not built, no more wanted
    _own: dict[str, str] = field(default_factory=dict)
    _sources: dict[str, str] = field(default_factory=dict)
    _dirty: list[int] = field(default_factory=list)  # a heap of positions
    _stale_paths: list[int] = field(default_factory=list)  # a heap of negative positions

    def __post_init__(self) -> None:
        self._own, self._sources = dict(self.facts.own), dict(self.facts.sources)
        self.facts = replace(self.facts, own=self._own, sources=self._sources)
        self.nodes = dict.fromkeys(self.graph.order, _UNDECIDED)
        self._dirty = list(range(len(self.graph.order)))
        self._stale_paths = [-position for position in self._dirty]
        heapify(self._stale_paths)
        self.refresh()

    def admit(self, name: str, own: str, source: str) -> None:
        """A component has another commit, or other inputs of its own."""
        if (self._own.get(name), self._sources.get(name)) != (own, source):
            self._own[name], self._sources[name] = own, source
            self._touch(name)

    def key_changed(self, key: str) -> None:
        """A build was started, finished or given up."""
        if key in self._names:
            self._touch(self._names[key])

    def set_published(self, published: Mapping[str, str]) -> None:
        """The line has another live snapshot."""
        before = self.facts.published
        self.facts = replace(self.facts, published=published)
        for name in before.keys() | published.keys():
            if before.get(name) != published.get(name) and name in self.nodes:
                self._touch(name)

    def _touch(self, name: str) -> None:
        heappush(self._dirty, self.graph.position[name])

    def refresh(self) -> frozenset[str]:
        """Decide anew what was touched, and whatever that affects.

        :returns: components of which the plan says something else now.
        """
        changed: set[str] = set()
        decided = -1
        while self._dirty:
            position = heappop(self._dirty)
            if position == decided:
                continue
            decided = position
            name = self.graph.order[position]
            node, before = decide(name, self.facts, self.nodes), self.nodes[name]
            if node == before:
                continue
            changed.add(name)
            self._take(name, before, node)
            if _for_dependents(before) != _for_dependents(node):
                for dependent in self.graph.dependents[name]:
                    self._touch(dependent)
        self._renew_paths()
        return frozenset(changed)

    def _take(self, name: str, before: Node, node: Node) -> None:
        self.nodes[name] = node
        if before.key != node.key:
            if before.key and before.state is not State.BUILT:
                self._dropped.append(before.key)
            self._names.pop(before.key, None)
            if node.key:
                self._names[node.key] = name
        if node.state is State.READY:
            self.ready.add(name)
        else:
            self.ready.discard(name)
        if before.state.settled != node.state.settled:
            heappush(self._stale_paths, -self.graph.position[name])

    def _renew_paths(self) -> None:
        done = 1
        while self._stale_paths:
            position = heappop(self._stale_paths)
            if position == done:
                continue
            done = position
            name = self.graph.order[-position]
            before = self.remaining_s.get(name)
            if self.nodes[name].state.settled:
                self.remaining_s.pop(name, None)
            else:
                after = (self.remaining_s.get(d, 0.0) for d in self.graph.dependents[name])
                own = self.facts.durations.get(name, DEFAULT_DURATION_S)
                self.remaining_s[name] = own + max(after, default=0.0)
            if self.remaining_s.get(name) != before:
                for dependency in self.graph.depends[name]:
                    if not self.nodes[dependency].state.settled:
                        heappush(self._stale_paths, -self.graph.position[dependency])

    def take_dropped(self) -> list[str]:
        """Keys that the line wanted, has no build of, and wants no more; each is said once."""
        dropped, self._dropped = self._dropped, []
        return dropped

    @property
    def settled(self) -> bool:
        """The generation has nothing left to build."""
        return not self.remaining_s

    @property
    def start(self) -> list[str]:
        """Components that can start now, the longest remaining path first."""
        return sorted(self.ready, key=lambda name: (-self.remaining_s[name], name))

    def content(self) -> dict[str, str]:
        """What a snapshot should hold; see `farm.plan.planner.content_of`."""
        return content_of(self.nodes, self.facts.published)

    def plan(self) -> Plan:
        """The plan as it is now, as plain data."""
        return Plan(dict(self.nodes), tuple(self.start), dict(self.remaining_s))

    def names_of(self, keys: Iterable[str]) -> frozenset[str]:
        """The components whose current build keys these are."""
        return frozenset(self._names[key] for key in keys if key in self._names)


def _for_dependents(node: Node) -> tuple[bool, str]:
    """All that a dependent's own decision looks at, beside which node it is."""
    return node.state in (State.FAILED, State.BLOCKED), node.view
