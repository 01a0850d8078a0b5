"""The planner: for one line, what should exist, what exists, and which builds can start now.

State, not events: the plan is derived from the admitted commits, the graph and the build keys that
are known, so that it can be made again at any moment and comes out the same. `plan_line` makes it
at once; `farm.plan.line_plan` keeps one up to date, by the same `decide`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from farm.plan.key import build_key, view_digest

DEFAULT_DURATION_S = 60.0


class State(StrEnum):
    """Where a component stands in a generation."""

    WAITING = "waiting"
    """For a dependency of the same generation."""
    READY = "ready"
    """Can start now."""
    BUILDING = "building"
    BUILT = "built"
    FAILED = "failed"
    BLOCKED = "blocked"
    """A dependency failed, or has no commit."""

    @property
    def settled(self) -> bool:
        """Nothing more happens to it in this generation."""
        return self in _SETTLED


_SETTLED = frozenset({State.BUILT, State.FAILED, State.BLOCKED})
_STUCK = frozenset({State.FAILED, State.BLOCKED})


@dataclass(frozen=True)
class BuildFact:
    """A finished build, by its key."""

    built: bool
    """False: the component failed."""
    source: str
    """Its commit, and how often it was forced: two builds of one source differ in inputs only."""
    output_digest: str = ""
    exposes: tuple[str, ...] | None = None
    """Components whose packages its own need when installed: with it, dependents see these. None
    is unknown, which counts as all dependencies."""


@dataclass(frozen=True)
class LineFacts:
    """Everything the planner looks at. Names are components that this line's distro builds."""

    order: tuple[str, ...]
    """Dependencies before dependents."""
    depends: Mapping[str, tuple[str, ...]]
    own: Mapping[str, str]
    """Digest of a component's own key inputs; a component without a commit is missing."""
    sources: Mapping[str, str]
    """As `BuildFact.source`, of the admitted commits."""
    builds: Mapping[str, BuildFact]
    """By build key; what the pool has, and what failed."""
    running: Container[str] = frozenset()
    """Build keys that are submitted and not finished."""
    given_up: Container[str] = frozenset()
    """Build keys that the machinery could not finish however often it tried."""
    published: Mapping[str, str] = field(default_factory=dict)
    """Component to build key in the line's live snapshot."""
    durations: Mapping[str, float] = field(default_factory=dict)
    """Seconds that a component's build took the last time."""


@dataclass(frozen=True)
class Node:
    """What the planner says of one component."""

    state: State
    key: str = ""
    """Build key; empty while a dependency is not settled."""
    uses: str = ""
    """Key of the build that dependents and the archive use; differs from `key` after a rebuild
    that changed nothing, where the packages published before stay."""
    waits_for: tuple[str, ...] = ()
    """Unsettled dependencies, or for a blocked component those that block it."""
    view: str = ""
    """Digest of all that a dependent sees with this component; empty until it is built."""
    sees: tuple[str, ...] = ()
    """Components that are in the view beside this one: those its packages expose."""


@dataclass(frozen=True)
class Plan:
    """The planner's answer for one line."""

    nodes: Mapping[str, Node]
    start: tuple[str, ...]
    """Components that can start now, the longest remaining path first."""
    remaining_s: Mapping[str, float]
    """Of what is not settled: seconds from its start to the end of everything that waits for it."""

    @property
    def settled(self) -> bool:
        """The generation has nothing left to build."""
        return all(node.state.settled for node in self.nodes.values())

    def content(self, published: Mapping[str, str]) -> dict[str, str]:
        """As `content_of`."""
        return content_of(self.nodes, published)


def plan_line(facts: LineFacts) -> Plan:
    """Decide a line. Pure; the answer does not depend on the order in which facts came to be."""
    nodes: dict[str, Node] = {}
    for name in facts.order:
        nodes[name] = decide(name, facts, nodes)
    remaining: dict[str, float] = {}
    after: dict[str, float] = dict.fromkeys(facts.order, 0.0)
    for name in reversed(facts.order):
        if nodes[name].state not in _SETTLED:
            remaining[name] = facts.durations.get(name, DEFAULT_DURATION_S) + after[name]
            for dependency in facts.depends.get(name, ()):
                after[dependency] = max(after[dependency], remaining[name])
    ready = [name for name in facts.order if nodes[name].state is State.READY]
    ready.sort(key=lambda name: (-remaining[name], name))
    return Plan(nodes, tuple(ready), remaining)


def decide(name: str, facts: LineFacts, nodes: Mapping[str, Node]) -> Node:
    """Decide one component.

    :param nodes: what was decided of everything before it in the build order.
    """
    direct = facts.depends.get(name, ())
    own = facts.own.get(name)
    stuck = tuple(d for d in direct if nodes[d].state in _STUCK)
    if own is None or stuck:
        return Node(State.BLOCKED, waits_for=stuck)
    unsettled = tuple(d for d in direct if nodes[d].state is not State.BUILT)
    if unsettled:
        return Node(State.WAITING, waits_for=unsettled)
    key = build_key(own, {dependency: nodes[dependency].view for dependency in direct})
    build = facts.builds.get(key)
    if build is not None:
        if not build.built:
            return Node(State.FAILED, key)
        sees = tuple(d for d in (direct if build.exposes is None else build.exposes) if d in nodes)
        view = view_digest(build.output_digest, {d: nodes[d].view for d in sees})
        uses = _kept(name, facts, build) or key
        return Node(State.BUILT, key, uses, view=view, sees=sees)
    if key in facts.given_up:
        return Node(State.FAILED, key)
    return Node(State.BUILDING if key in facts.running else State.READY, key)


def _kept(name: str, facts: LineFacts, build: BuildFact) -> str:
    """The published build's key, where `build` made nothing new of the same source.

    Keeping it means that ``(= version)`` relations go on to hold and clients download nothing.
    """
    key = facts.published.get(name, "")
    before = facts.builds.get(key)
    same = (
        before is not None
        and before.built
        and before.source == build.source == facts.sources[name]
        and before.output_digest == build.output_digest
    )
    return key if same else ""


def content_of(nodes: Mapping[str, Node], published: Mapping[str, str]) -> dict[str, str]:
    """What a snapshot should hold: component to build key, with the last good build of what failed
    or is blocked."""
    keys = {name: node.uses or published.get(name, "") for name, node in nodes.items()}
    return {name: key for name, key in keys.items() if key}


def seen_by(name: str, depends: tuple[str, ...], nodes: Mapping[str, Node]) -> tuple[str, ...]:
    """Every component whose packages a build of `name` may see: its dependencies, and what these
    expose, in alphabetical order.

    :param depends: direct dependencies, all of them built.
    """
    found: set[str] = set()
    left = [*depends]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += nodes[one].sees
    found.discard(name)
    return tuple(sorted(found))


def may_join(name: str, dependents: frozenset[str], started: frozenset[str]) -> bool:
    """Whether a component's new commit may join the running generation.

    Bounded admission: not once the component, or anything built with it, has started in it, since
    that would have to be built twice.

    :param dependents: all transitive dependents of the component.
    :param started: components whose builds have begun in this generation.
    """
    return name not in started and not (dependents & started)
