"""A discrete-event simulation of builds on workers. Pure: no clock, no chance.

`simulate` knows workers and time only; a policy says what may start, and what goes first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from bench.graphs import BuildGraph
from farm.plan.planner import LineFacts, plan_line


class Policy(Protocol):
    """Decides the order of builds."""

    def first(self) -> Iterable[str]:
        """Components that may start at once."""

    def finished(self, name: str) -> Iterable[str]:
        """A build of `name` has finished: what else may start now."""

    def rank(self, name: str) -> Any:
        """The lowest rank goes first; equals go in the order in which they became ready."""


@dataclass(frozen=True)
class Build:
    """One build that was done."""

    component: str
    start: float
    end: float


@dataclass(frozen=True)
class Schedule:
    """All builds, in the order of their start."""

    builds: tuple[Build, ...]

    @property
    def makespan(self) -> float:
        """Seconds from the start to the end of the last build."""
        return max((build.end for build in self.builds), default=0.0)


def simulate(graph: BuildGraph, workers: int, policy: Policy) -> Schedule:
    """Build on `workers` equal workers, one build each at a time, until nothing is left.

    What finishes at one moment is taken in before anything starts at that moment.
    """
    ready: list[tuple[Any, int, str]] = []
    running: list[tuple[float, int, str]] = []
    builds: list[Build] = []
    became_ready = 0
    now = 0.0

    def offer(names: Iterable[str]) -> None:
        nonlocal became_ready
        for name in names:
            heapq.heappush(ready, (policy.rank(name), became_ready, name))
            became_ready += 1

    offer(policy.first())
    while ready or running:
        while ready and len(running) < workers:
            _, _, name = heapq.heappop(ready)
            end = now + graph.seconds[name]
            heapq.heappush(running, (end, len(builds), name))
            builds.append(Build(name, now, end))
        now = running[0][0]
        while running and running[0][0] == now:
            offer(policy.finished(heapq.heappop(running)[2]))
    return Schedule(tuple(builds))


class _Each:
    """Builds every component once, after all its dependencies."""

    def __init__(self, graph: BuildGraph):
        self._graph = graph
        self._missing = {name: len(graph.depends[name]) for name in graph.order}

    def first(self) -> Iterable[str]:
        """Everything without dependencies."""
        return [name for name in self._graph.order if not self._graph.depends[name]]

    def finished(self, name: str) -> Iterable[str]:
        """Dependents that had waited for nothing else."""
        found = []
        for dependent in self._graph.dependents[name]:
            self._missing[dependent] -= 1
            if not self._missing[dependent]:
                found.append(dependent)
        return found


class FirstCome(_Each):
    """In the order in which builds became ready."""

    def rank(self, name: str) -> Any:
        """All the same."""
        return 0


class Planned(_Each):
    """In the planner's order. It is asked once: in a pass that builds everything, the path that
    remains behind a component does not change until the component starts.

    :param known: durations that the farm has recorded; none on a line's very first pass.
    """

    def __init__(self, graph: BuildGraph, known: dict[str, float]):
        super().__init__(graph)
        self._remaining = plan_line(facts_of(graph, durations=known)).remaining_s

    def rank(self, name: str) -> Any:
        """As the planner sorts `start`."""
        return (-self._remaining[name], name)


class Layers:
    """A layer of the graph starts when the one before it is done."""

    def __init__(self, graph: BuildGraph):
        self._layers = list(graph.layers)
        self._left = 0

    def first(self) -> Iterable[str]:
        """The first layer."""
        return self._next()

    def _next(self) -> Iterable[str]:
        layer = self._layers.pop(0) if self._layers else ()
        self._left = len(layer)
        return layer

    def finished(self, name: str) -> Iterable[str]:
        """The next layer, or nothing yet."""
        self._left -= 1
        return () if self._left else self._next()

    def rank(self, name: str) -> Any:
        """All the same."""
        return 0


class Triggered(FirstCome):
    """Every finished build triggers all direct dependents: one build per path."""

    def finished(self, name: str) -> Iterable[str]:
        """All direct dependents, whatever else they wait for."""
        return self._graph.dependents[name]


def paths(graph: BuildGraph) -> dict[str, int]:
    """Component to the number of paths that end at it, which is how often `Triggered` builds it."""
    found: dict[str, int] = {}
    for name in graph.order:
        found[name] = sum(found[needed] for needed in graph.depends[name]) or 1
    return found


def facts_of(graph: BuildGraph, **changes: Any) -> LineFacts:
    """A line in which nothing is built; every component has a commit."""
    given = {
        "order": graph.order,
        "depends": graph.depends,
        "own": {name: f"{number:064x}" for number, name in enumerate(graph.order)},
        "sources": dict.fromkeys(graph.order, "commit+0"),
        "builds": {},
    }
    return LineFacts(**{**given, **changes})
